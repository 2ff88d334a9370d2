//! Carries out what [`plan`] decides, for one account and one chain.

use super::{
    Outbox, OutboxError, Policy, Seen, Step,
    entry::{Attempt, Entry, Failure, Flight, IntentKey, MinedIn, Purpose, Stage, Status},
    plan,
    sign::{Envelope, sign},
};
use crate::{Backoff, CallRequest, Chain, Clock, Receipt, Refusal, RpcError};
use alloy_primitives::U256;
use alloy_signer_local::PrivateKeySigner;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    time::Duration,
};
use tokio::sync::OwnedSemaphorePermit;
use utnet_primitives::{Gas, Height};

/// Time between two looks at the chain while something is in flight.
const TURN: Duration = Duration::from_millis(500);

/// The largest gas limit since Osaka (EIP-7825).
const MOST_GAS: u64 = 1 << 24;

/// The only one that signs and sends for an account.
#[derive(Debug)]
pub struct Dispatcher<C> {
    outbox: Outbox,
    chain: C,
    chain_id: u64,
    signer: PrivateKeySigner,
    clock: Arc<dyn Clock>,
    policy: Policy,
    /// Intents of which was told that they wait.
    told: BTreeSet<IntentKey>,
    /// Held as long as this lives.
    _permit: OwnedSemaphorePermit,
}

/// Whether the rest of the plan still holds after a step.
#[derive(Debug)]
enum Plan {
    Holds,
    Changed,
    /// This intent cannot be sent now: make a plan without it.
    Without(IntentKey, OutboxError),
}

/// What the node tells about the attempts at a nonce.
enum Found {
    /// One was mined.
    Receipt(MinedIn),
    /// None was mined.
    Nothing,
    /// None that the node knows of, but it has removed blocks: nobody can tell.
    Unknown,
}

/// Intents that were passed over, and why.
type Passed = BTreeMap<IntentKey, OutboxError>;

impl<C: Chain> Dispatcher<C> {
    /// Takes over an account; the outbox is bound to the node's chain the first time.
    ///
    /// # Errors
    /// [`OutboxError`] when the signer is another account's, somebody drives already, the outbox belongs to another
    /// chain, or the node is unreachable.
    pub async fn start(
        outbox: &Outbox,
        chain: C,
        signer: PrivateKeySigner,
        clock: Arc<dyn Clock>,
        policy: Policy,
    ) -> Result<Self, OutboxError> {
        let account = outbox.account();
        if signer.address() != account {
            return Err(OutboxError::OtherAccount { signer: signer.address(), account });
        }
        let permit = Arc::clone(&outbox.driver)
            .try_acquire_owned()
            .map_err(|_taken| OutboxError::AlreadyDriven { account })?;
        let chain_id = chain.chain_id().await?;
        if let Some(genesis) = chain.block_at(Height(0)).await? {
            outbox.store.bind(chain_id, genesis.hash)?;
        }
        let (outbox, told) = (outbox.clone(), BTreeSet::new());
        Ok(Self { outbox, chain, chain_id, signer, clock, policy, told, _permit: permit })
    }

