//! Decides what the outbox should do now. Pure: reads nothing but its arguments.

use super::entry::{Attempt, Entry, Flight, IntentKey, Purpose, Stage};
use crate::Fees;
use std::collections::BTreeSet;
use utnet_primitives::{Height, Seconds};

/// How patient the outbox is, and how much it may pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Nonces in use at once, at most.
    pub most_in_flight: usize,
    /// After that long without a receipt the same bytes are offered again.
    pub resend_after: Seconds,
    /// After that long without a receipt the fee is raised.
    pub bump_after: Seconds,
    /// Blocks above a receipt that make it final.
    pub confirmations: Height,
    /// How much both fees are raised, in percent; pools ask for at least 10.
    pub bump_percent: u8,
    /// Most wei per gas that may ever be offered.
    pub most_fee: u128,
    /// Gas added to an estimate, in percent.
    pub gas_margin_percent: u8,
}

impl Default for Policy {
    /// For the dev chain's one-second blocks.
    fn default() -> Self {
        Self {
            most_in_flight: 16,
            resend_after: Seconds(5),
            bump_after: Seconds(15),
            confirmations: Height(2),
            bump_percent: 13,
            // 1,000 gwei: 16.8 UNC for the largest transaction that Osaka allows.
            most_fee: 1_000_000_000_000,
            gas_margin_percent: 25,
        }
    }
}

impl Policy {
    /// The fees of the next attempt: raised by the bump, at least what the chain asks, rounded up.
    /// `None` if that is more than may be paid.
    #[must_use]
    pub fn bumped(&self, last: &Attempt, asked: &Fees) -> Option<(u128, u128)> {
        let percent = u128::from(self.bump_percent.max(10));
        let raise =
            |fee: u128| fee.saturating_add(fee.saturating_mul(percent).div_ceil(100)).max(1);
        let tip = raise(last.tip).max(asked.tip);
        let max_fee = raise(last.max_fee).max(asked.max_fee()).max(tip);
        (max_fee <= self.most_fee).then_some((max_fee, tip))
    }

    /// The fees of a first attempt, at most what may be paid.
    #[must_use]
    pub fn first(&self, asked: &Fees) -> (u128, u128) {
        let max_fee = asked.max_fee().min(self.most_fee);
        (max_fee, asked.tip.min(max_fee))
    }
}

/// What was seen of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The account's nonce in the newest state.
    pub mined_nonce: u64,
    /// Height of the newest block.
    pub head: Height,
    /// The time.
    pub now: Seconds,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Give this intent a nonce, sign, store, then send.
    Assign {
        /// The intent.
        key: IntentKey,
        /// Its nonce.
        nonce: u64,
    },
    /// Offer the latest signed bytes to the node.
    Send(IntentKey),
    /// Sign the same with higher fees, store, then send.
    Bump(IntentKey),
    /// Sign an empty transaction with the same nonce and higher fees, store, then send.
    Cancel(IntentKey),
    /// The nonce is used up: look which of our transactions did it.
    Look {
        /// The intent.
        key: IntentKey,
        /// If none of ours did, give the intent a new nonce: the foreign one is final.
        gives_up: bool,
    },
    /// The receipt is deep enough: look once more, then it is final.
    Confirm(IntentKey),
    /// The receipt is gone: the intent is in flight again.
    Unmine(IntentKey),
    /// Nobody holds this nonce, and later ones wait for it: use it up.
    Fill {
        /// The nonce.
        nonce: u64,
    },
    /// Nothing to do for this intent.
    Wait,
}

/// What to do for one intent. A queued one waits here: nonces are given in [`plan`].
#[must_use]
pub fn next_step(key: IntentKey, entry: &Entry, seen: &Seen, policy: &Policy) -> Step {
    match &entry.stage {
        Stage::InFlight(flight) if flight.nonce < seen.mined_nonce => Step::Look {
            key,
            gives_up: flight.lost_at.is_some_and(|at| is_final(at, seen, policy)),
        },
        Stage::InFlight(flight) => step_in_flight(key, flight, seen, policy),
        Stage::Mined { flight, .. } if flight.nonce >= seen.mined_nonce => Step::Unmine(key),
        Stage::Mined { receipt, .. } if is_final(receipt.height, seen, policy) => {
            Step::Confirm(key)
        }
        _ => Step::Wait,
    }
}

/// Everything to do now, in order: earlier nonces first, gaps before new nonces.
#[must_use]
pub fn plan(entries: &[(IntentKey, Entry)], seen: &Seen, policy: &Policy) -> Vec<Step> {
    let held: BTreeSet<u64> = entries.iter().filter_map(|(_, entry)| entry.nonce()).collect();
    let mut by_nonce: Vec<_> =
        entries.iter().filter_map(|(key, entry)| Some((entry.nonce()?, key, entry))).collect();
    by_nonce.sort_by_key(|(nonce, ..)| *nonce);

    let next = held.last().map_or(0, |nonce| nonce.saturating_add(1)).max(seen.mined_nonce);
    let in_flight = held.range(seen.mined_nonce..).count();
    let free = policy.most_in_flight.saturating_sub(in_flight);
    let queued = entries.iter().filter(|(_, entry)| entry.stage == Stage::Queued);

    let gaps = gaps(&held, seen).take(policy.most_in_flight).map(|nonce| Step::Fill { nonce });
    let steps = by_nonce.into_iter().map(|(_, key, entry)| next_step(*key, entry, seen, policy));
    let assigned =
        queued.zip(next..).take(free).map(|((key, _), nonce)| Step::Assign { key: *key, nonce });
    gaps.chain(steps).chain(assigned).filter(|step| *step != Step::Wait).collect()
}

/// Nonces below the highest held one that nobody holds and the chain waits for.
fn gaps(held: &BTreeSet<u64>, seen: &Seen) -> impl Iterator<Item = u64> {
    let highest = held.last().copied().unwrap_or_default();
    (seen.mined_nonce..highest).filter(|nonce| !held.contains(nonce))
}

fn step_in_flight(key: IntentKey, flight: &Flight, seen: &Seen, policy: &Policy) -> Step {
    let latest = flight.latest();
    let is_over = |since: Option<Seconds>, wait: Seconds| {
        since.is_some_and(|at| seen.now >= at.saturating_add(wait))
    };
    let is_stuck = flight.is_hopeless || is_over(flight.unpayable_since, policy.bump_after);
    if is_stuck && latest.purpose == Purpose::Intent {
        Step::Cancel(key)
    } else if latest.offered_at.is_none() || flight.lost_at.is_some() {
        // Lost and back again: a reorganisation took away what had used the nonce.
        Step::Send(key)
    } else if is_over(latest.sent_at, policy.bump_after) {
        Step::Bump(key)
    } else if is_over(latest.offered_at, policy.resend_after) {
        Step::Send(key)
    } else {
        Step::Wait
    }
}

fn is_final(height: Height, seen: &Seen, policy: &Policy) -> bool {
    seen.head >= height.saturating_add(policy.confirmations)
}
