//! Stands for the environment proof: one operator, the same program in every round.

use super::world::CHAIN;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use std::collections::BTreeMap;
use utnet_bindings::{EnvironmentProof, PociRegistry, states::AnswerState};
use utnet_primitives::{
    ENVIRONMENT_PROGRAMS, EnvironmentRound, Epoch, SystemContract, system_address,
};

/// Blocks in an epoch.
pub(crate) const EPOCH: u64 = 16;

/// Answers one view, if the call is that view.
pub(crate) fn view<T: SolCall>(input: &[u8], answer: impl FnOnce(T) -> T::Return) -> Option<Bytes> {
    T::abi_decode(input).ok().map(|call| T::abi_encode_returns(&answer(call)).into())
}

/// What the contract keeps of the operator's answers.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    /// Height of the block that executes.
    pub(crate) height: u64,
    answers: BTreeMap<u64, (AnswerState, B256)>,
}

impl Rounds {
    /// Rounds whose answer was opened.
    pub(crate) fn opened(&self) -> usize {
        self.answers.values().filter(|(state, _)| *state == AnswerState::Revealed).count()
    }

    pub(crate) const fn epoch(&self) -> u64 {
        self.height / EPOCH
    }

    fn answer_of(&self, round: u64) -> (AnswerState, B256) {
        self.answers.get(&round).copied().unwrap_or((AnswerState::None, B256::ZERO))
    }

    /// Answers one view, if it is one of the environment proof or of the registry.
    pub(crate) fn answer(&self, input: &[u8]) -> Option<Bytes> {
        view::<EnvironmentProof::firstRoundCall>(input, |_| 1)
            .or_else(|| view::<PociRegistry::powerOfCall>(input, |_| 1))
            .or_else(|| view::<PociRegistry::currentEpochCall>(input, |_| self.epoch()))
            .or_else(|| view::<PociRegistry::isProvenCall>(input, |_| true))
            .or_else(|| {
                view::<EnvironmentProof::questionOfCall>(input, |call| {
                    let program = EnvironmentProof::EnvironmentProgram {
                        programHash: ENVIRONMENT_PROGRAMS[0].hash,
                        ..Default::default()
                    };
                    EnvironmentProof::questionOfReturn {
                        index: U256::ZERO,
                        program,
                        seed: keccak256(call.round.to_be_bytes()),
                    }
                })
            })
            .or_else(|| {
                view::<EnvironmentProof::answerOfCall>(input, |call| {
                    let (state, word) = self.answer_of(call.round);
                    EnvironmentProof::EnvironmentAnswer {
                        state: state.into(),
                        round: call.round,
                        power: 1,
                        word,
                    }
                })
            })
    }

    /// What the contract would do; what comes outside its window reverts and changes nothing.
    pub(crate) fn apply(&mut self, input: &[u8], operator: Address) {
        if let Ok(call) = EnvironmentProof::commitCall::abi_decode(input) {
            if call.round == self.epoch() {
                assert_eq!(self.answer_of(call.round).0, AnswerState::None, "committed twice");
                self.answers.insert(call.round, (AnswerState::Committed, call.commitment));
            }
        } else if let Ok(call) = EnvironmentProof::revealCall::abi_decode(input)
            && call.round + 1 == self.epoch()
        {
            let (state, word) = self.answer_of(call.round);
            assert_eq!(state, AnswerState::Committed, "opened twice, or nothing committed");
            let contract = system_address(SystemContract::EnvironmentProof);
            let round = EnvironmentRound { chain_id: CHAIN, contract, round: Epoch(call.round) };
            assert_eq!(round.commitment(operator, call.answer, call.salt), word, "another answer");
            self.answers.insert(call.round, (AnswerState::Revealed, call.answer));
        }
    }
}
