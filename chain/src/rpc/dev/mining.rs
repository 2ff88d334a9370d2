//! Makes blocks, moves time and takes both back.

use crate::{
    engine::api::SnapshotId,
    miner::MiningMode,
    rpc::{
        Context,
        args::{Args, Param, read},
        dev::reorg::reorg,
        error::RpcError,
        objects::{self, BlockObject},
        table::methods,
        values::{Number, Small},
    },
};
use alloy_primitives::{Address, B256, U64};
use serde::{Deserialize, Serialize, Serializer};
use std::{sync::Arc, time::Duration};
use utnet_primitives::{Gas, Height, Seconds, Wei};

methods! {
    ask "evm_mine", Ganache, "Makes a block: `timestamp`, or `{timestamp, blocks}`." => mine_one;
    ask "evm_mine_detailed" | "anvil_mine_detailed", Anvil, "Makes blocks and shows them: `{timestamp, blocks}`." => mine_detailed;
    ask "anvil_mine" | "hardhat_mine", Hardhat, "Makes blocks: `number of blocks, seconds between them`." => mine_many;
    ask "evm_setAutomine" | "anvil_setAutomine", Hardhat, "Lets each transaction make its block, or not: `true or false`." => set_automine;
    now "anvil_getAutomine" | "hardhat_getAutomine", Hardhat, "Tells whether each transaction makes its block." => automine;
    ask "evm_setIntervalMining" | "anvil_setIntervalMining", Anvil, "Makes a block every so many seconds; 0 ends it: `seconds`." => set_interval;
    now "anvil_getIntervalMining", Anvil, "Tells the seconds between blocks, or null." => interval;
    ask "evm_increaseTime" | "anvil_increaseTime", Ganache, "Moves the time of blocks forward: `seconds`; answers with the offset to the clock." => increase_time;
    ask "evm_setNextBlockTimestamp" | "anvil_setNextBlockTimestamp", Hardhat, "Sets the timestamp of the next block: `seconds`." => set_next_timestamp;
    ask "evm_setTime" | "anvil_setTime", Ganache, "Sets the time of blocks: `seconds`, or milliseconds as JavaScript counts." => set_time;
    ask "anvil_setBlockTimestampInterval", Anvil, "Fixes the distance between blocks' timestamps: `seconds`." => set_timestamp_interval;
    ask "anvil_removeBlockTimestampInterval", Anvil, "Frees the distance between blocks' timestamps; tells whether one was fixed." => free_timestamps;
    ask "evm_snapshot" | "anvil_snapshot", Ganache, "Remembers the chain; answers with the snapshot's id." => snapshot;
    ask "evm_revert" | "anvil_revert", Ganache, "Goes back to a snapshot and forgets it and all later ones: `id`." => revert;
    ask "anvil_reorg", Anvil, "Replaces the last blocks: `how many, [[transaction or bytes, index of the new block], ..]`." => reorg;
    ask "anvil_rollback", Anvil, "Takes the last blocks back: `how many (1)`." => rollback;
    ask "anvil_setNextBlockBaseFeePerGas" | "hardhat_setNextBlockBaseFeePerGas", Hardhat, "Sets the base fee of the next block: `wei`." => set_base_fee;
    ask "anvil_setMinGasPrice" | "hardhat_setMinGasPrice", Hardhat, "Sets the least price per gas that the pool accepts: `wei`." => set_min_gas_price;
    ask "evm_setBlockGasLimit" | "anvil_setBlockGasLimit" | "hardhat_setBlockGasLimit", Hardhat, "Sets the gas limit of the next blocks: `gas`." => set_gas_limit;
    ask "anvil_setCoinbase" | "hardhat_setCoinbase", Hardhat, "Sets the beneficiary of the next blocks (fixed under POCI): `address`." => set_coinbase;
    ask "hardhat_setPrevRandao" | "anvil_setNextBlockPrevRandao", Hardhat, "Sets PREVRANDAO of the next block (fixed under POCI): `32 bytes`." => set_prevrandao;
}