    /// Works until `stop` completes. Stopping in the middle of a step is like a crash there: nothing is lost.
    ///
    /// # Errors
    /// [`OutboxError::Storage`] when the database fails; everything else is tried again.
    pub async fn run(&mut self, stop: impl Future<Output = ()> + Send) -> Result<(), OutboxError> {
        let backoff = Backoff::default();
        let mut failures = 0;
        let mut stop = std::pin::pin!(stop);
        loop {
            let turn = tokio::select! {
                () = &mut stop => return Ok(()),
                turn = self.tick() => turn,
            };
            let wait = match turn {
                Ok(()) => {
                    failures = 0;
                    TURN
                }
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => {
                    failures += 1;
                    let reason: &dyn std::error::Error = &error;
                    tracing::warn!(reason, failures, "the outbox waits");
                    backoff.wait(failures)
                }
            };
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = self.outbox.enqueued.notified() => {}
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    /// Works until an intent has a receipt or was refused.
    ///
    /// # Errors
    /// [`OutboxError`] that is not worth another try, also when this intent cannot be sent as things are, or
    /// [`OutboxError::Unknown`].
    pub async fn settle(&mut self, key: IntentKey) -> Result<Status, OutboxError> {
        let backoff = Backoff::default();
        let mut failures = 0;
        loop {
            match self.turn().await {
                Ok(mut passed) => {
                    failures = 0;
                    if let Some(why) = passed.remove(&key) {
                        return Err(why);
                    }
                }
                Err(error) => {
                    failures += 1;
                    let wait = error.is_retryable().then(|| backoff.after(failures)).flatten();
                    let Some(wait) = wait else { return Err(error) };
                    self.clock.sleep(wait).await;
                    continue;
                }
            }
            let status = self.outbox.status(key)?.ok_or(OutboxError::Unknown { key })?;
            if status.is_settled() {
                return Ok(status);
            }
            self.clock.sleep(TURN).await;
        }
    }

    /// Looks at the chain once and does everything that is due.
    ///
    /// # Errors
    /// [`OutboxError`]; what was done before it stays done.
    pub async fn tick(&mut self) -> Result<(), OutboxError> {
        let passed = self.turn().await?;
        self.told.retain(|key| passed.contains_key(key));
        for (key, why) in passed {
            if self.told.insert(key) {
                let reason: &dyn std::error::Error = &why;
                tracing::warn!(%key, reason, "this transaction waits; others go first");
            }
        }
        Ok(())
    }

    /// One tick; which intents were passed over because they cannot be sent now.
    async fn turn(&self) -> Result<Passed, OutboxError> {
        let mut passed = Passed::new();
        if self.outbox.active()?.is_empty() {
            return Ok(passed);
        }
        let seen = Seen {
            mined_nonce: self.chain.mined_nonce(self.outbox.account()).await?,
            head: self.chain.head().await?.number,
            now: self.clock.now(),
        };
        while let Some((key, why)) = self.carry_out(&passed, &seen).await? {
            passed.insert(key, why);
        }
        Ok(passed)
    }

    /// Makes a plan without what was passed over and carries it out; the first intent that cannot be sent ends it.
    async fn carry_out(
        &self,
        passed: &Passed,
        seen: &Seen,
    ) -> Result<Option<(IntentKey, OutboxError)>, OutboxError> {
        let mut entries = self.outbox.active()?;
        entries.retain(|(key, _)| !passed.contains_key(key));
        for step in plan(&entries, seen, &self.policy) {
            match self.act(step, seen).await? {
                Plan::Holds => {}
                Plan::Changed => break,
                Plan::Without(key, why) => return Ok(Some((key, why))),
            }
        }
        Ok(None)
    }

    async fn act(&self, step: Step, seen: &Seen) -> Result<Plan, OutboxError> {
        match step {
            Step::Wait => {}
            Step::Assign { key, nonce } => return self.assign(key, nonce).await,
            Step::Send(key) => self.send(key).await?,
            Step::Bump(key) => self.sign_again(key, None).await?,
            Step::Cancel(key) => self.sign_again(key, Some(Purpose::Cancel)).await?,
            Step::Look { key, gives_up } => self.look(key, gives_up, seen.head).await?,
            Step::Confirm(key) => self.confirm(key).await?,
            Step::Unmine(key) => self.unmine(key)?,
            Step::Fill { nonce } => self.fill(nonce).await?,
        }
        Ok(Plan::Holds)
    }

    async fn assign(&self, key: IntentKey, nonce: u64) -> Result<Plan, OutboxError> {
        let Some(entry) = self.outbox.store.find(key)? else { return Ok(Plan::Changed) };
        let gas = match self.gas_for(&entry).await {
            Ok(gas) => gas,
            Err(error) if error.is_revert() => return self.refuse(key, error),
            Err(error) if error.is_refusal() => return Ok(Plan::Without(key, error.into())),
            Err(error) => return Err(error.into()),
        };
        let fees = self.policy.first(&self.chain.fees().await?);
        if let Some(why) = self.want_of_funds(key, &entry, gas, fees.0).await? {
            return Ok(Plan::Without(key, why));
        }
        let envelope = Envelope { chain_id: self.chain_id, nonce, gas, fees };
        let attempt = sign(&self.signer, envelope, &entry.intent, Purpose::Intent)?;
        let flight = Flight::new(nonce, gas, attempt);
        if !self.outbox.store.assign(key, flight)? {
            return Ok(Plan::Changed);
        }
        self.send(key).await?;
        Ok(Plan::Holds)
    }

    /// Why the account cannot pay a transaction, if it cannot: a pool would not take it.
    async fn want_of_funds(
        &self,
        key: IntentKey,
        entry: &Entry,
        gas: Gas,
        max_fee: u128,
    ) -> Result<Option<OutboxError>, OutboxError> {
        let account = self.outbox.account();
        let have = self.chain.balance(account).await?;
        let gas = U256::from(gas.0).saturating_mul(U256::from(max_fee));
        let want = entry.intent.value.saturating_add(gas);
        Ok((want > have).then_some(OutboxError::Unpayable { key, account, have, want }))
    }

    async fn gas_for(&self, entry: &Entry) -> Result<Gas, RpcError> {
        if let Some(gas) = entry.intent.gas {
            return Ok(gas);
        }
        let request = CallRequest {
            from: Some(self.outbox.account()),
            to: entry.intent.to,
            value: entry.intent.value,
            input: entry.intent.input.clone(),
        };
        let estimate = self.chain.estimate_gas(&request).await?.0;
        let margin = estimate.saturating_mul(self.policy.gas_margin_percent.into()).div_ceil(100);
        Ok(Gas(estimate.saturating_add(margin).min(MOST_GAS.max(estimate))))
    }

    /// Gives an intent up, unless something before it is still in flight: that may be what it needs.
    fn refuse(&self, key: IntentKey, error: RpcError) -> Result<Plan, OutboxError> {
        let is_in_flight = |entry: &Entry| matches!(entry.stage, Stage::InFlight(_));
        if self.outbox.active()?.iter().any(|(_, entry)| is_in_flight(entry)) {
            return Ok(Plan::Changed);
        }
        let data = error.revert_data().cloned();
        let message = match error {
            RpcError::Refused { message, .. } => message,
            other => other.to_string(),
        };
        self.outbox.store.update(key, |entry| {
            let is_queued = entry.stage == Stage::Queued;
            entry.stage = Stage::Refused(Failure::WouldRevert { message, data });
            is_queued
        })?;
        Ok(Plan::Changed)
    }

    async fn send(&self, key: IntentKey) -> Result<(), OutboxError> {
        let Some(flight) = self.flight(key)? else { return Ok(()) };
        let sent = self.chain.send_raw(&flight.latest().raw).await;
        let refusal = match sent {
            Ok(_hash) => None,
            Err(error) => match error.refusal() {
                Some(refusal) => {
                    tell_refusal(key, &flight, refusal, &error);
                    Some(refusal)
                }
                None => return Err(error.into()),
            },
        };
        let now = self.clock.now();
        let was_sent = flight.attempts.iter().any(|attempt| attempt.sent_at.is_some());
        self.change_flight(key, |flight| {
            if let Some(latest) = flight.attempts.last_mut() {
                latest.offered_at = Some(now);
                if !matches!(refusal, Some(Refusal::Unpayable | Refusal::NotNow | Refusal::Never)) {
                    latest.sent_at.get_or_insert(now);
                }
            }
            flight.lost_at = None;
            flight.unpayable_since = (refusal == Some(Refusal::Unpayable))
                .then(|| flight.unpayable_since.unwrap_or(now));
            flight.is_hopeless |= refusal == Some(Refusal::Never) && !was_sent;
        })
    }

    /// Raises the fees; offers the old bytes again when the ceiling is reached.
    async fn sign_again(
        &self,
        key: IntentKey,
        purpose: Option<Purpose>,
    ) -> Result<(), OutboxError> {
        let Some(entry) = self.outbox.store.find(key)? else { return Ok(()) };
        let Stage::InFlight(flight) = &entry.stage else { return Ok(()) };
        let latest = flight.latest();
        let Some(fees) = self.policy.bumped(latest, &self.chain.fees().await?) else {
            return self.send_if_due(key, latest).await;
        };
        let envelope =
            Envelope { chain_id: self.chain_id, nonce: flight.nonce, gas: flight.gas, fees };
        let purpose = purpose.unwrap_or(latest.purpose);
        let attempt = sign(&self.signer, envelope, &entry.intent, purpose)?;
        self.change_flight(key, |flight| flight.attempts.push(attempt))?;
        self.send(key).await
    }

    async fn send_if_due(&self, key: IntentKey, latest: &Attempt) -> Result<(), OutboxError> {
        let due = latest.offered_at.map(|at| at.saturating_add(self.policy.resend_after));
        if due.is_none_or(|due| self.clock.now() >= due) {
            self.send(key).await?;
        }
        Ok(())
    }

    async fn look(&self, key: IntentKey, gives_up: bool, head: Height) -> Result<(), OutboxError> {
        let Some(flight) = self.flight(key)? else { return Ok(()) };
        let found = self.find_receipt(&flight).await?;
        self.outbox.store.update(key, |entry| {
            let Stage::InFlight(mut flight) = entry.stage.clone() else { return false };
            entry.stage = match found {
                Found::Receipt(receipt) => Stage::Mined { flight, receipt },
                _ if gives_up && is_filler(&flight) => Stage::Refused(Failure::NotNeeded),
                Found::Nothing if gives_up => Stage::Queued,
                Found::Unknown if gives_up => {
                    Stage::Refused(Failure::OutcomeUnknown { hash: flight.latest().hash })
                }
                Found::Nothing | Found::Unknown => {
                    flight.lost_at.get_or_insert(head);
                    Stage::InFlight(flight)
                }
            };
            true
        })?;
        Ok(())
    }

    async fn confirm(&self, key: IntentKey) -> Result<(), OutboxError> {
        let Some(entry) = self.outbox.store.find(key)? else { return Ok(()) };
        let Stage::Mined { flight, receipt } = entry.stage else { return Ok(()) };
        let found = match self.find_receipt(&flight).await? {
            Found::Receipt(found) => found,
            Found::Unknown if self.is_canonical(&receipt).await? => receipt,
            Found::Nothing | Found::Unknown => return self.unmine(key),
        };
        self.outbox.store.update(key, |entry| {
            let Stage::Mined { flight, receipt } = &entry.stage else { return false };
            entry.stage = if *receipt == found {
                Stage::Done(found)
            } else {
                Stage::Mined { flight: flight.clone(), receipt: found }
            };
            true
        })?;
        Ok(())
    }

    /// Whether the block of a receipt is in the chain. One that the node has removed is too old to be taken back.
    async fn is_canonical(&self, receipt: &MinedIn) -> Result<bool, OutboxError> {
        match self.chain.block_at(receipt.height).await {
            Ok(block) => Ok(block.is_some_and(|block| block.hash == receipt.block)),
            Err(error) if error.is_pruned() => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn unmine(&self, key: IntentKey) -> Result<(), OutboxError> {
        self.outbox.store.update(key, |entry| {
            let Stage::Mined { flight, .. } = &mut entry.stage else { return false };
            let mut flight = flight.clone();
            flight.lost_at = None;
            if let Some(latest) = flight.attempts.last_mut() {
                // Not in the chain, and perhaps in no pool either.
                latest.offered_at = None;
            }
            entry.stage = Stage::InFlight(flight);
            true
        })?;
        Ok(())
    }

    async fn fill(&self, nonce: u64) -> Result<(), OutboxError> {
        let fees = self.policy.first(&self.chain.fees().await?);
        let gas = Gas(21_000);
        let envelope = Envelope { chain_id: self.chain_id, nonce, gas, fees };
        let to = self.outbox.account().into();
        let intent =
            super::Intent { to, value: U256::ZERO, input: Default::default(), gas: Some(gas) };
        let attempt = sign(&self.signer, envelope, &intent, Purpose::Cancel)?;
        let flight = Flight::new(nonce, gas, attempt);
        tracing::warn!(nonce, "nobody holds this nonce: filling the gap");
        Ok(self.outbox.store.insert_filler(&intent, flight)?)
    }

    /// The receipt of whichever attempt was mined, the latest first.
    async fn find_receipt(&self, flight: &Flight) -> Result<Found, OutboxError> {
        let mut found = Found::Nothing;
        for attempt in flight.attempts.iter().rev() {
            match self.chain.receipt(attempt.hash).await {
                Ok(Some(receipt)) => return Ok(Found::Receipt(mined_in(&receipt, attempt))),
                Ok(None) => {}
                Err(error) if error.is_pruned() => found = Found::Unknown,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    fn flight(&self, key: IntentKey) -> Result<Option<Flight>, OutboxError> {
        Ok(match self.outbox.store.find(key)?.map(|entry| entry.stage) {
            Some(Stage::InFlight(flight) | Stage::Mined { flight, .. }) => Some(flight),
            _ => None,
        })
    }

    fn change_flight(
        &self,
        key: IntentKey,
        change: impl FnOnce(&mut Flight),
    ) -> Result<(), OutboxError> {
        self.outbox.store.update(key, |entry| match &mut entry.stage {
            Stage::InFlight(flight) => {
                change(flight);
                true
            }
            _ => false,
        })?;
        Ok(())
    }
}

/// A refusal that holds up what comes after is told once for each signed transaction.
fn tell_refusal(key: IntentKey, flight: &Flight, refusal: Refusal, error: &RpcError) {
    let is_first = flight.latest().offered_at.is_none();
    if is_first && matches!(refusal, Refusal::NotNow | Refusal::Never) {
        tracing::warn!(%key, nonce = flight.nonce, ?refusal, %error, "the node refused");
    } else {
        tracing::debug!(%key, nonce = flight.nonce, ?refusal, %error, "the node refused");
    }
}

/// Whether all that was ever signed for the nonce is empty.
fn is_filler(flight: &Flight) -> bool {
    flight.attempts.iter().all(|attempt| attempt.purpose == Purpose::Cancel)
}

fn mined_in(receipt: &Receipt, attempt: &Attempt) -> MinedIn {
    MinedIn {
        hash: attempt.hash,
        block: receipt.block_hash,
        height: receipt.block_number,
        is_success: receipt.is_success(),
        gas_used: receipt.gas_used,
        purpose: attempt.purpose,
    }
}
