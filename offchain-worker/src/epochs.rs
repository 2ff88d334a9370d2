//! Finds out from the chain how long its epochs are, so that nobody has to say it twice.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use utnet_bindings::PociRegistry::currentEpochCall;
use utnet_client::{CallRequest, Rpc, RpcError};
use utnet_primitives::{Epoch, Height};

/// A block so far away that its epoch gives the length of an epoch exactly.
const FAR: Height = Height(1 << 40);

/// The longest epoch that the registry can be built with, in blocks.
const LONGEST: u64 = 8_191;

/// Why the length of an epoch is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The setting contradicts the chain.
    #[error(
        "--epoch-blocks is {given}, but epochs of this chain have {found} blocks: leave it out"
    )]
    Other {
        /// What was given.
        given: u64,
        /// What the registry says.
        found: u64,
    },
    /// The node does not run calls in blocks of other heights, or there is no registry.
    #[error(
        "the registry {registry} does not say how long its epochs are: is this the right chain? \
         A node without block overrides needs --epoch-blocks"
    )]
    Unknown {
        /// The registry.
        registry: Address,
    },
    /// The node gave no answer.
    #[error("asking for the length of an epoch")]
    Rpc(#[from] RpcError),
}

/// Blocks in an epoch, as the registry counts; what was given must agree, and stands in where the node cannot tell.
///
/// # Errors
/// [`EpochError`].
pub async fn epoch_blocks(
    rpc: &Rpc,
    registry: Address,
    given: Option<u64>,
) -> Result<u64, EpochError> {
    let request = CallRequest {
        from: None,
        to: registry.into(),
        value: U256::ZERO,
        input: currentEpochCall {}.abi_encode().into(),
    };
    let found = match rpc.call_in_block(&request, FAR).await {
        Ok(answer) => {
            currentEpochCall::abi_decode_returns(&answer).ok().and_then(|far| length(Epoch(far)))
        }
        Err(error) if error.is_refusal() => None,
        Err(error) => return Err(error.into()),
    };
    match (given, found) {
        (Some(given), Some(found)) if given != found => Err(EpochError::Other { given, found }),
        (given, found) => found.or(given).ok_or(EpochError::Unknown { registry }),
    }
}

/// The length of an epoch from the number of the far block's; `None` for one that no registry has: the node answered for
/// another block.
fn length(far: Epoch) -> Option<u64> {
    FAR.0.checked_div(far.0).filter(|blocks| *blocks <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_that_a_registry_can_have_is_found() {
        for blocks in 1..=LONGEST {
            assert_eq!(length(Epoch(FAR.0 / blocks)), Some(blocks));
        }
    }

    #[test]
    fn an_answer_for_the_newest_block_is_no_length() {
        for epoch in [0, 1, 5_000_000] {
            assert_eq!(length(Epoch(epoch)), None);
        }
    }
}
