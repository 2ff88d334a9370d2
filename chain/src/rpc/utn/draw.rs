//! Shows how the producers of blocks were drawn.

use super::ask::ask;
use crate::{
    execution::{At, BlockRecord, ChainView},
    rpc::{
        Context,
        args::{Args, Param, read},
        error::RpcError,
        values::Small,
    },
};
use alloy_consensus::BlockHeader;
use alloy_primitives::{Address, B256, Bytes, U64, U128};
use serde::{Deserialize, Serialize};
use utnet_bindings::PociRegistry;
use utnet_primitives::{
    ChipId, DrawInput, DrawnSidecar, Epoch, Height, Power, Sidecar, SystemContract,
};

/// Who made a block, and why.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "by", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Draw {
    /// A chip was drawn.
    Chip {
        height: U64,
        round: u32,
        /// The point drawn on the segment line.
        kappa: U128,
        /// The length of the segment line: all power, in units of phi.
        lambda: U128,
        chip: ChipId,
        operator: Address,
        /// The operator's VRF proof over the beacon before.
        proof: Bytes,
        /// The chip's signature under the header: r, then s.
        seal: Bytes,
        beacon: B256,
    },
    /// No power was active, or no round could seal.
    GenesisSealer {
        height: U64,
        sealer: Address,
        lambda: U128,
        /// secp256k1: r, s, parity.
        seal: Bytes,
        beacon: B256,
    },
}

pub(super) fn draw(context: &Context, args: &mut Args) -> Result<Option<Draw>, RpcError> {
    let Small(height) = args.take("height")?;
    let view = context.view()?;
    let Some(record) = view.block(Height(height))? else { return Ok(None) };
    let Some(bytes) = &record.sidecar else { return Ok(None) };
    let sidecar = Sidecar::decode(bytes).map_err(RpcError::Sidecar)?;
    let lambda = lambda_of(&view, Height(height))?;
    Ok(Some(match sidecar {
        Sidecar::Drawn(drawn) => drawn_by_chip(&view, &record, &drawn, lambda)?,
        Sidecar::Sealer(sealer) => Draw::GenesisSealer {
            height: U64::from(height),
            sealer: record.header.beneficiary(),
            lambda: U128::from(lambda.0),
            seal: sealer.signature.into(),
            beacon: record.header.mix_hash,
        },
    }))
}

/// All power, as the draw of a height reads it.
fn lambda_of(view: &ChainView, height: Height) -> Result<Power, RpcError> {
    let Some(schedule) = &view.spec().poci else { return Ok(Power::ZERO) };
    let snapshot = At::After(schedule.snapshot_of(schedule.epoch_of(height)));
    let question = PociRegistry::totalPowerCall {};
    Ok(Power(ask(view, snapshot, SystemContract::PociRegistry, &question)?))
}

fn drawn_by_chip(
    view: &ChainView,
    record: &BlockRecord,
    drawn: &DrawnSidecar,
    lambda: Power,
) -> Result<Draw, RpcError> {
    let height = record.height();
    let parent = view.header(Height(height.0.saturating_sub(1)))?.unwrap_or_default();
    let input =
        DrawInput { chain_id: view.spec().chain_id, height, parent_beacon: parent.mix_hash };
    Ok(Draw::Chip {
        height: U64::from(height.0),
        round: drawn.round.0,
        kappa: U128::from(input.kappa(drawn.round, lambda).unwrap_or_default().0),
        lambda: U128::from(lambda.0),
        chip: drawn.chip(),
        operator: record.header.beneficiary(),
        proof: drawn.pi.into(),
        seal: [drawn.r.as_slice(), drawn.s.as_slice()].concat().into(),
        beacon: record.header.mix_hash,
    })
}

/// A block, or an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Height(Height),
    Epoch(Epoch),
}

impl Param for Moment {
    const EXPECTED: &'static str = "a height, or an object with epoch";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Object {
            epoch: U64,
        }
        if json.starts_with('{') {
            return read::<Object>(json).map(|object| Self::Epoch(Epoch(object.epoch.to())));
        }
        Small::read(json).map(|Small(height)| Self::Height(Height(height)))
    }
}

pub(super) fn beacon(context: &Context, args: &mut Args) -> Result<Option<B256>, RpcError> {
    let view = context.view()?;
    let height = match (args.take("moment")?, &view.spec().poci) {
        (Moment::Height(height), _) => height,
        (Moment::Epoch(epoch), Some(schedule)) => schedule.beacon_of(epoch),
        (Moment::Epoch(_), None) => return Err(RpcError::Unsupported("an epoch without POCI")),
    };
    Ok(view.header(height)?.map(|header| header.mix_hash))
}
