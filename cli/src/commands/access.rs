//! Opens what the operator hands over, and keeps it in a file that only the renter may read.

use crate::{commands::rental, files, sealing, session::Session};
use alloy_primitives::B256;
use anyhow::{Context as _, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use utnet_bindings::RpoiEscrow;
use utnet_client::{Clock as _, SystemClock};
use utnet_messages::{Access, Escrow, Sealed, open_handover};
use utnet_primitives::{RentalId, SystemContract};

/// How often the chain is asked for the hand-over.
const POLL: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The rental.
    rental: RentalId,
    /// The renter's sealing key.
    #[arg(long)]
    sealing_key: PathBuf,
    /// File to write the access to; only you may read it.
    #[arg(long)]
    out: PathBuf,
    /// Seconds to wait for the operator.
    #[arg(long, default_value_t = 30)]
    wait: u32,
}

/// An access as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessFile {
    rental: RentalId,
    url: String,
    cert_fingerprint: B256,
    secret: B256,
}

impl Fetch {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let key = sealing::load(&self.sealing_key)?;
        let (sealed, deadline) = handed_over(session, self.rental, self.wait).await?;
        let operator = rental::rental_of(session, self.rental).await?.operator;
        let access = open_handover(&sealed, &escrow(session), self.rental, operator, &key)
            .context("the hand-over is not good: do not acknowledge it, `utnet rental complain`")?;
        files::write_secret_json(
            &self.out,
            &AccessFile {
                rental: self.rental,
                url: access.url.clone(),
                cert_fingerprint: access.cert_fingerprint,
                secret: access.secret,
            },
        )?;
        Ok(json!({
            "rental": self.rental,
            "operator": operator,
            "worker": access.url,
            "certFingerprint": access.cert_fingerprint,
            "file": self.out,
            "acknowledgeBy": deadline,
        }))
    }
}

/// What the operator handed over, and the last second, inclusive, for the renter's answer; waits for it.
pub(crate) async fn handed_over(
    session: &Session,
    rental: RentalId,
    wait: u32,
) -> Result<(Sealed, u64)> {
    for _ in 0..wait.saturating_mul(5) {
        let found = session
            .events::<RpoiEscrow::HandoverCommitted>(
                SystemContract::RpoiEscrow,
                Some(rental.into()),
            )
            .await?;
        if let Some((event, _)) = found.into_iter().next_back() {
            let sealed = Sealed { enc: event.enc, ciphertext: event.ciphertext };
            return Ok((sealed, event.acknowledgeDeadline));
        }
        SystemClock.sleep(POLL).await;
    }
    anyhow::bail!("the operator handed nothing over within {wait} s")
}

/// What hand-overs and inbox messages are bound to.
pub(crate) fn escrow(session: &Session) -> Escrow {
    Escrow { chain_id: session.chain_id(), address: session.address(SystemContract::RpoiEscrow) }
}

/// Reads an access file.
pub(crate) fn read(path: &Path) -> Result<(RentalId, Access)> {
    let file: AccessFile = files::read_json(path, "access, as `utnet rental access` writes it")?;
    let access =
        Access { url: file.url, cert_fingerprint: file.cert_fingerprint, secret: file.secret };
    Ok((file.rental, access))
}
