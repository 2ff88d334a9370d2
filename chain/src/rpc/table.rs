//! Lists every method once: its name, aliases, source and work, from which registration and `docs/rpc.md` follow.

use super::{
    Context,
    args::Args,
    error::RpcError,
    work::{self, Handler},
};
use futures::future::BoxFuture;
use jsonrpsee::{RpcModule, core::RegisterMethodError, types::ErrorObjectOwned};
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Where a method's meaning is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// The Ethereum execution APIs (github.com/ethereum/execution-apis).
    Ethereum,
    /// What geth serves beyond them.
    Geth,
    /// What reth serves, after Parity and erigon.
    Reth,
    /// What Otterscan, an explorer, asks of a node.
    Otterscan,
    /// What wallets answer to pages, and this node to pages that speak to it directly.
    Wallet,
    /// What anvil serves.
    Anvil,
    /// What hardhat's node serves.
    Hardhat,
    /// What ganache introduced and others kept.
    Ganache,
    /// Ours: POCI and the chain's own contracts.
    UtilityNet,
}

impl Standard {
    const fn name(self) -> &'static str {
        match self {
            Self::Ethereum => "execution-apis",
            Self::Geth => "geth",
            Self::Reth => "reth",
            Self::Otterscan => "Otterscan",
            Self::Wallet => "wallets",
            Self::Anvil => "anvil",
            Self::Hardhat => "hardhat",
            Self::Ganache => "ganache",
            Self::UtilityNet => "UtilityNet",
        }
    }
}

/// What a handler gives back, already as JSON text.
pub(super) type Reply = Result<Box<RawValue>, RpcError>;

