//! Serves rentals: hands over access, keeps the doors, rates.

use super::{Agent, AgentError, Fault, now, working::Purpose, worst};
use crate::{
    decide::rentals::{RatingStage, Seen, Step, is_open_to_renter, next_step},
    https::Door,
    notebook::{Notebook, put_in},
    records::{JobProgress, JobRecord, RatingRecord, RentalRecord, Terms},
};
use alloy_primitives::{Address, B256};
use utnet_bindings::{
    RpoiEscrow::{
        commitHandoverCall, commitRatingCall, pokeCall, rentalOfCall, revealCall, stateOfCall,
    },
    states::RentalState,
};
use utnet_client::{BlockRef, Chain, Intent, StorageError};
use utnet_messages::{Access, PublicKey, REVEAL_GAS, rating_commitment, seal_handover, seal_text};
use utnet_primitives::{RentalId, Seconds};

impl<C: Chain> Agent<C> {
    /// One that fails keeps its door as it was, and the others from nothing.
    pub(super) async fn attend_rentals(&self, head: &BlockRef) -> Result<(), AgentError> {
        let (mut doors, mut tried) = (Vec::new(), Vec::new());
        let live = self.parts.notebook.all::<RentalRecord>()?.into_iter();
        for record in live.filter(|record| record.closed_at.is_none()) {
            let done = match self.look_at_rental(record.id, head).await {
                Ok(seen) => {
                    doors.extend(door_of(&record, &seen));
                    self.act_on_rental(&record, next_step(&record, &seen), &seen)
                }
                Err(error) => {
                    doors.extend(self.parts.doors.of(record.id));
                    Err(error)
                }
            };
            if let Err(error) = &done {
                tracing::warn!(rental = %record.id, %error, "this rental waits for the next look");
            }
            tried.push(done);
        }
        self.parts.doors.set(doors);
        worst(tried)
    }

    async fn look_at_rental(&self, id: RentalId, head: &BlockRef) -> Result<Seen, AgentError> {
        let escrow = self.parts.home.escrow;
        let rental = self.view(escrow, &rentalOfCall { id: id.0 }).await?;
        let effective = self.view(escrow, &stateOfCall { rental: id.0 }).await?;
        Ok(Seen {
            stored: RentalState::try_from(rental.state)?,
            effective: RentalState::try_from(effective)?,
            now: now(head),
            ended_at: Seconds(rental.endedAt),
            deadline: Seconds(rental.deadline),
            rating: self.rating_stage(id, rental.operatorCommitment, rental.operatorScore)?,
        })
    }

    fn rating_stage(
        &self,
        id: RentalId,
        commitment: B256,
        score: u8,
    ) -> Result<RatingStage, AgentError> {
        if commitment == B256::ZERO {
            return Ok(RatingStage::Missing);
        }
        let kept = self.parts.notebook.find::<RatingRecord>(id.0.as_slice())?;
        let is_ours =
            kept.is_some_and(|kept| commitment_of(&kept, self.parts.home.operator) == commitment);
        Ok(if is_ours && score == 0 { RatingStage::Committed } else { RatingStage::Settled })
    }

    fn act_on_rental(
        &self,
        record: &RentalRecord,
        step: Step,
        seen: &Seen,
    ) -> Result<(), AgentError> {
        let (escrow, id) = (self.parts.home.escrow, record.id);
        match step {
            // The access is sealed once, so its transaction is not made again but only tried again.
            Step::Wait if seen.stored == RentalState::Open => {
                self.try_again(&[b"handover", id.0.as_slice()])
            }
            Step::Wait => Ok(()),
            Step::HandOver => self.hand_over(record, seen.now),
            Step::CommitRating => self.commit_rating(record),
            Step::Reveal => self.reveal(record),
            Step::Poke => {
                let words: [&[u8]; 3] = [b"poke", id.0.as_slice(), &[u8::from(seen.stored)]];
                self.send(&words, &Intent::call(escrow, &pokeCall { rental: id.0 }))
            }
            Step::Close => {
                tracing::info!(rental = %id, state = ?seen.stored, "rental closed");
                self.close_rental(record, seen.now)
            }
        }
    }

