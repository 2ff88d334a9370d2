//! Takes chips off the chain: what was locked for them becomes their operator's again.

use super::{challenge::keys_of, standing::state_of};
use crate::{amount, session::Session, wallet::KeySource};
use alloy_primitives::U256;
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use utnet_bindings::PociRegistry;
use utnet_primitives::{ChipId, SystemContract};

const REGISTRY: SystemContract = SystemContract::PociRegistry;

/// One chip, and who sends.
#[derive(Debug, Args)]
pub(crate) struct Leaving {
    /// The chip.
    chip: ChipId,
    /// Sender: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

impl Leaving {
    /// Takes the chip's power away; its bond waits.
    pub(super) async fn leave(self, session: &Session) -> Result<Value> {
        let keys = keys_of(session, self.chip).await?;
        let call = PociRegistry::requestExitCall { id: self.chip.0, blsKey: keys.bls };
        let sent = session.send(&self.from.signer()?, REGISTRY, U256::ZERO, &call).await?;
        let exiting = sent
            .event::<PociRegistry::ChipExiting>()
            .context("the contract announced no exit of a chip")?;
        Ok(json!({
            "chip": self.chip,
            "state": state_of(session, self.chip).await?,
            "finishFrom": exiting.exitAt,
            "now": session.now().await?,
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }

    /// Makes a chip leave that missed too much.
    pub(super) async fn expel(self, session: &Session) -> Result<Value> {
        let call = PociRegistry::expelCall { id: self.chip.0 };
        let sent = session.send(&self.from.signer()?, REGISTRY, U256::ZERO, &call).await?;
        let expelled = sent
            .event::<PociRegistry::ChipExpelled>()
            .context("the contract announced no expulsion")?;
        Ok(json!({
            "chip": self.chip,
            "state": state_of(session, self.chip).await?,
            "misses": expelled.misses,
            "burned": amount::show(expelled.burned),
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }

    /// Frees the bond of a chip whose wait is over.
    pub(super) async fn finish(self, session: &Session) -> Result<Value> {
        let call = PociRegistry::finishExitCall { id: self.chip.0 };
        let sent = session.send(&self.from.signer()?, REGISTRY, U256::ZERO, &call).await?;
        let gone = sent
            .event::<PociRegistry::ChipExited>()
            .context("the contract announced no end of an exit")?;
        Ok(json!({
            "chip": self.chip,
            "state": state_of(session, self.chip).await?,
            "operator": gone.operator,
            "withdrawable": amount::show(U256::from(gone.bond)),
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }
}
