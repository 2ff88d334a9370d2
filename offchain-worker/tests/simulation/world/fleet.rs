//! Stands for the registry's books of chips that missed too many epochs.

use super::{World, log};
use crate::rounds::view;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolCall;
use std::collections::BTreeMap;
use utnet_bindings::{PociRegistry, states::ChipState};

/// Chips whose operator did not prove them: `true` once they are off the line.
#[derive(Default)]
pub(super) struct Fleet {
    chips: BTreeMap<B256, bool>,
    /// How many left the line with each transaction.
    batches: Vec<usize>,
}

/// The BLS key of a chip, 48 bytes of its own.
fn key_of(chip: &B256) -> [u8; 48] {
    let mut key = [0; 48];
    key[..32].copy_from_slice(chip.as_slice());
    key
}

impl Fleet {
    pub(super) fn answer(&self, input: &[u8]) -> Option<Bytes> {
        view::<PociRegistry::chipsOfCall>(input, |_| self.chips.keys().copied().collect())
            .or_else(|| {
                view::<PociRegistry::chipOfCall>(input, |call| {
                    let is_off = self.chips[&call.chip];
                    let state = if is_off { ChipState::Suspended } else { ChipState::Active };
                    PociRegistry::Chip { state: state.into(), ..Default::default() }
                })
            })
            .or_else(|| view::<PociRegistry::stateOfCall>(input, |_| ChipState::Suspended.into()))
    }

    pub(super) fn apply(&mut self, input: &[u8]) {
        let Ok(call) = PociRegistry::suspendSilentCall::abi_decode(input) else { return };
        let keys: Vec<u8> = call.chips.iter().flat_map(key_of).collect();
        assert_eq!(call.blsKeys, keys, "keys of others");
        for chip in &call.chips {
            let before = self.chips.insert(*chip, true);
            assert_eq!(before, Some(false), "suspended twice");
        }
        self.batches.push(call.chips.len());
    }
}

impl World {
    /// Registers chips that nobody has heard of for too long.
    pub(crate) fn register_silent(&self, count: u32) {
        for number in 0..count {
            let chip = keccak256(number.to_be_bytes());
            let registered = PociRegistry::ChipRegistered {
                chip,
                operator: self.home.operator,
                batch: B256::ZERO,
                phi: 1,
                index: number,
                x: B256::ZERO,
                y: B256::ZERO,
                blsKey: Bytes::copy_from_slice(&key_of(&chip)),
                wrappedKeys: Bytes::new(),
            };
            self.chain.emit(log(self.home.registry, &registered));
            self.locked().fleet.chips.insert(chip, false);
        }
    }

    /// How many chips left the line with each transaction.
    pub(crate) fn left_the_line(&self) -> Vec<usize> {
        self.locked().fleet.batches.clone()
    }
}
