//! Answers what is ours: who was drawn, who has power, what money there is, what results were posted.

mod ask;
mod contracts;
mod draw;
pub(super) mod fault;

use super::{Context, args::Args, error::RpcError, table::methods, values::Small};
use alloy_primitives::Bytes;
use utnet_primitives::Height;

methods! {
    work "utn_draw", UtilityNet, "Shows how a block's producer was drawn (round, kappa, lambda, chip, operator, VRF proof) or that the genesis sealer made it: `height`." => draw::draw;
    now "utn_sidecar", UtilityNet, "Shows the proof of a block's producer, whose hash is `extraData`: `height`." => sidecar;
    now "utn_beacon", UtilityNet, "Shows a block's beacon, or an epoch's: `height`, or `{epoch}`." => draw::beacon;
    work "utn_power", UtilityNet, "Tells an operator's power in units of phi, or everybody's: `operator or null, block`." => contracts::power;
    work "utn_chip", UtilityNet, "Shows a registered chip: `chip id, block`." => contracts::chip;
    work "utn_supply", UtilityNet, "Tells what was issued and burned: `block`." => contracts::supply;
    work "utn_batch", UtilityNet, "Shows a posted batch of results and where its data are: `batch id, block`." => contracts::batch;
    work "utn_resultProof", UtilityNet, "Proves one result against a posted root: `batch id, index, all leaves of the batch`." => contracts::result_proof;
}

fn sidecar(context: &Context, args: &mut Args) -> Result<Option<Bytes>, RpcError> {
    let Small(height) = args.take("height")?;
    Ok(context.view()?.body(Height(height))?.and_then(|record| record.sidecar))
}