/// How a method does its work.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// Reads a little, on the connection's own thread.
    Now(Handler),
    /// Executes a little as a rule, on the connection's own thread while few do so.
    Call(Handler),
    /// Executes or searches, on a thread where that disturbs nobody.
    Work(Handler),
    /// Asks the chain's writer and waits.
    Ask(fn(Arc<Context>, Args) -> BoxFuture<'static, Reply>),
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Method {
    /// The name, with its namespace.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// Where its meaning is written down.
    pub standard: Standard,
    /// One line for the manual.
    pub about: &'static str,
    pub(super) run: Run,
}

impl std::fmt::Debug for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Method").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Turns a result into JSON text.
pub(super) fn reply(result: &impl Serialize) -> Reply {
    serde_json::value::to_raw_value(result).map_err(RpcError::Unwritable)
}

/// Writes a namespace's rows: `kind "name" | "alias", standard, "about" => handler;`.
macro_rules! methods {
    ($($kind:ident $name:literal $(| $alias:literal)*, $standard:ident, $about:literal => $handler:expr;)*) => {
        pub(in crate::rpc) const METHODS: &[$crate::rpc::table::Method] = &[$(
            $crate::rpc::table::Method {
                name: $name,
                aliases: &[$($alias),*],
                standard: $crate::rpc::table::Standard::$standard,
                about: $about,
                run: $crate::rpc::table::methods!(@run $kind $handler),
            }
        ),*];
    };
    (@run now $handler:expr) => {
        $crate::rpc::table::Run::Now(|context, args| {
            $crate::rpc::table::reply(&$handler(context, args)?)
        })
    };
    (@run call $handler:expr) => {
        $crate::rpc::table::Run::Call(|context, args| {
            $crate::rpc::table::reply(&$handler(context, args)?)
        })
    };
    (@run work $handler:expr) => {
        $crate::rpc::table::Run::Work(|context, args| {
            $crate::rpc::table::reply(&$handler(context, args)?)
        })
    };
    (@run ask $handler:expr) => {
        $crate::rpc::table::Run::Ask(|context, args| {
            Box::pin(async move { $crate::rpc::table::reply(&$handler(context, args).await?) })
        })
    };
}
pub(super) use methods;

/// Puts every row, under each of its names, into a module that a server can serve.
pub(super) fn module(
    context: Arc<Context>,
    rows: impl Iterator<Item = &'static Method>,
) -> Result<RpcModule<Context>, RegisterMethodError> {
    let mut module = RpcModule::from_arc(context);
    for method in rows {
        register(&mut module, method)?;
        for alias in method.aliases {
            module.register_alias(alias, method.name)?;
        }
    }
    Ok(module)
}

fn register(
    module: &mut RpcModule<Context>,
    method: &'static Method,
) -> Result<(), RegisterMethodError> {
    match method.run {
        Run::Now(handler) => module.register_method(method.name, move |params, context, _| {
            handler(context, &mut Args::new(&params)?).map_err(ErrorObjectOwned::from)
        })?,
        Run::Call(handler) => {
            module.register_async_method(method.name, move |params, context, about| async move {
                work::here(handler, context, params, &about).await.map_err(ErrorObjectOwned::from)
            })?
        }
        Run::Work(handler) => {
            module.register_async_method(method.name, move |params, context, _| async move {
                work::apart(handler, context, params).await.map_err(ErrorObjectOwned::from)
            })?
        }
        Run::Ask(handler) => {
            module.register_async_method(method.name, move |params, context, _| async move {
                let args = Args::new(&params)?;
                handler(context, args).await.map_err(ErrorObjectOwned::from)
            })?
        }
    };
    Ok(())
}

/// The manual of all methods, as Markdown: the text of `docs/rpc.md`.
pub(super) fn manual(namespaces: &[(&str, &[Method])], subscriptions: &[(&str, &str)]) -> String {
    let mut text = String::from(INTRODUCTION);
    for (title, methods) in namespaces {
        text.push_str(&format!(
            "\n## {title}\n\n| Method | After | What it does |\n|---|---|---|\n"
        ));
        for method in *methods {
            text.push_str(&row(method));
        }
    }
    text.push_str("\n## Subscriptions\n\nOver WebSocket and IPC, not over HTTP: `eth_subscribe(kind, ..)` answers with an id, `eth_unsubscribe(id)` ends it.\n\n| Kind | What is sent |\n|---|---|\n");
    for (kind, about) in subscriptions {
        text.push_str(&format!("| `{kind}` | {about} |\n"));
    }
    text
}

fn row(method: &Method) -> String {
    let names: Vec<_> = std::iter::once(&method.name)
        .chain(method.aliases)
        .map(|name| format!("`{name}`"))
        .collect();
    format!("| {} | {} | {} |\n", names.join("<br>"), method.standard.name(), method.about)
}

const INTRODUCTION: &str = "\
# JSON-RPC methods

Written by the table in `chain/src/rpc`; a test fails when this page is not what the table says
(`UPDATE_DOCS=1 cargo test --release -p utnet-chain manual` writes it anew).

HTTP and WebSocket share one port; `--ipc` adds a Unix socket with the same methods. Batches are served in order;
`eth_subscribe` is best sent alone: in a batch its answer comes by itself, over WebSocket in the batch's, too.
Block arguments are a number (`0x10`, or plain), a tag (`latest`, `earliest`, `pending`, `safe`, `finalized`), a block hash, or an
EIP-1898 object.

10,000 filters are kept: a new one takes the place of the one that was asked longest ago, which is unknown then (-32000). Poll
yours, and make it anew when it is gone.

| Error code | Meaning |
|---|---|
| 3 | The call reverted; `data` holds what it returned, the message its reason. |
| 4 | No block took the transaction in the time that was given; `data` holds its hash (EIP-7966). |
| -32700 | Not JSON. |
| -32600 | JSON, but no request. |
| -32601 | No such method, or none over HTTP: subscriptions. |
| -32602 | A parameter is missing or malformed; the message names it and what was expected. |
| 4444 | What is asked for is history that is not kept (EIP-4444). |
| -32003 | A condition of the transaction does not hold (EIP-7796). |
| -32005, -32006 | Too much at once: requests under way, large ones that are received; subscriptions. |
| -32007, -32008 | The request, or its answer, is too long. |
| -32010, -32011 | The batch has too many requests, or its answer is too long. |
| -38010 to -38026 | `eth_simulateV1` was given up; the execution APIs list the reasons. |
| 4100, 4902, 5700 to 5760 | A wallet's refusal (EIP-1193, EIP-3326, EIP-5792). |
| -32000 | The chain refuses: the message uses geth's words (`nonce too low`, `insufficient funds for gas * price + value`). |
| -32603 | A fault of the node, or of the one that a fork asks. |
";
