//! Tells the node's log what calls said, and whoever made them where they failed.

use super::{Context, error::RpcError};
use crate::{
    engine::CallNote,
    execution::{Console, Failure, Sandbox},
};
use alloy_evm::revm::context::TxEnv;

impl Context {
    /// Listens to what calls in a sandbox tell the console, if anybody wants to know.
    pub(super) fn listen(&self, sandbox: &mut Sandbox) {
        sandbox.console = self.chain.is_heard().then(Console::default);
    }

    /// Tells the log what a call said. A failure comes back with the place where it happened, if
    /// the contract's artifact is known.
    pub(super) fn tell<T>(
        &self,
        method: &'static str,
        sandbox: &mut Sandbox,
        call: &TxEnv,
        result: Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let told = sandbox.console.take().map(|console| console.take()).unwrap_or_default();
        let is_heard = self.chain.is_heard();
        // An estimate runs the same call many times: its tree would say nothing new.
        let shows_traces = self.explainer.shows_traces() && method == "eth_call";
        let failure = result.as_ref().err().and_then(RpcError::failure);
        if told.is_empty() && failure.is_none() && !(is_heard && shows_traces) {
            return result;
        }
        let stack = match failure {
            Some(_) => self.stack(sandbox, call),
            None => Vec::new(),
        };
        if is_heard {
            self.chain.note(CallNote {
                method,
                told,
                failure: failure.as_ref().map(|failure| self.explainer.reason(failure)),
                stack: stack.clone(),
                trace: shows_traces.then(|| self.trace(sandbox, call)).flatten(),
            });
        }
        match failure {
            Some(failure) if self.explainer.knows_contracts() => {
                result.map_err(|error| self.placed(error, &failure, &stack))
            }
            _ => result,
        }
    }

    /// Where a call failed; nothing when it cannot be run again.
    fn stack(&self, sandbox: &mut Sandbox, call: &TxEnv) -> Vec<String> {
        self.explainer.stack(sandbox, call.clone()).unwrap_or_else(|fault| {
            tracing::debug!(%fault, "the failed call does not run again");
            Vec::new()
        })
    }

    fn trace(&self, sandbox: &mut Sandbox, call: &TxEnv) -> Option<String> {
        self.explainer.trace(sandbox, call.clone()).ok().map(|(trace, _)| trace)
    }

    /// The same error with reason and place in its message. Code and data stay: tools decode them.
    fn placed(&self, error: RpcError, failure: &Failure, stack: &[String]) -> RpcError {
        let mut message = match failure {
            Failure::Reverted(output) if !output.is_empty() => {
                format!("execution {}", self.explainer.reason(failure))
            }
            Failure::Reverted(_) | Failure::Halted(_) => error.to_string(),
        };
        for place in stack {
            message.push_str("\n    at ");
            message.push_str(place);
        }
        RpcError::Placed { error: Box::new(error), message }
    }
}
