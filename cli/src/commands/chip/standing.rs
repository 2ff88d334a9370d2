//! Shows chips as the chain has them.

use crate::{amount, session::Session};
use alloy_primitives::{Address, B256, U256};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use utnet_bindings::{ChipChallenges, PociRegistry, states::ChipState};
use utnet_primitives::{ChipId, SystemContract};

const REGISTRY: SystemContract = SystemContract::PociRegistry;

/// Epochs before the current one that are shown of a chip.
const EPOCHS_SHOWN: u64 = 4;

/// The chips that an operator registered, with their states.
pub(super) async fn list(session: &Session, operator: Address) -> Result<Value> {
    let ids: Vec<B256> = session.read(REGISTRY, &PociRegistry::chipsOfCall { operator }).await?;
    let mut rows = Vec::new();
    for id in ids {
        let chip = session.read(REGISTRY, &PociRegistry::chipOfCall { chip: id }).await?;
        rows.push(json!({
            "index": chip.index,
            "chip": id,
            "state": state_of(session, ChipId(id)).await?,
            "phi": chip.phi,
            "misses": chip.misses,
            "rentals": chip.rentals,
        }));
    }
    let registry = session.address(REGISTRY);
    Ok(json!({ "operator": operator, "registry": registry, "chips": rows }))
}

/// A chip's state to everybody.
pub(super) async fn state_of(session: &Session, chip: ChipId) -> Result<ChipState> {
    let state: u8 = session.read(REGISTRY, &PociRegistry::stateOfCall { id: chip.0 }).await?;
    Ok(ChipState::try_from(state)?)
}

/// One chip: its state, its latest epochs, and who asks for it.
pub(super) async fn show(session: &Session, id: ChipId) -> Result<Value> {
    let state = state_of(session, id).await?;
    ensure!(state != ChipState::None, "no chip {id} was ever registered");
    let chip = session.read(REGISTRY, &PociRegistry::chipOfCall { chip: id.0 }).await?;
    let now = session.read(REGISTRY, &PociRegistry::currentEpochCall {}).await?;
    let mut epochs = Vec::new();
    for epoch in now.saturating_sub(EPOCHS_SHOWN)..=now {
        epochs.push(epoch_of(session, id, chip.operator, epoch).await?);
    }
    Ok(json!({
        "chip": id,
        "state": state,
        "operator": chip.operator,
        "index": chip.index,
        "phi": chip.phi,
        "bond": amount::show(U256::from(chip.bond)),
        "misses": chip.misses,
        "rentals": chip.rentals,
        "challenge": challenge_of(session, id).await?,
        "epochs": epochs,
    }))
}

/// Whether an operator proved and opened an epoch, and whether the chip counts as present in it.
async fn epoch_of(session: &Session, chip: ChipId, operator: Address, epoch: u64) -> Result<Value> {
    let proven = session.read(REGISTRY, &PociRegistry::isProvenCall { operator, epoch }).await?;
    let opened = session.read(REGISTRY, &PociRegistry::isOpenedCall { operator, epoch }).await?;
    let call = PociRegistry::wasPresentCall { id: chip.0, epoch };
    let present = session.read(REGISTRY, &call).await?;
    Ok(json!({ "epoch": epoch, "proven": proven, "opened": opened, "present": present }))
}

/// The question to a chip that waits for its answer; null without one.
async fn challenge_of(session: &Session, chip: ChipId) -> Result<Value> {
    let contract = SystemContract::ChipChallenges;
    let call = ChipChallenges::challengeOfCall { chip: chip.0 };
    let open = session.read(contract, &call).await?;
    if open.challenger == Address::ZERO {
        return Ok(Value::Null);
    }
    let call = ChipChallenges::deadlineOfCall { chip: chip.0 };
    Ok(json!({
        "number": open.number,
        "challenger": open.challenger,
        "deadlineBlock": session.read(contract, &call).await?,
    }))
}
