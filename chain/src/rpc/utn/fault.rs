//! Lets tests make the node misbehave: served only where it was started with `--faults`.

use crate::{
    engine::Faults,
    rpc::{Context, args::Args, error::RpcError, table::methods, values::Small},
};
use alloy_primitives::U64;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use utnet_primitives::{ChipId, Seconds};

methods! {
    now "utn_faults", UtilityNet, "Lists what goes wrong on purpose. This and all utn_fault* only with `--faults`." => list;
    ask "utn_faultDropChip", UtilityNet, "Finds a chip of this node no more, or again: `chip id, true or false`." => drop_chip;
    ask "utn_faultStall", UtilityNet, "Makes no block any more, or makes them again: `true or false`." => stall;
    ask "utn_faultBeaconDelay", UtilityNet, "Lets the beacon, and with it each block, come so long after the head: `seconds`." => delay_beacon;
    ask "utn_faultSlow", UtilityNet, "Answers a method, or all (`*`), so much later: `method, milliseconds`." => slow;
    ask "utn_faultReorg", UtilityNet, "Replaces the last blocks by others: `how many`." => reorg;
    ask "utn_faultClear", UtilityNet, "Ends all faults." => clear;
}

/// The longest delay of an answer, in milliseconds: an hour.
const LONGEST_MS: u64 = 3_600_000;

/// The faults, as JSON shows them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    dropped_chips: Vec<ChipId>,
    stalled: bool,
    beacon_delay: U64,
    /// Milliseconds by method.
    slow: BTreeMap<String, u64>,
}

fn list(context: &Context, _: &mut Args) -> Result<Listed, RpcError> {
    let Faults { dropped_chips, is_stalled, beacon_delay, slow } = context.chain.faults().now();
    let milliseconds = |delay: Duration| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    Ok(Listed {
        dropped_chips: dropped_chips.into_iter().collect(),
        stalled: is_stalled,
        beacon_delay: U64::from(beacon_delay.0),
        slow: slow.into_iter().map(|(method, delay)| (method, milliseconds(delay))).collect(),
    })
}

/// Changes the faults and lets the engine look at once what it can do now.
async fn change(context: &Context, change: impl FnOnce(&mut Faults)) -> Result<(), RpcError> {
    context.chain.faults().change(change);
    Ok(context.chain.tick().await?)
}

async fn drop_chip(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let chip: ChipId = args.take("chip")?;
    let is_gone = args.find("gone")?.unwrap_or(true);
    change(&context, |faults| {
        if is_gone {
            faults.dropped_chips.insert(chip);
        } else {
            faults.dropped_chips.remove(&chip);
        }
    })
    .await
}

async fn stall(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let is_stalled = args.find("stalled")?.unwrap_or(true);
    change(&context, |faults| faults.is_stalled = is_stalled).await
}

async fn delay_beacon(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(seconds) = args.take("seconds")?;
    change(&context, |faults| faults.beacon_delay = Seconds(seconds)).await
}

async fn slow(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let method: String = args.take("method")?;
    let Small(milliseconds) = args.take("milliseconds")?;
    if milliseconds > LONGEST_MS {
        return Err(RpcError::Unfit("at most an hour of delay"));
    }
    context.chain.faults().change(|faults| match milliseconds {
        0 => drop(faults.slow.remove(&method)),
        _ => drop(faults.slow.insert(method, Duration::from_millis(milliseconds))),
    });
    Ok(())
}

async fn reorg(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(depth) = args.take("depth")?;
    // Equal blocks would be the same blocks: the beneficiary or the time makes them others.
    context.chain.increase_time(1).await?;
    Ok(context.chain.reorg(depth, BTreeMap::new()).await?)
}

async fn clear(context: Arc<Context>, _: Args) -> Result<(), RpcError> {
    change(&context, |faults| *faults = Faults::default()).await
}