    /// Nothing is left to do, and nobody needs the secret any more. What the rental would have paid for is not begun.
    fn close_rental(&self, record: &RentalRecord, now: Seconds) -> Result<(), AgentError> {
        let closed = RentalRecord { closed_at: Some(now), secret: None, ..record.clone() };
        let notebook = &self.parts.notebook;
        let jobs = notebook.all::<JobRecord>()?.into_iter().filter(|job| {
            job.terms == Terms::Rental
                && job.spec.rental == record.id.0
                && job.progress == JobProgress::Waiting
                && !self.is_running(Purpose::Job(job.id))
        });
        let txn = notebook.begin()?;
        put_in(&txn, &closed)?;
        for job in jobs {
            let progress = JobProgress::Declined { reason: "its rental is over".into(), at: now };
            put_in(&txn, &JobRecord { progress, ..job })?;
        }
        Ok(txn.commit().map_err(StorageError::from)?)
    }

    /// Draws the secret, seals it and wants it published, in one transaction.
    fn hand_over(&self, record: &RentalRecord, now: Seconds) -> Result<(), AgentError> {
        let Ok(renter) = PublicKey::from_bytes(&record.renter_key) else {
            tracing::warn!(rental = %record.id, "the renter's key is no point: nobody could open");
            return self.close_rental(record, now);
        };
        let choices = &self.parts.choices;
        let secret = B256::from(rand::random::<[u8; 32]>());
        let access =
            Access { url: choices.url.clone(), cert_fingerprint: choices.cert_fingerprint, secret };
        let home = &self.parts.home;
        let sealed = if choices.fault == Some(Fault::BadHandover) {
            seal_text(b"no access", &home.sealing(), record.id, &renter)?
        } else {
            seal_handover(&access, &home.sealing(), record.id, &self.parts.signer, &renter)?
        };
        let call = commitHandoverCall {
            rental: record.id.0,
            enc: sealed.enc,
            ciphertext: sealed.ciphertext,
        };
        let txn = self.parts.notebook.begin()?;
        put_in(&txn, &RentalRecord { secret: Some(secret), ..record.clone() })?;
        let words: [&[u8]; 2] = [b"handover", record.id.0.as_slice()];
        self.send_in(&txn, &words, &Intent::call(home.escrow, &call))?;
        txn.commit().map_err(StorageError::from)?;
        self.parts.outbox.wake();
        tracing::info!(rental = %record.id, "access handed over");
        Ok(())
    }

    fn commit_rating(&self, record: &RentalRecord) -> Result<(), AgentError> {
        let home = &self.parts.home;
        let kept = keep_rating(&self.parts.notebook, record.id, self.parts.choices.renter_score)?;
        let commitment = commitment_of(&kept, home.operator);
        let call = commitRatingCall { rental: record.id.0, commitment };
        let words: [&[u8]; 2] = [b"rate", record.id.0.as_slice()];
        self.send(&words, &Intent::call(home.escrow, &call))
    }

    fn reveal(&self, record: &RentalRecord) -> Result<(), AgentError> {
        let kept = self.parts.notebook.find::<RatingRecord>(record.id.0.as_slice())?;
        let Some(rating) = kept else { return Ok(()) };
        let home = &self.parts.home;
        let call = revealCall {
            rental: record.id.0,
            rater: home.operator,
            score: rating.score,
            salt: rating.salt,
        };
        let words: [&[u8]; 2] = [b"reveal-rating", record.id.0.as_slice()];
        self.send(&words, &Intent::call(home.escrow, &call).with_gas(REVEAL_GAS))
    }
}

fn door_of(record: &RentalRecord, seen: &Seen) -> Option<Door> {
    let (rental, is_open) = (record.id, is_open_to_renter(seen.effective));
    record.secret.map(|secret| Door { rental, secret, is_open })
}

/// The rating of a rental's renter: the one that is kept, or a new one with a fresh salt.
pub(crate) fn keep_rating(
    notebook: &Notebook,
    rental: RentalId,
    score: u8,
) -> Result<RatingRecord, StorageError> {
    let salt = B256::from(rand::random::<[u8; 32]>());
    notebook.keep_first(RatingRecord { rental, score, salt })
}

/// The commitment to a kept rating.
pub(crate) fn commitment_of(rating: &RatingRecord, operator: Address) -> B256 {
    rating_commitment(rating.rental, operator, rating.score, rating.salt)
}
