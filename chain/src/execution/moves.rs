//! Moves precompiles and takes them away, as state overrides ask.

use super::OverrideError;
use alloy_evm::{
    Database, EthEvm, Evm,
    eth::EthEvmContext,
    precompiles::{MovePrecompileError, PrecompilesMap},
    revm::{
        Inspector,
        context_interface::{ContextTr, JournalTr},
    },
};
use alloy_primitives::{Address, map::AddressSet};
use alloy_rpc_types_eth::state::StateOverride;
use std::collections::{BTreeMap, BTreeSet};

/// Where precompiles stand after overrides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrecompileMoves {
    /// From, to (`movePrecompileToAddress`).
    moved: BTreeMap<Address, Address>,
    /// Addresses at which an overridden account took a precompile's place.
    replaced: BTreeSet<Address>,
}

impl PrecompileMoves {
    /// What overrides do to a set of precompiles.
    pub(super) fn of(
        overrides: &StateOverride,
        is_precompile: impl Fn(&Address) -> bool,
    ) -> Result<Self, OverrideError> {
        let mut moves = Self::default();
        let mut sorted: Vec<_> = overrides.iter().collect();
        sorted.sort_unstable_by_key(|(address, _)| **address);
        for (&from, account) in sorted {
            let is_precompile = is_precompile(&from);
            if let Some(to) = account.move_precompile_to {
                if !is_precompile {
                    return Err(OverrideError::NotAPrecompile(from));
                }
                if to == from {
                    return Err(OverrideError::MovedOntoItself(from));
                }
                if overrides.contains_key(&to) {
                    return Err(OverrideError::MovedOnto(to));
                }
                moves.moved.insert(from, to);
            }
            if is_precompile {
                moves.replaced.insert(from);
            }
        }
        Ok(moves)
    }

    /// Adds later moves.
    pub(super) fn extend(&mut self, later: Self) {
        self.moved.extend(later.moved);
        self.replaced.extend(later.replaced);
    }

    /// Puts the precompiles of an EVM where they stand now. Warm for transactions are the addresses
    /// at which they stood, as with geth.
    pub(crate) fn apply<DB: Database, I>(
        &self,
        evm: &mut EthEvm<DB, I, PrecompilesMap>,
    ) -> Result<(), MovePrecompileError>
    where
        I: Inspector<EthEvmContext<DB>>,
    {
        if self.replaced.is_empty() {
            return Ok(());
        }
        let stood: AddressSet = evm.precompiles().addresses().copied().collect();
        evm.ctx_mut().journal_mut().warm_precompiles(&stood);
        let precompiles = evm.precompiles_mut();
        precompiles.move_precompiles(self.moved.iter().map(|(from, to)| (*from, *to)))?;
        for address in &self.replaced {
            precompiles.apply_precompile(address, |_gone| None);
        }
        Ok(())
    }
}
