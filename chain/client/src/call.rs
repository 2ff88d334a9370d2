//! Calls a view function of a contract and decodes its answer.

use crate::{CallRequest, Chain, RpcError};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;

/// Why a view function gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The node did not run the call, or the contract reverted.
    #[error("{function} of {to}")]
    Rpc {
        /// The contract.
        to: Address,
        /// Signature of the function.
        function: &'static str,
        /// What the node said.
        #[source]
        source: RpcError,
    },
    /// There is no contract at the address: silence is not an answer.
    #[error("{function} of {to}: empty answer, no contract there")]
    Silent {
        /// The address.
        to: Address,
        /// Signature of the function.
        function: &'static str,
    },
    /// The answer has another form than the function's.
    #[error("{function} of {to}: the answer does not decode")]
    Malformed {
        /// The contract.
        to: Address,
        /// Signature of the function.
        function: &'static str,
        /// What is wrong with it.
        #[source]
        source: alloy_sol_types::Error,
    },
}

impl CallError {
    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Rpc { source, .. } if source.is_retryable())
    }
}

/// Calls `call` at `to` in the newest state.
///
/// # Errors
/// [`CallError`] when the node is unreachable, the contract reverts, is not there, or answers otherwise.
pub async fn call_contract<C: Chain, T: SolCall + Sync>(
    chain: &C,
    to: Address,
    call: &T,
) -> Result<T::Return, CallError> {
    let function = T::SIGNATURE;
    let request = CallRequest {
        from: None,
        to: to.into(),
        value: U256::ZERO,
        input: call.abi_encode().into(),
    };
    let answer = chain.call(&request).await.map_err(|error| CallError::Rpc {
        to,
        function,
        source: error,
    })?;
    if answer.is_empty() {
        return Err(CallError::Silent { to, function });
    }
    T::abi_decode_returns_validate(&answer).map_err(|source| CallError::Malformed {
        to,
        function,
        source,
    })
}
