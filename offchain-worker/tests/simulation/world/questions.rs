//! Stands for those who ask: for the data of a leaf, and whether a chip is there.

use super::{World, log};
use crate::rounds::view;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use std::collections::{BTreeMap, BTreeSet};
use utnet_bindings::{
    ChipChallenges, Committee, PociRegistry, ResultRollup,
    states::{CaseState, RequestState},
};
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
    /// Subjects whose committee is drawn; all others wait for it.
    drawn: BTreeSet<B256>,
}

impl Questions {
    pub(super) fn answer(&self, input: &[u8]) -> Option<Bytes> {
        view::<ResultRollup::requestOfCall>(input, |call| {
            let state = self.requests.get(&call.batch).copied().unwrap_or(RequestState::None);
            ResultRollup::DataRequest { state: state.into(), requester: ASKER, deadline: 10_000 }
        })
        .or_else(|| {
            view::<Committee::caseOfCall>(input, |call| {
                let is_drawn = self.drawn.contains(&call.subject);
                let state = if is_drawn { CaseState::Committing } else { CaseState::Waiting };
                Committee::Case {
                    state: state.into(),
                    drawHeight: 10,
                    owing: u8::from(is_drawn),
                    ..Default::default()
                }
            })
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
        } else if let Ok(call) = Committee::drawCall::abi_decode(input) {
            assert!(self.drawn.insert(call.subject), "drawn twice");
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

    pub(crate) fn ask_for_data(&self) {
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

    /// Somebody's case before a committee, of which the operator is no part.
    pub(crate) fn open_case(&self, subject: B256) {
        let opened = Committee::CaseOpened {
            subject,
            convener: self.home.rollup,
            plaintiff: ASKER,
            defendant: ASKER,
            seats: 5,
        };
        self.chain.emit(log(self.home.committee, &opened));
    }

    pub(crate) fn is_drawn(&self, subject: &B256) -> bool {
        self.locked().questions.drawn.contains(subject)
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

    /// Draws the operator into the committee of a subject.
    pub(crate) fn seat(&self, subject: B256) {
        let members = vec![self.home.operator];
        let event = Committee::CommitteeDrawn { subject, members, ..Default::default() };
        self.chain.emit(log(self.home.committee, &event));
    }

    pub(crate) fn close_challenge(&self, chip: ChipId) {
        self.locked().questions.closed.insert(chip.0);
    }
}
