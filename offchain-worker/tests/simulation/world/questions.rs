//! Stands for those who ask: for the data of a leaf, and whether a chip is there.

use super::{World, log};
use crate::rounds::view;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use std::collections::{BTreeMap, BTreeSet};
use utnet_bindings::{ChipChallenges, PociRegistry, ResultRollup, states::RequestState};
use utnet_primitives::ChipId;

const ASKER: Address = Address::repeat_byte(9);

/// What was asked, and what became of it.
#[derive(Default)]
pub(super) struct Questions {
    /// Whether the data of each batch's first leaf is asked for in the block that announces the batch.
    asks_at_once: bool,
    requests: BTreeMap<B256, RequestState>,
    /// Chips whose challenge is closed; of others nothing can be told.
    closed: BTreeSet<B256>,
}

impl Questions {
    pub(super) fn answer(&self, input: &[u8]) -> Option<Bytes> {
        view::<ResultRollup::requestOfCall>(input, |call| {
            let state = self.requests.get(&call.batch).copied().unwrap_or(RequestState::None);
            ResultRollup::DataRequest { state: state.into(), requester: ASKER, deadline: 10_000 }
        })
        .or_else(|| {
            let call = ChipChallenges::challengeOfCall::abi_decode(input).ok()?;
            self.closed.contains(&call.chip).then_some(())?;
            view::<ChipChallenges::challengeOfCall>(input, |_| ChipChallenges::Challenge {
                number: 1,
                ..Default::default()
            })
        })
    }

    pub(super) fn apply(&mut self, input: &[u8]) {
        if let Ok(call) = ResultRollup::serveDataCall::abi_decode(input) {
            let state = self.requests.insert(call.batch, RequestState::Served);
            assert_eq!(state, Some(RequestState::Open), "served twice");
        }
    }
}

impl World {
    /// From now on somebody asks for the data of every batch as soon as it is announced.
    pub(crate) fn ask_at_once(&self) {
        self.locked().questions.asks_at_once = true;
    }

    /// How many requests are in a state.
    pub(crate) fn requests(&self, state: RequestState) -> usize {
        self.locked().questions.requests.values().filter(|found| **found == state).count()
    }

    pub(super) fn ask_for_data(&self) {
        let mut contracts = self.locked();
        if !contracts.questions.asks_at_once {
            return;
        }
        let batches: Vec<B256> = contracts.batches.keys().copied().collect();
        for batch in batches {
            if contracts.questions.requests.contains_key(&batch) {
                continue;
            }
            contracts.questions.requests.insert(batch, RequestState::Open);
            let event = ResultRollup::DataRequested {
                batch,
                index: U256::ZERO,
                requester: ASKER,
                deadline: 10_000,
            };
            self.chain.emit(log(self.home.rollup, &event));
        }
    }

    /// Asks a chip of the operator whether it is there.
    pub(crate) fn challenge(&self, chip: ChipId) {
        let registered = PociRegistry::ChipRegistered {
            chip: chip.0,
            operator: self.home.operator,
            batch: B256::ZERO,
            phi: 1,
            index: 0,
            x: B256::ZERO,
            y: B256::ZERO,
            blsKey: Bytes::new(),
            wrappedKeys: Bytes::new(),
        };
        let asked = ChipChallenges::Challenged {
            chip: chip.0,
            challenger: ASKER,
            number: 1,
            deadlineBlock: 1_000,
        };
        self.chain.emit(log(self.home.registry, &registered));
        self.chain.emit(log(self.home.challenges, &asked));
    }

    pub(crate) fn close_challenge(&self, chip: ChipId) {
        self.locked().questions.closed.insert(chip.0);
    }
}
