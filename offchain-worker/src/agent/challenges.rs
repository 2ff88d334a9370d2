//! Answers whoever asks, with a bond, whether a chip is there.

use super::{
    Agent, AgentError,
    availability::{ProofError, chips_at_hand},
    worst,
};
use crate::{
    decide::challenges::{Seen, Step, next_step},
    records::ChallengeRecord,
};
use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;
use utnet_bindings::ChipChallenges::{ChipSignature, answerCall, challengeOfCall, questionOfCall};
use utnet_client::{BlockRef, Chain, Intent};
use utnet_primitives::{ChallengeInput, ChipId, Height};
use utnet_se::{SecurityEngine, SoftwareChip};

impl<C: Chain> Agent<C> {
    pub(super) async fn attend_challenges(&self, head: &BlockRef) -> Result<(), AgentError> {
        let mut open = self.parts.notebook.all::<ChallengeRecord>()?;
        open.retain(|challenge| challenge.outcome.is_none());
        if open.is_empty() {
            return Ok(());
        }
        let folder = self.parts.choices.chips.as_deref();
        let at_hand = folder.map_or_else(|| Ok(BTreeMap::new()), chips_at_hand)?;
        let mut tried = Vec::with_capacity(open.len());
        for challenge in open {
            let (named, number) = (challenge.chip, challenge.number);
            let done = self.attend_challenge(challenge, &at_hand, head).await;
            if let Err(error) = &done {
                tracing::warn!(chip = %named, number, %error, "this challenge waits for the next look");
            }
            tried.push(done);
        }
        worst(tried)
    }

    /// One that fails must not keep the others from their deadlines.
    async fn attend_challenge(
        &self,
        challenge: ChallengeRecord,
        at_hand: &BTreeMap<ChipId, SoftwareChip>,
        head: &BlockRef,
    ) -> Result<(), AgentError> {
        let chip = at_hand.get(&challenge.chip);
        let seen = self.look_at_challenge(&challenge, head, chip.is_some()).await?;
        match (next_step(&challenge, &seen), chip) {
            (Step::Wait, _) | (Step::Answer, None) => Ok(()),
            (Step::Answer, Some(chip)) => self.answer(&challenge, chip).await,
            (Step::CallForHelp, _) => self.call_for_help(challenge),
            (Step::Close(outcome), _) => {
                tracing::info!(chip = %challenge.chip, number = challenge.number, outcome, "challenge closed");
                let outcome = Some(outcome.to_owned());
                Ok(self.parts.notebook.put(&ChallengeRecord { outcome, ..challenge })?)
            }
        }
    }

    async fn look_at_challenge(
        &self,
        challenge: &ChallengeRecord,
        head: &BlockRef,
        is_at_hand: bool,
    ) -> Result<Seen, AgentError> {
        let call = challengeOfCall { chip: challenge.chip.0 };
        let kept = self.view(self.parts.home.challenges, &call).await?;
        Ok(Seen {
            latest: kept.number,
            is_open: kept.challenger != Address::ZERO,
            head: head.number,
            is_at_hand,
        })
    }

    async fn answer(
        &self,
        challenge: &ChallengeRecord,
        chip: &SoftwareChip,
    ) -> Result<(), AgentError> {
        let number = challenge.number.to_be_bytes();
        let words: [&[u8]; 3] = [b"answer", challenge.chip.0.as_slice(), &number];
        if self.is_sent(&words)? {
            return Ok(());
        }
        let question = self.question(challenge).await?;
        let key = chip.identity();
        let signature = chip.sign_digest(&question.0).map_err(ProofError::from)?;
        let signed = ChipSignature { x: key.x, y: key.y, r: signature.r, s: signature.s };
        tracing::info!(chip = %challenge.chip, number = challenge.number, "answering a challenge");
        let call = answerCall { chip: challenge.chip.0, signed };
        self.send(&words, &Intent::call(self.parts.home.challenges, &call))
    }

    /// What the chip is asked. Made here from the block's beacon, so that a node can never choose the bytes; compared with
    /// the contract's own, so that no signature is wasted.
    async fn question(&self, challenge: &ChallengeRecord) -> Result<B256, AgentError> {
        let (home, ChallengeRecord { chip, number, .. }) = (&self.parts.home, challenge);
        let beacon = self.beacon_at(challenge.asked_at.saturating_add(Height(1))).await?;
        let input = ChallengeInput {
            chain_id: home.chain_id,
            challenges: home.challenges,
            chip: *chip,
            number: *number,
            beacon,
        };
        let ours = input.question();
        let theirs = self.view(home.challenges, &questionOfCall { chip: chip.0 }).await?;
        if ours == theirs {
            Ok(ours)
        } else {
            Err(ProofError::OtherQuestion { chip: *chip, number: *number, theirs, ours }.into())
        }
    }

    fn call_for_help(&self, challenge: ChallengeRecord) -> Result<(), AgentError> {
        let ChallengeRecord { chip, number, deadline, .. } = challenge;
        tracing::warn!(%chip, number, %deadline, "challenged, and not at hand: bring it back before the deadline");
        Ok(self.parts.notebook.put(&ChallengeRecord { is_told: true, ..challenge })?)
    }
}
