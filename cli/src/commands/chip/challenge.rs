//! Asks a chip whether it is there, and closes what it did not answer.

use super::standing::state_of;
use crate::{amount, session::Session, wallet::KeySource};
use alloy_primitives::{Bytes, U256};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use utnet_bindings::{ChipChallenges, PociRegistry};
use utnet_primitives::{ChipId, SystemContract};

const CHALLENGES: SystemContract = SystemContract::ChipChallenges;

#[derive(Debug, Args)]
pub(crate) struct Challenge {
    /// The chip.
    chip: ChipId,
    /// The bond that you expect; another one that the contract asks for is refused.
    #[arg(long, value_parser = amount::parse)]
    bond: Option<U256>,
    /// Who asks and brings the bond: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

impl Challenge {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        let asked = U256::from(session.read(CHALLENGES, &ChipChallenges::bondCall {}).await?);
        let bond = self.bond.unwrap_or(asked);
        ensure!(
            bond == asked,
            "a challenge costs {}, not {}",
            amount::show(asked),
            amount::show(bond)
        );
        let call = ChipChallenges::challengeCall { chip: self.chip.0 };
        let sent = session.send(&self.from.signer()?, CHALLENGES, bond, &call).await?;
        let made = sent
            .event::<ChipChallenges::Challenged>()
            .context("the contract announced no challenge")?;
        Ok(json!({
            "chip": self.chip,
            "number": made.number,
            "bond": amount::show(bond),
            "deadlineBlock": made.deadlineBlock,
            "block": sent.block,
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Expire {
    /// The chip.
    chip: ChipId,
    /// Who sends: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

impl Expire {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        let Self { chip, from } = self;
        let keys = keys_of(session, chip).await?;
        let call = ChipChallenges::expireCall { chip: chip.0, blsKey: keys.bls };
        let sent = session.send(&from.signer()?, CHALLENGES, U256::ZERO, &call).await?;
        let closed = sent
            .event::<ChipChallenges::Expired>()
            .context("the contract announced no end of a challenge")?;
        let taken = sent.event::<PociRegistry::ChipPenalised>();
        let (burned, reward) = taken.map(|it| (it.burned, it.reward)).unwrap_or_default();
        Ok(json!({
            "chip": chip,
            "number": closed.number,
            "challenger": closed.challenger,
            "burned": amount::show(burned),
            "reward": amount::show(reward),
            "state": state_of(session, chip).await?,
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }
}

/// The public keys of a chip, as its registration published them.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// P-256 identity, x and y.
    pub(super) identity: [alloy_primitives::B256; 2],
    /// BLS12-381, 48 bytes.
    pub(super) bls: Bytes,
}

/// Looks a chip's keys up in the events of its registration.
pub(super) async fn keys_of(session: &Session, chip: ChipId) -> Result<Keys> {
    let registry = SystemContract::PociRegistry;
    let found = session.events::<PociRegistry::ChipRegistered>(registry, Some(chip.0)).await?;
    let (event, _) =
        found.into_iter().next().with_context(|| format!("no chip {chip} was ever registered"))?;
    Ok(Keys { identity: [event.x, event.y], bls: event.blsKey })
}
