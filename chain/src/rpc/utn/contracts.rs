//! Reads the system contracts: power, chips, supply, batches of results.

use super::ask::ask;
use crate::{
    execution::{At, ChainView},
    rpc::{
        Context,
        args::{Args, params},
        error::RpcError,
        values::Small,
    },
};
use alloy_primitives::{Address, B256, U64, U128, U256, keccak256};
use alloy_rpc_types_eth::Filter;
use alloy_sol_types::SolEvent;
use serde::{Deserialize, Serialize};
use utnet_bindings::{Emission, PociRegistry, ResultRollup, states::ChipState};
use utnet_primitives::{ChipId, Gwei, SystemContract, system_address};

/// Leaves of one batch at most.
const MOST_LEAVES: usize = 1 << 16;

type Leaves = Vec<Leaf>;

params! {
    ChipId => "a chip id (32 bytes of hex after 0x)",
    Leaves => "a list of leaves (job, resultRoot, steps)",
}

/// A view and the state in it that a caller means.
fn place(context: &Context, args: &mut Args) -> Result<(ChainView, At), RpcError> {
    let view = context.view()?;
    let at = context.at(&view, args.find("block")?)?;
    Ok((view, at))
}

pub(super) fn power(context: &Context, args: &mut Args) -> Result<U128, RpcError> {
    let operator: Option<Address> = args.find("operator")?;
    let (view, at) = place(context, args)?;
    let registry = SystemContract::PociRegistry;
    Ok(U128::from(match operator {
        Some(operator) => ask(&view, at, registry, &PociRegistry::powerOfCall { operator })?,
        None => ask(&view, at, registry, &PociRegistry::totalPowerCall {})?,
    }))
}

/// A chip, as the registry holds it; its state as of that block.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChipObject {
    chip: ChipId,
    state: ChipState,
    operator: Address,
    model: u32,
    index: u32,
    phi: U64,
    bond: U128,
    misses: u8,
    rentals: u8,
    registrations: u32,
    registered_epoch: U64,
    exit_at: U64,
    batch: B256,
}

pub(super) fn chip(context: &Context, args: &mut Args) -> Result<Option<ChipObject>, RpcError> {
    let chip: ChipId = args.take("chip")?;
    let (view, at) = place(context, args)?;
    let registry = SystemContract::PociRegistry;
    let held = ask(&view, at, registry, &PociRegistry::chipOfCall { chip: chip.0 })?;
    // What time and others alone have done is not in the stored state.
    let state: u8 = ask(&view, at, registry, &PociRegistry::stateOfCall { id: chip.0 })?;
    let state = ChipState::try_from(state).map_err(RpcError::OutOfRange)?;
    if state == ChipState::None {
        return Ok(None);
    }
    Ok(Some(ChipObject {
        chip,
        state,
        operator: held.operator,
        model: held.model,
        index: held.index,
        phi: U64::from(held.phi),
        bond: U128::from(held.bond),
        misses: held.misses,
        rentals: held.rentals,
        registrations: held.registrations,
        registered_epoch: U64::from(held.registeredEpoch),
        exit_at: U64::from(held.exitAt),
        batch: held.batch,
    }))
}

/// What rewards issued and the burn sink took, in wei.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Supply {
    issued: U256,
    burned: U256,
}

pub(super) fn supply(context: &Context, args: &mut Args) -> Result<Supply, RpcError> {
    let (view, at) = place(context, args)?;
    let emission = SystemContract::Emission;
    let issued: u128 = ask(&view, at, emission, &Emission::issuedGweiCall {})?;
    Ok(Supply {
        issued: U256::from(issued).saturating_mul(U256::from(Gwei(1).to_wei().0)),
        burned: ask(&view, at, emission, &Emission::burnedCall {})?,
    })
}

/// A posted batch of results.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchObject {
    batch: B256,
    poster: Address,
    root: B256,
    leaves: u32,
    open_disputes: u32,
    challenge_until: U64,
    is_final: bool,
    bond: U128,
    /// Where the leaves and results are, in the poster's words; from the event of posting.
    data_pointer: Option<String>,
}

