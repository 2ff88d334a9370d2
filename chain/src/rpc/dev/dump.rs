//! Dumps the chain and loads dumps, in anvil's format.

use crate::{
    engine::dump::{Past, from_packed, to_packed},
    rpc::{Context, args::Args, error::RpcError, table::methods},
};
use alloy_primitives::Bytes;
use std::sync::Arc;

methods! {
    work "anvil_dumpState" | "hardhat_dumpState", Anvil, "Dumps accounts, blocks, receipts and history, packed: `whether with whole earlier states in anvil's form`." => dump;
    ask "anvil_loadState" | "hardhat_loadState", Anvil, "Puts a dump, of this node or of anvil, in the place of the chain: `bytes`." => load;
}

fn dump(context: &Context, args: &mut Args) -> Result<Bytes, RpcError> {
    let past = match args.find("preserveHistoricalStates")? {
        Some(true) => Past::Both,
        _ => Past::Ours,
    };
    Ok(to_packed(&context.view()?, past)?)
}

async fn load(context: Arc<Context>, mut args: Args) -> Result<bool, RpcError> {
    let packed: Bytes = args.take("dump")?;
    let restored = tokio::task::spawn_blocking(move || from_packed(&packed)).await??;
    context.chain.load(restored).await?;
    Ok(true)
}
