//! Opens a bad hand-over for the court: the liar pays, the access becomes public.

use crate::{
    commands::{access, rental},
    money::Money,
    sealing,
    session::Session,
    wallet::KeySource,
};
use alloy_primitives::U256;
use anyhow::{Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use utnet_bindings::{HandoverCourt, states::HandoverFault};
use utnet_messages::complain;
use utnet_primitives::{RentalId, SystemContract};

const COURT: SystemContract = SystemContract::HandoverCourt;

#[derive(Debug, Args)]
pub(crate) struct Complain {
    /// The rental.
    rental: RentalId,
    /// The renter's sealing key, which alone can open the hand-over.
    #[arg(long)]
    sealing_key: PathBuf,
    /// Who sends and brings the bond: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
    /// Complain although the hand-over is good: the bond is lost, the access public, and time starts.
    #[arg(long)]
    anyway: bool,
}

impl Complain {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let key = sealing::load(&self.sealing_key)?;
        let sealed = access::handed_over(session, self.rental, 1).await?.0;
        let complaint = complain(&sealed, &access::escrow(session), self.rental, &key)?;
        let call = HandoverCourt::faultOfCall { complaint: complaint.clone() };
        let fault = HandoverFault::try_from(session.read(COURT, &call).await?)?;
        ensure!(
            self.anyway || fault != HandoverFault::None,
            "the hand-over is good: a complaint would lose its bond (--anyway makes it)"
        );

        let bond: u128 =
            session.read(COURT, &HandoverCourt::bondOfCall { rental: self.rental.into() }).await?;
        let token = rental::rental_of(session, self.rental).await?.token;
        let money = Money::of(session, token).await?;
        // Of a token the court takes the bond from the sender's balance in the vault.
        let coin = if money.is_coin() { U256::from(bond) } else { U256::ZERO };
        let call = HandoverCourt::complainCall { complaint };
        let sent = session.send(&self.from.signer()?, COURT, coin, &call).await?;
        let judged = sent
            .event::<HandoverCourt::HandoverJudged>()
            .ok_or_else(|| anyhow::anyhow!("the court announced no verdict"))?;
        let shown = rental::show(session, self.rental, Some(sent.gas_used)).await?;
        Ok(json!({
            "fault": HandoverFault::try_from(judged.fault)?,
            "bond": money.show(U256::from(bond)),
            "rental": shown,
            "gasUsed": sent.gas_used,
        }))
    }
}
