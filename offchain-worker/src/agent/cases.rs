//! Draws committees that those whom they concern do not draw, and has another beacon drawn where nobody did in time.

use super::{Agent, AgentError, now, worst};
use crate::{
    decide::cases::{MOST, Seen, Step, next_step},
    records::CaseRecord,
};
use alloy_primitives::{B256, U256};
use utnet_bindings::{
    Committee::{Case, caseOfCall, drawCall, pokeCall},
    states::CaseState,
};
use utnet_client::{BlockRef, Chain};
use utnet_primitives::{Height, Seconds};

/// Cases that one tick looks at.
const LOOKS: usize = 64;

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_cases(&mut self, head: &BlockRef) -> Result<(), AgentError> {
        let open = self.parts.notebook.all::<CaseRecord>()?.into_iter();
        let mut open: Vec<_> = open.filter(|case| !case.is_closed).collect();
        let (many, first) = (open.len(), self.next_case.checked_rem(open.len()).unwrap_or(0));
        open.rotate_left(first);
        open.truncate(LOOKS);
        self.next_case = if many > LOOKS { first + LOOKS } else { 0 };
        let (mut tried, mut drawn) = (Vec::with_capacity(open.len()), 0);
        for case in open {
            tried.push(self.attend_case(case, head, &mut drawn).await);
        }
        worst(tried)
    }

    async fn attend_case(
        &self,
        record: CaseRecord,
        head: &BlockRef,
        drawn: &mut usize,
    ) -> Result<(), AgentError> {
        let (home, subject) = (&self.parts.home, record.subject);
        let case: Case = self.view(home.committee, &caseOfCall { subject }).await?;
        let state = CaseState::try_from(case.state)?;
        let seen = Seen {
            state,
            draw_height: Height(case.drawHeight),
            height: head.number,
            owing: case.owing,
            deadline: Seconds(case.deadline),
            now: now(head),
        };
        match next_step(&subject, &home.operator, &seen) {
            Step::Wait => Ok(()),
            Step::Close => {
                Ok(self.parts.notebook.put(&CaseRecord { is_closed: true, ..record })?)
            }
            Step::Draw if self.may_push(b"draw", &case, subject, drawn).await? => {
                self.push(b"draw", &case, subject, &drawCall { subject })
            }
            Step::Poke if self.may_push(b"poke-case", &case, subject, drawn).await? => {
                self.push(b"poke-case", &case, subject, &pokeCall { subject })
            }
            Step::Draw | Step::Poke => Ok(()),
        }
    }

    /// What was begun before is not counted again: a few that fail must not keep others from their turn.
    async fn may_push(
        &self,
        word: &[u8],
        case: &Case,
        subject: B256,
        begun: &mut usize,
    ) -> Result<bool, AgentError> {
        let is_new = self.is_new(&[word, subject.as_slice(), &[case.round, case.state]])?;
        if (is_new && *begun == MOST) || !self.can_spare(U256::ZERO).await? {
            return Ok(false);
        }
        *begun += usize::from(is_new);
        Ok(true)
    }
}
