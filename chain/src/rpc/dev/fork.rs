//! Starts the chain again, here or where another chain stands.

use crate::{
    engine::{Beginning, EngineError},
    rpc::{
        Context,
        args::{Args, Param, read},
        error::RpcError,
        table::methods,
        values::Small,
    },
};
use serde_json::Value;
use std::{fmt, sync::Arc};

methods! {
    ask "anvil_reset" | "hardhat_reset", Hardhat, "Starts again: without parameters as a chain of its own, else as a fork: `{forking: {jsonRpcUrl, blockNumber}}`." => reset;
    ask "anvil_setRpcUrl", Anvil, "Asks another node of the forked chain from now on: `url`." => set_url;
}

/// A fork that a client asks for, or an end of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkWish {
    /// Where the other chain's node is; `None` asks for a chain of its own.
    pub url: Option<String>,
    /// The block; `None` is the latest.
    pub block: Option<i64>,
}

/// Why a fork does not begin.
pub type ForkFailure = Box<dyn std::error::Error + Send + Sync>;

/// Begins forks; the flags of the node say how.
#[derive(Clone)]
pub struct Forker(Arc<dyn Fn(ForkWish) -> Result<Beginning, ForkFailure> + Send + Sync>);

impl fmt::Debug for Forker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forker")
    }
}

impl Forker {
    /// Begins forks with a function that may wait for the network.
    pub fn new<E: Into<ForkFailure>>(
        begin: impl Fn(ForkWish) -> Result<Beginning, E> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move |wish| begin(wish).map_err(Into::into)))
    }
}

/// Options of a reset: hardhat's `{forking: ..}`; viem sends one that names nothing.
#[derive(Clone, Debug)]
struct ResetOptions(Option<Forking>);

#[derive(Clone, Debug)]
struct Forking {
    url: Option<String>,
    block: Option<u64>,
}

impl Param for ResetOptions {
    const EXPECTED: &'static str = "an object: {forking: {jsonRpcUrl, blockNumber}}";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let options: Value = read(json)?;
        let Some(forking) = options.get("forking").filter(|forking| !forking.is_null()) else {
            return Ok(Self(None));
        };
        let url = match forking.get("jsonRpcUrl") {
            None | Some(Value::Null) => None,
            Some(url) => Some(serde_json::from_value(url.clone())?),
        };
        let block = match forking.get("blockNumber") {
            None | Some(Value::Null) => None,
            Some(number) => Some(Small::read(&number.to_string())?.0),
        };
        Ok(Self(Some(Forking { url, block })))
    }
}

async fn reset(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let options: Option<ResetOptions> = args.find("options")?;
    let forked = context.chain.fork().map(|fork| fork.url());
    match (options.and_then(|options| options.0), forked) {
        (Some(Forking { url: None, block: None }) | None, None) => {
            Ok(context.chain.reset(None).await?)
        }
        (None, Some(_)) => end_fork(&context).await,
        (Some(forking), forked) => {
            let missing = RpcError::Unfit("jsonRpcUrl is missing: this chain is no fork so far");
            let url = forking.url.or(forked).ok_or(missing)?;
            let block = forking.block.map(i64::try_from).transpose();
            let block = block.map_err(|_huge| RpcError::Unfit("blockNumber is out of range"))?;
            let beginning = begin(&context, ForkWish { url: Some(url), block }).await?;
            Ok(context.chain.reset(Some(beginning)).await?)
        }
    }
}

/// Starts again as a chain of its own. A fork on disk stays one and goes back to its block.
async fn end_fork(context: &Context) -> Result<(), RpcError> {
    let beginning = begin(context, ForkWish { url: None, block: None }).await?;
    match context.chain.reset(Some(beginning)).await {
        Err(EngineError::OnDisk) => Ok(context.chain.reset(None).await?),
        done => Ok(done?),
    }
}

async fn begin(context: &Context, wish: ForkWish) -> Result<Beginning, RpcError> {
    let Some(Forker(forker)) = context.forker.clone() else {
        return Err(RpcError::Unsupported("forking another chain"));
    };
    tokio::task::spawn_blocking(move || forker(wish)).await?.map_err(RpcError::NoFork)
}

async fn set_url(context: Arc<Context>, mut args: Args) -> Result<(), RpcError> {
    let url: String = args.take("url")?;
    let fork = context.chain.fork().ok_or(RpcError::Unfit("this chain is no fork"))?;
    Ok(fork.set_url(&url).map_err(crate::execution::ReadError::from)?)
}
