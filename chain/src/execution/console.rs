//! Overhears what contracts tell hardhat's console.
//!
//! No inspector: an EVM under an inspector runs each instruction slower. Where no code stands, a
//! lookup of precompiles takes part in each call for the price of comparing an address; it answers
//! as an empty account does, at the same gas, and keeps what it was told.

use super::{Overlay, ReadError};
use alloy_evm::{
    EthEvm, Evm,
    eth::EthEvmContext,
    precompiles::{DynPrecompile, PrecompilesMap},
    revm::{
        DatabaseRef, Inspector,
        precompile::{PrecompileId, PrecompileOutput},
    },
};
use alloy_primitives::{Address, Bytes, address};
use parking_lot::Mutex;
use std::sync::Arc;

/// Where `console.sol` of hardhat and forge-std speaks to: the letters of "console.log".
pub const CONSOLE: Address = address!("0x000000000000000000636F6e736F6c652e6c6f67");

/// Most bytes that are kept of one transaction: a loop that logs must not eat the node's memory.
const MOST_BYTES: usize = 1 << 20;
/// What a call costs beside its bytes.
const CALL_BYTES: usize = 64;

/// An ear at the console's address; clones share what was heard.
#[derive(Clone, Debug, Default)]
pub struct Console(Arc<Mutex<Told>>);

/// What contracts told the console, in order, not decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The calls' data.
    pub calls: Vec<Bytes>,
    /// Calls that were too many to be kept.
    pub missed: usize,
    bytes: usize,
}

impl Told {
    /// What one call told.
    pub fn of(call: Bytes) -> Self {
        Self { calls: vec![call], ..Self::default() }
    }

    /// Whether nothing was told.
    pub const fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.missed == 0
    }

    fn add(&mut self, data: &[u8]) {
        let bytes = self.bytes.saturating_add(data.len()).saturating_add(CALL_BYTES);
        if bytes > MOST_BYTES {
            self.missed = self.missed.saturating_add(1);
            return;
        }
        self.bytes = bytes;
        self.calls.push(Bytes::copy_from_slice(data));
    }
}

impl Console {
    /// What was told since the last time.
    pub fn take(&self) -> Told {
        std::mem::take(&mut self.0.lock())
    }

    /// Listens to an EVM, unless code stands at the console's address.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub(super) fn overhear<'a, I>(
        &self,
        evm: &mut EthEvm<&'a mut Overlay, I, PrecompilesMap>,
    ) -> Result<(), ReadError>
    where
        I: Inspector<EthEvmContext<&'a mut Overlay>>,
    {
        let account = evm.db().basic_ref(CONSOLE)?;
        if account.is_none_or(|account| account.is_empty_code_hash()) {
            let ear = self.clone();
            evm.precompiles_mut().set_precompile_lookup(move |address: &Address| {
                (*address == CONSOLE).then(|| ear.clone().precompile())
            });
        }
        Ok(())
    }

    fn precompile(self) -> DynPrecompile {
        DynPrecompile::new_stateful(PrecompileId::custom("console.log"), move |input| {
            self.0.lock().add(input.data);
            Ok(PrecompileOutput::new(0, Bytes::new(), input.reservoir))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_kept_to_a_mebibyte_and_the_rest_is_counted() {
        let mut told = Told::default();
        for _ in 0..2_000 {
            told.add(&[0; 1_000]);
        }
        assert!(told.bytes <= MOST_BYTES);
        assert_eq!(told.calls.len() + told.missed, 2_000);
        assert!(!told.is_empty());
    }
}
