//! Applies the overrides that `eth_call`, `eth_estimateGas` and `eth_simulateV1` take.

use super::{Overlay, PrecompileMoves, ReadError, Sandbox, overlay};
use alloy_evm::revm::{
    DatabaseRef, bytecode::Bytecode, context_interface::block::BlobExcessGasAndPrice,
    database::AccountState,
};
use alloy_primitives::{Address, B256, U256, map::B256HashMap};
use alloy_rpc_types_eth::{
    BlockOverrides,
    state::{AccountOverride, StateOverride},
};

/// Why state overrides could not be applied.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideError {
    /// `state` and `stateDiff` exclude each other.
    #[error("account {0} has both 'state' and 'stateDiff'")]
    StateAndDiff(Address),
    /// Only a precompile can be moved.
    #[error("account {0} is not a precompile")]
    NotAPrecompile(Address),
    /// A precompile moves to where it is.
    #[error("precompile {0} is moved to itself")]
    MovedOntoItself(Address),
    /// A precompile moves to an address that is overridden, too.
    #[error("account {0} has already been overridden")]
    MovedOnto(Address),
    /// The code is not valid (a malformed EIP-7702 designator).
    #[error("account {0}: invalid code")]
    InvalidCode(Address),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Sandbox {
    /// Overrides fields of the block.
    #[must_use]
    pub fn with_block(mut self, overrides: &BlockOverrides) -> Self {
        let block = &mut self.env.block_env;
        if let Some(number) = overrides.number {
            block.number = number;
        }
        if let Some(time) = overrides.time {
            block.timestamp = U256::from(time);
        }
        if let Some(difficulty) = overrides.difficulty {
            block.difficulty = difficulty;
        }
        if let Some(gas_limit) = overrides.gas_limit {
            block.gas_limit = gas_limit;
        }
        if let Some(coinbase) = overrides.coinbase {
            block.beneficiary = coinbase;
        }
        if let Some(random) = overrides.random {
            block.prevrandao = Some(random);
        }
        if let Some(base_fee) = overrides.base_fee {
            block.basefee = base_fee.saturating_to();
        }
        if let Some(fee) = overrides.blob_base_fee {
            let excess = block.blob_excess_gas_and_price.map_or(0, |blob| blob.excess_blob_gas);
            block.blob_excess_gas_and_price = Some(BlobExcessGasAndPrice {
                excess_blob_gas: excess,
                blob_gasprice: fee.saturating_to(),
            });
        }
        for (number, hash) in overrides.block_hash.iter().flatten() {
            self.state.cache.block_hashes.insert(U256::from(*number), *hash);
        }
        self
    }

    /// Overrides accounts.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub fn with_state(mut self, overrides: &StateOverride) -> Result<Self, OverrideError> {
        let precompiles = self.precompiles();
        let moves = override_state(&mut self.state, overrides, |a| precompiles.get(a).is_some())?;
        self.moves.extend(moves);
        Ok(self)
    }
}

/// Overrides accounts of a state; returns what that does to the precompiles.
pub(crate) fn override_state(
    state: &mut Overlay,
    overrides: &StateOverride,
    is_precompile: impl Fn(&Address) -> bool,
) -> Result<PrecompileMoves, OverrideError> {
    let moves = PrecompileMoves::of(overrides, is_precompile)?;
    let mut sorted: Vec<_> = overrides.iter().collect();
    sorted.sort_unstable_by_key(|(address, _)| **address);
    for (address, account) in sorted {
        override_account(state, *address, account)?;
    }
    Ok(moves)
}

fn override_account(
    state: &mut Overlay,
    address: Address,
    change: &AccountOverride,
) -> Result<(), OverrideError> {
    let mut info = state.basic_ref(address)?.unwrap_or_default();
    if let Some(nonce) = change.nonce {
        info.nonce = nonce;
    }
    if let Some(balance) = change.balance {
        info.balance = balance;
    }
    if let Some(code) = &change.code {
        let code = Bytecode::new_raw_checked(code.clone())
            .map_err(|_malformed| OverrideError::InvalidCode(address))?;
        info.code_hash = code.hash_slow();
        info.code = Some(code);
    }
    if change.state.is_some() && change.state_diff.is_some() {
        return Err(OverrideError::StateAndDiff(address));
    }
    overlay::forget_storage_of_the_gone(state, std::iter::once(&address));
    state.insert_account_info(address, info);
    if let Some(slots) = &change.state {
        let account = state.load_account(address)?;
        account.account_state = AccountState::StorageCleared;
        account.storage.clear();
        set_slots(state, address, slots)?;
    }
    if let Some(slots) = &change.state_diff {
        set_slots(state, address, slots)?;
    }
    Ok(())
}

fn set_slots(
    state: &mut Overlay,
    address: Address,
    slots: &B256HashMap<B256>,
) -> Result<(), OverrideError> {
    let mut sorted: Vec<_> = slots.iter().collect();
    sorted.sort_unstable();
    for (slot, value) in sorted {
        state.insert_account_storage(address, (*slot).into(), (*value).into())?;
    }
    Ok(())
}
