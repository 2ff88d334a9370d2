//! Moves disputes on that concern this operator: draws, overdue steps, verdicts that nobody has acted on.

use super::{Agent, AgentError, now, worst};
use crate::{
    decide::disputes::{Seen, Step, next_step},
    records::{DisputeRecord, DutyRecord, PostedRecord},
};
use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use utnet_bindings::{
    Committee::{Case, caseOfCall, drawCall, pokeCall},
    ResultRollup::{challengeOfCall, resolveCall},
    states::{CaseState, ChallengeState},
};
use utnet_client::{BlockRef, Chain, Intent};
use utnet_primitives::{Height, Seconds};

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_disputes(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        let open = self.parts.notebook.all::<DisputeRecord>()?.into_iter();
        let mut tried = Vec::new();
        for dispute in open.filter(|dispute| dispute.outcome.is_none()) {
            tried.push(self.attend_dispute(dispute, head).await);
        }
        tried.push(self.attend_cases(head).await);
        worst(tried)
    }

    async fn attend_dispute(
        &self,
        dispute: DisputeRecord,
        head: &BlockRef,
    ) -> Result<(), AgentError> {
        let subject = dispute.subject;
        let case = self.view(self.parts.home.committee, &caseOfCall { subject }).await?;
        let seen = self.look_at_dispute(&dispute, &case, head).await?;
        match next_step(&seen) {
            Step::Wait => Ok(()),
            Step::Draw => self.push(b"draw", &case, subject, &drawCall { subject }),
            Step::Poke => self.push(b"poke-case", &case, subject, &pokeCall { subject }),
            Step::Resolve => self.resolve(&dispute),
            Step::Close(outcome) => {
                let outcome = Some(outcome.to_owned());
                Ok(self.parts.notebook.put(&DisputeRecord { outcome, ..dispute })?)
            }
        }
    }

    async fn look_at_dispute(
        &self,
        dispute: &DisputeRecord,
        case: &Case,
        head: &BlockRef,
    ) -> Result<Seen, AgentError> {
        let home = &self.parts.home;
        let call = challengeOfCall { batch: dispute.batch.0, index: U256::from(dispute.index) };
        let leaf = self.view(home.rollup, &call).await?.state;
        let posted = self.parts.notebook.find::<PostedRecord>(dispute.batch.0.as_slice())?;
        let is_ours = posted.is_some_and(|posted| posted.poster == home.operator);
        let duties = self.parts.notebook.all::<DutyRecord>()?;
        Ok(Seen {
            leaf: ChallengeState::try_from(leaf)?,
            case: CaseState::try_from(case.state)?,
            is_concerned: is_ours || duties.iter().any(|duty| duty.subject == dispute.subject),
            draw_height: Height(case.drawHeight),
            height: head.number,
            deadline: Seconds(case.deadline),
            now: now(head),
        })
    }

    /// Each state of each committee is pushed once.
    pub(super) fn push<T: SolCall>(
        &self,
        word: &[u8],
        case: &Case,
        subject: alloy_primitives::B256,
        call: &T,
    ) -> Result<(), AgentError> {
        let place = [case.round, case.state];
        let words: [&[u8]; 3] = [word, subject.as_slice(), &place];
        self.send(&words, &Intent::call(self.parts.home.committee, call))
    }

    fn resolve(&self, dispute: &DisputeRecord) -> Result<(), AgentError> {
        let call = resolveCall { batch: dispute.batch.0, index: U256::from(dispute.index) };
        let words: [&[u8]; 2] = [b"resolve", dispute.subject.as_slice()];
        self.send(&words, &Intent::call(self.parts.home.rollup, &call))
    }
}
