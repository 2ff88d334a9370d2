//! Answers renters who say that a machine was not there in an interval: whoever is silent agrees.

use super::{Agent, AgentError, now, worst};
use crate::{
    decide::intervals::{Line, Odds, Seen, Step, next_step},
    records::IntervalRecord,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use utnet_bindings::{
    IntervalCourt::{Dispute, contestCall, disputeOfCall, pokeCall},
    PociRegistry::{currentEpochCall, missesInCall},
    RpoiEscrow::{Rental, chipsOfCall, rentalOfCall},
    Vault::freeTokenOfCall,
    states::DisputeState,
};
use utnet_client::{BlockRef, Chain, Intent};
use utnet_primitives::{Epoch, Seconds};

/// Epochs, of all chips together, that the court looks at.
const MOST_CHIP_EPOCHS: u64 = 1024 * 256;

/// Epochs after another in which the registry knows what was missed in it: in the next its proof may be opened.
const EPOCHS_TO_KNOW: u64 = 2;

impl<C: Chain> Agent<C> {
    /// One that fails must not keep the others from their deadlines.
    pub(super) async fn attend_intervals(&self, head: &BlockRef) -> Result<(), AgentError> {
        let open = self.parts.notebook.all::<IntervalRecord>()?.into_iter();
        let mut tried = Vec::new();
        for interval in open.filter(|interval| interval.outcome.is_none()) {
            let (rental, from) = (interval.rental, interval.from);
            let done = self.attend_interval(interval, head).await;
            if let Err(error) = &done {
                tracing::warn!(%rental, from = from.0, %error, "this dispute waits for the next look");
            }
            tried.push(done);
        }
        worst(tried)
    }

    async fn attend_interval(
        &self,
        interval: IntervalRecord,
        head: &BlockRef,
    ) -> Result<(), AgentError> {
        let call = disputeOfCall { rental: interval.rental.0 };
        let kept = self.view(self.parts.home.court, &call).await?;
        let rental = self.rental_in_dispute(&interval).await?;
        let seen = self.look_at_interval(&interval, &kept, &rental, head).await?;
        match next_step(&interval, &seen) {
            Step::Wait => Ok(()),
            Step::Contest => self.contest(&interval, rental.token),
            Step::CallForHelp => self.call_for_bond(interval, rental.token),
            Step::Poke => self.poke_court(&interval, seen.state),
            Step::Close(outcome) => {
                tracing::info!(rental = %interval.rental, from = interval.from.0, outcome, "dispute closed");
                let outcome = Some(outcome.to_owned());
                Ok(self.parts.notebook.put(&IntervalRecord { outcome, ..interval })?)
            }
        }
    }

    async fn rental_in_dispute(&self, interval: &IntervalRecord) -> Result<Rental, AgentError> {
        self.view(self.parts.home.escrow, &rentalOfCall { id: interval.rental.0 }).await
    }

    async fn look_at_interval(
        &self,
        interval: &IntervalRecord,
        kept: &Dispute,
        rental: &Rental,
        head: &BlockRef,
    ) -> Result<Seen, AgentError> {
        let state = DisputeState::try_from(kept.state)?;
        let (from, deadline) = (Seconds(kept.fromSecond.to()), Seconds(kept.deadline.to()));
        let is_asked = state == DisputeState::Open && from == interval.from;
        let odds = if is_asked { self.odds_of(interval, kept, rental).await? } else { Odds::Good };
        Ok(Seen { state, from, made_at: Seconds(kept.madeAt.to()), deadline, now: now(head), odds })
    }

    async fn odds_of(
        &self,
        interval: &IntervalRecord,
        kept: &Dispute,
        rental: &Rental,
    ) -> Result<Odds, AgentError> {
        let odds = self.record_of(interval, kept, rental).await?;
        let is_lost = odds == Odds::OnRecord || self.has_bond(interval, rental.token).await?;
        Ok(if is_lost { odds } else { Odds::Unpayable })
    }

    /// Whether the registry knows that all chips missed all epochs that the interval may touch, as the court asks it.
    async fn record_of(
        &self,
        interval: &IntervalRecord,
        kept: &Dispute,
        rental: &Rental,
    ) -> Result<Odds, AgentError> {
        let home = &self.parts.home;
        let chips = self.view(home.escrow, &chipsOfCall { rental: interval.rental.0 }).await?;
        let count = u64::try_from(chips.len()).unwrap_or(u64::MAX);
        let Some(window) = MOST_CHIP_EPOCHS.checked_div(count) else { return Ok(Odds::Good) };
        let line = Line {
            start: Seconds(rental.startedAt),
            first: Epoch(rental.firstEpoch),
            made_at: Seconds(kept.madeAt.to()),
            made_in: Epoch(kept.madeIn.into()),
        };
        let (first, last) = line.epochs_of(interval);
        let first = first.0.max(last.0.saturating_add(1).saturating_sub(window));
        if self.are_absent(&chips, first, last.0).await? {
            return Ok(Odds::OnRecord);
        }
        let current = self.view(home.registry, &currentEpochCall {}).await?;
        let is_open = match current.checked_sub(EPOCHS_TO_KNOW) {
            Some(known) if known >= last.0 => false,
            Some(known) if known >= first => self.are_absent(&chips, first, known).await?,
            _ => true,
        };
        Ok(if is_open { Odds::Unknown } else { Odds::Good })
    }

    /// Whether all of the chips missed all epochs from one to another, inclusive.
    async fn are_absent(&self, chips: &[B256], first: u64, last: u64) -> Result<bool, AgentError> {
        let owed = last.saturating_sub(first).saturating_add(1);
        for chip in chips {
            let missed = missesInCall { chip: *chip, firstEpoch: first, lastEpoch: last };
            if self.view(self.parts.home.registry, &missed).await? < owed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the operator can pay the bond: in coin, or in the rental's token from its balance in the vault.
    async fn has_bond(
        &self,
        interval: &IntervalRecord,
        token: Address,
    ) -> Result<bool, AgentError> {
        let (home, account) = (&self.parts.home, self.parts.home.operator);
        let has = if token.is_zero() {
            self.parts.chain.balance(account).await?
        } else {
            self.view(home.vault, &freeTokenOfCall { token, account }).await?
        };
        Ok(has >= interval.bond)
    }

    fn contest(&self, interval: &IntervalRecord, token: Address) -> Result<(), AgentError> {
        let from = interval.from.0.to_be_bytes();
        let words: [&[u8]; 3] = [b"contest", interval.rental.0.as_slice(), &from];
        if !self.is_sent(&words)? {
            tracing::info!(rental = %interval.rental, from = interval.from.0, bond = %interval.bond, "contradicting the renter");
        }
        let call = contestCall { rental: interval.rental.0, evidence: Bytes::new() };
        let value = if token.is_zero() { interval.bond } else { U256::ZERO };
        self.send(&words, &Intent::call(self.parts.home.court, &call).with_value(value))
    }

    fn call_for_bond(&self, interval: IntervalRecord, token: Address) -> Result<(), AgentError> {
        let IntervalRecord { rental, bond, deadline, .. } = &interval;
        let place = if token.is_zero() { "the account" } else { "its balance in the vault" };
        tracing::error!(%rental, %bond, %token, deadline = deadline.0, "cannot contradict the renter: {place} lacks the bond; without it the interval's rent is the renter's");
        Ok(self.parts.notebook.put(&IntervalRecord { is_told: true, ..interval })?)
    }

    fn poke_court(&self, interval: &IntervalRecord, state: DisputeState) -> Result<(), AgentError> {
        let from = interval.from.0.to_be_bytes();
        let rental: B256 = interval.rental.0;
        let words: [&[u8]; 4] = [b"poke-interval", rental.as_slice(), &from, &[u8::from(state)]];
        self.send(&words, &Intent::call(self.parts.home.court, &pokeCall { rental }))
    }
}