pub(super) fn batch(context: &Context, args: &mut Args) -> Result<Option<BatchObject>, RpcError> {
    let batch: B256 = args.take("batch")?;
    let (view, at) = place(context, args)?;
    let Some(held) = find_batch(&view, at, batch)? else { return Ok(None) };
    let rollup = SystemContract::ResultRollup;
    Ok(Some(BatchObject {
        batch,
        poster: held.poster,
        root: held.root,
        leaves: held.leaves,
        open_disputes: held.openDisputes,
        challenge_until: U64::from(held.challengeUntil),
        is_final: ask(&view, at, rollup, &ResultRollup::isFinalCall { batch })?,
        bond: U128::from(held.bond),
        data_pointer: data_pointer(context, &view, batch)?,
    }))
}

fn find_batch(
    view: &ChainView,
    at: At,
    batch: B256,
) -> Result<Option<ResultRollup::Batch>, RpcError> {
    let rollup = SystemContract::ResultRollup;
    let held = ask(view, at, rollup, &ResultRollup::batchOfCall { batch })?;
    Ok(Some(held).filter(|held| held.poster != Address::ZERO))
}

fn data_pointer(
    context: &Context,
    view: &ChainView,
    batch: B256,
) -> Result<Option<String>, RpcError> {
    let filter = Filter::new()
        .address(system_address(SystemContract::ResultRollup))
        .event_signature(ResultRollup::RootPosted::SIGNATURE_HASH)
        .topic1(batch)
        .from_block(view.spec().header.number);
    let logs = context.logs(&filter)?;
    let posted = logs.first().and_then(|log| log.log_decode::<ResultRollup::RootPosted>().ok());
    Ok(posted.map(|posted| posted.inner.data.dataPointer))
}

/// One result in a batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Leaf {
    job: B256,
    result_root: B256,
    steps: U64,
}

impl Leaf {
    fn hash(&self) -> B256 {
        let steps = B256::from(U256::from(self.steps));
        keccak256(
            [&[0x00], self.job.as_slice(), self.result_root.as_slice(), steps.as_slice()].concat(),
        )
    }
}

/// One result with its path to a posted root.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ResultProof {
    batch: B256,
    root: B256,
    index: U64,
    leaf: Leaf,
    path: Vec<B256>,
}

pub(super) fn result_proof(context: &Context, args: &mut Args) -> Result<ResultProof, RpcError> {
    let batch: B256 = args.take("batch")?;
    let (Small(index), leaves): (Small, Leaves) = (args.take("index")?, args.take("leaves")?);
    let position = usize::try_from(index).unwrap_or(usize::MAX);
    let leaf =
        leaves.get(position).cloned().ok_or(RpcError::Unfit("index is above the last leaf"))?;
    if leaves.len() > MOST_LEAVES {
        return Err(RpcError::Unfit("too many leaves"));
    }
    let view = context.view()?;
    let held = find_batch(&view, At::Latest, batch)?;
    let held = held.ok_or(RpcError::Unfit("no such batch was posted"))?;
    let (root, path) = prove(leaves.iter().map(Leaf::hash).collect(), position);
    if root != held.root {
        return Err(RpcError::Unfit("these leaves do not make the posted root"));
    }
    Ok(ResultProof { batch, root, index: U64::from(index), leaf, path })
}

/// Root and path of a tree whose odd last node is promoted.
fn prove(mut level: Vec<B256>, mut position: usize) -> (B256, Vec<B256>) {
    let mut path = Vec::new();
    while level.len() > 1 {
        path.extend(level.get(position ^ 1));
        level = level.chunks(2).map(join).collect();
        position /= 2;
    }
    (level.first().copied().unwrap_or_default(), path)
}

fn join(pair: &[B256]) -> B256 {
    match pair {
        [left, right] => keccak256([&[0x01], left.as_slice(), right.as_slice()].concat()),
        _ => pair.first().copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_last_leaf_is_promoted() {
        let leaves: Vec<B256> = (1..=3).map(B256::repeat_byte).collect();

        let (root, path) = prove(leaves.clone(), 2);

        let left = join(&leaves[..2]);
        assert_eq!(path, [left]);
        assert_eq!(root, join(&[left, leaves[2]]));
    }
}