/// From here on a number of seconds would be beyond the year 5000: it is milliseconds.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// What `evm_mine` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct MineOptions {
    timestamp: Option<u64>,
    blocks: u64,
}

impl Param for MineOptions {
    const EXPECTED: &'static str = "a timestamp, or an object with timestamp and blocks";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Object {
            timestamp: Option<alloy_primitives::U64>,
            blocks: Option<alloy_primitives::U64>,
        }
        if !json.starts_with('{') {
            let Small(timestamp) = Small::read(json)?;
            return Ok(Self { timestamp: Some(timestamp), blocks: 1 });
        }
        let object: Object = read(json)?;
        let blocks = object.blocks.map_or(1, |blocks| blocks.to());
        Ok(Self { timestamp: object.timestamp.map(|time| time.to()), blocks })
    }
}

async fn mine_one(context: Arc<Context>, mut args: Args) -> Result<&'static str, RpcError> {
    mine(&context, args.find("options")?).await?;
    Ok("0x0")
}

async fn mine(context: &Context, options: Option<MineOptions>) -> Result<(), RpcError> {
    let options = options.unwrap_or(MineOptions { timestamp: None, blocks: 1 });
    if let Some(timestamp) = options.timestamp {
        context.chain.set_next_timestamp(Seconds(timestamp)).await?;
    }
    context.chain.mine(options.blocks, None).await?;
    Ok(())
}

async fn mine_detailed(
    context: Arc<Context>,
    mut args: Args,
) -> Result<Vec<BlockObject>, RpcError> {
    let before = context.view()?.head().number;
    mine(&context, args.find("options")?).await?;
    let view = context.view()?;
    let mut made = Vec::new();
    for height in before.saturating_add(1)..=view.head().number {
        made.extend(view.block(Height(height))?.map(|record| objects::block(&record, true)));
    }
    Ok(made)
}

async fn mine_many(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let blocks = args.find("blocks")?.map_or(1, |Small(blocks)| blocks);
    // viem sends zero for "no distance asked for".
    let interval = args.find("interval")?.filter(|Small(seconds)| *seconds > 0);
    let interval = interval.map(|Small(seconds)| Seconds(seconds));
    context.chain.mine(blocks, interval).await?;
    Ok(())
}

async fn set_automine(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let mode = match (args.take("on")?, context.chain.settings().mining) {
        (true, mixed @ MiningMode::Mixed { .. }) => mixed,
        (true, _) => MiningMode::Instant,
        (false, MiningMode::Instant | MiningMode::Manual) => MiningMode::Manual,
        (false, MiningMode::Interval { period } | MiningMode::Mixed { period }) => {
            MiningMode::Interval { period }
        }
    };
    Ok(context.chain.set_mining(mode).await?)
}

fn automine(context: &Context, _: &mut Args) -> Result<bool, RpcError> {
    Ok(context.chain.settings().mining.is_instant())
}

async fn set_interval(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Period(period) = args.take("seconds")?;
    let mode = if period.is_zero() { MiningMode::Manual } else { MiningMode::Interval { period } };
    Ok(context.chain.set_mining(mode).await?)
}

fn interval(context: &Context, _: &mut Args) -> Result<Option<Period>, RpcError> {
    Ok(context.chain.settings().mining.period().map(Period))
}

/// A distance between blocks, in seconds, which `--block-time` may give in fractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period(Duration);

impl Param for Period {
    const EXPECTED: &'static str =
        "seconds (hex string, decimal string or plain; plain ones may have a fraction)";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        if let Ok(Small(seconds)) = Small::read(json) {
            return Ok(Self(Duration::from_secs(seconds)));
        }
        let seconds = read::<f64>(json)?;
        Duration::try_from_secs_f64(seconds).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.subsec_nanos() {
            0 => serializer.serialize_u64(self.0.as_secs()),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
    }
}

/// A length of time, which may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offset(i64);

impl Param for Offset {
    const EXPECTED: &'static str = "seconds (hex string, decimal string or plain)";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        if let Ok(seconds) = read::<i64>(json) {
            return Ok(Self(seconds));
        }
        let Small(seconds) = Small::read(json)?;
        i64::try_from(seconds).map(Self).map_err(serde::de::Error::custom)
    }
}

