//! Knows what every block touches, whatever its transactions do, so that a fork goes on when nobody
//! answers for the other chain any more.
//!
//! What blocks read at the same places is asked for when the fork begins. What each block overwrites
//! unread at places of its own, the ring buffers of EIP-2935 and EIP-4788, is never asked for: the old
//! value could only change the gas of a system call, which nobody pays.

use super::{Fork, ForkError};
use crate::{
    execution::{CONSOLE, Overlay, ReadError, system::SYSTEM},
    genesis::{ChainSpec, ETHEREUM_CONTRACTS},
};
use alloy_eips::{
    eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
    eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
};
use alloy_evm::revm::{
    DatabaseRef,
    context::{Block as _, BlockEnv},
};
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, Bytes, U256, keccak256};

/// A slot of a contract.
pub(in crate::execution) type Slot = (Address, U256);

/// Length of each ring buffer of EIP-4788's contract; that of roots follows that of timestamps.
const BEACON_ROOTS: u64 = 8_191;
/// Slots of the request contracts that each block reads: excess, count, head and tail of the queue.
const REQUEST_SLOTS: u64 = 4;

impl Fork {
    /// Asks, with one request, for what blocks read whatever their transactions do.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn prefetch_routine(&self) -> Result<(), ForkError> {
        // Calls run in the head's place, by default from the zero address.
        let accounts = [SYSTEM, CONSOLE, Address::ZERO, self.head().beneficiary];
        let accounts = accounts.into_iter().chain(ETHEREUM_CONTRACTS);
        let queues =
            [WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS];
        let slots = queues
            .into_iter()
            .flat_map(|contract| (0..REQUEST_SLOTS).map(move |slot| (contract, U256::from(slot))));
        let (accounts, slots): (Vec<_>, Vec<_>) = (accounts.collect(), slots.collect());
        self.prefetch(self.number(), &accounts, &slots)
    }
}

/// The slots that a block's opening system calls overwrite before anything reads them.
///
/// # Errors
/// When the contracts' accounts cannot be read.
pub(in crate::execution) fn overwritten(
    spec: &ChainSpec,
    block: &BlockEnv,
    state: &Overlay,
) -> Result<Vec<Slot>, ReadError> {
    let (number, time): (u64, u64) =
        (block.number().saturating_to(), block.timestamp().saturating_to());
    let mut slots = Vec::new();
    if spec.is_prague_active_at_timestamp(time)
        && runs(state, HISTORY_STORAGE_ADDRESS, &HISTORY_STORAGE_CODE)?
    {
        let parent = U256::from(number.saturating_sub(1));
        let slot = parent.wrapping_rem(U256::from(HISTORY_SERVE_WINDOW));
        slots.push((HISTORY_STORAGE_ADDRESS, slot));
    }
    if spec.is_cancun_active_at_timestamp(time)
        && runs(state, BEACON_ROOTS_ADDRESS, &BEACON_ROOTS_CODE)?
    {
        let slot = time.wrapping_rem(BEACON_ROOTS);
        slots.push((BEACON_ROOTS_ADDRESS, U256::from(slot)));
        slots.push((BEACON_ROOTS_ADDRESS, U256::from(slot.saturating_add(BEACON_ROOTS))));
    }
    Ok(slots)
}

/// Whether the standard's code stands at an address: another's might read what it overwrites.
fn runs(state: &Overlay, address: Address, code: &Bytes) -> Result<bool, ReadError> {
    let account = state.basic_ref(address)?;
    Ok(account.is_some_and(|account| account.code_hash == keccak256(code)))
}