async fn increase_time(context: Arc<Context>, mut args: Args) -> Result<i64, RpcError> {
    let Offset(seconds) = args.take("seconds")?;
    Ok(context.chain.increase_time(seconds).await?)
}

async fn set_next_timestamp(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(timestamp) = args.take("timestamp")?;
    Ok(context.chain.set_next_timestamp(Seconds(timestamp)).await?)
}

async fn set_time(context: Arc<Context>, mut args: Args) -> Result<i64, RpcError> {
    let Small(time) = args.take("time")?;
    let seconds = if time >= MILLISECONDS_FROM { time / 1_000 } else { time };
    Ok(context.chain.set_time(Seconds(seconds)).await?)
}

async fn set_timestamp_interval(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(seconds) = args.take("seconds")?;
    context.chain.set_block_interval(Some(Seconds(seconds))).await?;
    Ok(())
}

async fn free_timestamps(context: Arc<Context>, _: Args) -> Result<bool, RpcError> {
    Ok(context.chain.set_block_interval(None).await?)
}

async fn snapshot(context: Arc<Context>, _: Args) -> Result<U64, RpcError> {
    let SnapshotId(id) = context.chain.snapshot().await?;
    Ok(U64::from(id))
}

async fn revert(context: Arc<Context>, mut args: Args) -> Result<bool, RpcError> {
    let Number(id) = args.take("id")?;
    let Ok(id) = u64::try_from(id) else { return Ok(false) };
    Ok(context.chain.revert(SnapshotId(id)).await?)
}

async fn rollback(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let depth = args.find("depth")?.map_or(1, |Small(depth)| depth);
    context.chain.rollback(depth).await?;
    Ok(())
}

async fn set_base_fee(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Small(fee) = args.take("baseFee")?;
    Ok(context.chain.set_next_base_fee(fee).await?)
}

async fn set_min_gas_price(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let Number(price) = args.take("gasPrice")?;
    let price =
        u128::try_from(price).map_err(|_huge| RpcError::Unfit("gasPrice is above 2^128"))?;
    Ok(context.chain.set_min_gas_price(Wei(price)).await?)
}

async fn set_gas_limit(context: Arc<Context>, mut args: Args) -> Result<bool, RpcError> {
    let Small(limit) = args.take("gasLimit")?;
    context.chain.set_gas_limit(Gas(limit)).await?;
    Ok(true)
}

async fn set_coinbase(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let account: Address = args.take("address")?;
    Ok(context.chain.set_coinbase(account).await?)
}

async fn set_prevrandao(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let beacon: B256 = args.take("prevRandao")?;
    Ok(context.chain.set_prevrandao(beacon).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evm_mine_takes_a_timestamp_or_an_object() {
        let one = MineOptions { timestamp: Some(7), blocks: 1 };
        assert_eq!(MineOptions::read("7").unwrap(), one);
        assert_eq!(MineOptions::read("\"0x7\"").unwrap(), one);
        let many = MineOptions { timestamp: None, blocks: 3 };
        assert_eq!(MineOptions::read(r#"{"blocks":3}"#).unwrap(), many);
    }

    #[test]
    fn blocks_may_come_at_a_fraction_of_a_second() {
        let half = Period(Duration::from_millis(500));
        assert_eq!(Period::read("0.5").unwrap(), half);
        assert_eq!(serde_json::to_string(&half).unwrap(), "0.5");
        for whole in ["12", "\"0xc\""] {
            let period = Period::read(whole).unwrap();
            assert_eq!(serde_json::to_string(&period).unwrap(), "12", "{whole}");
        }
        assert!(Period::read("-1").is_err() && Period::read("\"soon\"").is_err());
    }

    #[test]
    fn time_may_be_moved_back() {
        assert_eq!(Offset::read("-5").unwrap(), Offset(-5));
        assert_eq!(Offset::read("\"0x10\"").unwrap(), Offset(16));
    }
}
