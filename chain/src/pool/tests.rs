//! Tests the pool's order, replacement, capacity and queues.

use super::{Pool, PoolOrder, Rejected};
use crate::engine::test_support::Tx;
use proptest::prelude::*;
use std::collections::BTreeMap;

const GWEI: u128 = 1_000_000_000;

fn priced(from: usize, nonce: u64, tip: u128, fee: u128) -> Tx {
    Tx::from(from).nonce(nonce).tip(tip).fee(fee)
}

#[test]
fn replacement_must_raise_tip_and_fee_cap_by_ten_percent() {
    let mut pool = Pool::new(10);
    pool.insert(priced(0, 0, 100, 1_000).recovered(), 0).unwrap();

    for (tip, fee) in [(109, 1_100), (110, 1_099), (100, 5_000)] {
        let refused = pool.insert(priced(0, 0, tip, fee).recovered(), 0);
        let Err(reason) = refused else { panic!("{tip} {fee} accepted") };
        assert!(matches!(
            reason,
            Rejected::ReplacementUnderpriced { least_tip: 110, least_fee: 1_100, .. }
        ));
    }
    let replaced = pool.insert(priced(0, 0, 110, 1_100).recovered(), 0).unwrap();

    assert_eq!(pool.len(), 1);
    assert_eq!(replaced.ready.len(), 1);
    assert!(pool.find(&replaced.hash).is_some());
}

#[test]
fn the_same_transaction_is_known_already() {
    let mut pool = Pool::new(10);
    pool.insert(Tx::from(0).recovered(), 0).unwrap();

    let again = pool.insert(Tx::from(0).recovered(), 0);

    assert_eq!(again.map(|i| i.hash), Err(Rejected::AlreadyKnown));
}

#[test]
fn a_full_pool_gives_up_its_cheapest_for_a_dearer_one() {
    let mut pool = Pool::new(2);
    let cheap = pool.insert(priced(0, 0, 1, 5 * GWEI).recovered(), 0).unwrap().hash;
    pool.insert(priced(1, 0, 1, 9 * GWEI).recovered(), 0).unwrap();

    let poor = pool.insert(priced(2, 0, 1, 5 * GWEI).recovered(), 0);
    pool.insert(priced(3, 0, 1, 6 * GWEI).recovered(), 0).unwrap();

    assert_eq!(poor.map(|i| i.hash), Err(Rejected::PoolFull));
    assert_eq!(pool.len(), 2);
    assert!(pool.find(&cheap).is_none());
}

#[test]
fn a_nonce_far_ahead_is_refused() {
    let mut pool = Pool::new(10);

    let refused = pool.insert(Tx::from(0).nonce(100_000).recovered(), 0);

    assert!(matches!(refused, Err(Rejected::NonceTooHigh { got: 100_000, next: 0 })));
}

/// The entry after it was looked for at the same nonce, for ever.
#[test]
fn the_last_nonce_is_refused() {
    let mut pool = Pool::new(10);

    let refused = pool.insert(Tx::from(0).nonce(u64::MAX).recovered(), u64::MAX);

    assert!(matches!(refused, Err(Rejected::NonceMax)));
    assert_eq!(pool.ready(PoolOrder::Fees, 0).count(), 0);
}

#[test]
fn closing_a_gap_makes_all_behind_it_ready_at_once() {
    let mut pool = Pool::new(10);
    assert!(pool.insert(Tx::from(0).nonce(2).recovered(), 0).unwrap().ready.is_empty());
    assert!(pool.insert(Tx::from(0).nonce(1).recovered(), 0).unwrap().ready.is_empty());

    let closed = pool.insert(Tx::from(0).nonce(0).recovered(), 0).unwrap();

    let nonces: Vec<_> = closed.ready.iter().map(|entry| entry.nonce()).collect();
    assert_eq!(nonces, [0, 1, 2]);
}

#[test]
fn what_is_below_the_accounts_nonce_goes() {
    let mut pool = Pool::new(10);
    for nonce in 0..5 {
        pool.insert(Tx::from(0).nonce(nonce).recovered(), 0).unwrap();
    }
    let sender = crate::engine::test_support::account(0).address();

    pool.set_nonce(sender, 3);

    assert_eq!(pool.len(), 2);
    assert_eq!(pool.next_nonce(sender), Some(5));
}

#[test]
fn a_fee_cap_below_the_base_fee_holds_back_later_nonces() {
    let mut pool = Pool::new(10);
    pool.insert(priced(0, 0, 1, 2 * GWEI).recovered(), 0).unwrap();
    pool.insert(priced(0, 1, 1, 90 * GWEI).recovered(), 0).unwrap();
    pool.insert(priced(1, 0, 1, 90 * GWEI).recovered(), 0).unwrap();

    let ready: Vec<_> = pool.ready(PoolOrder::Fees, 3_000_000_000).collect();

    assert_eq!(ready.len(), 1);
}

/// Sender, nonce and tip of a transaction.
fn offers() -> impl Strategy<Value = Vec<(usize, u64, u128)>> {
    proptest::collection::vec((0..4_usize, 0..6_u64, 1..20_u128), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_is_total_and_keeps_every_senders_nonces(offers in offers()) {
        let mut pool = Pool::new(1_000);
        for (from, nonce, tip) in &offers {
            drop(pool.insert(priced(*from, *nonce, *tip, 100 * GWEI).recovered(), 0));
        }

        let once: Vec<_> = pool.ready(PoolOrder::Fees, 0).map(|e| e.hash).collect();
        let twice: Vec<_> = pool.ready(PoolOrder::Fees, 0).map(|e| e.hash).collect();

        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(once.len(), pool.status().pending);
        let mut next = BTreeMap::new();
        for entry in pool.ready(PoolOrder::Fees, 0) {
            let expected = next.entry(entry.sender()).or_insert(0);
            prop_assert_eq!(entry.nonce(), *expected);
            *expected += 1;
        }
    }

    /// Against a map of nonces that is walked anew each time.
    #[test]
    fn what_is_pending_is_the_run_without_a_gap_from_the_accounts_nonce(
        steps in proptest::collection::vec((0..3_u8, 0..12_u64), 1..60)
    ) {
        let sender = crate::engine::test_support::account(0).address();
        let mut pool = Pool::new(1_000);
        let (mut next, mut model) = (0, BTreeMap::new());
        for (kind, nonce) in steps {
            match kind {
                0 if nonce >= next => {
                    if let Ok(inserted) = pool.insert(Tx::from(0).nonce(nonce).recovered(), next) {
                        model.insert(nonce, inserted.hash);
                    }
                }
                1 => {
                    if let Some(hash) = model.remove(&nonce) {
                        prop_assert!(pool.remove(&hash).is_some());
                    }
                }
                _ => {
                    next = nonce;
                    pool.set_nonce(sender, next);
                    model.retain(|nonce, _| *nonce >= next);
                }
            }
            let run: Vec<_> = (next..).take_while(|nonce| model.contains_key(nonce)).collect();
            let (pending, queued) = pool.content_from(sender);
            prop_assert_eq!(pending.keys().copied().collect::<Vec<_>>(), &run[..]);
            prop_assert_eq!(pending.len() + queued.len(), model.len());
            prop_assert_eq!(pool.next_nonce(sender), run.last().map(|nonce| nonce + 1));
            prop_assert_eq!(pool.has_ready(0), !run.is_empty());
        }
    }

    #[test]
    fn the_pool_never_exceeds_its_capacity_and_loses_no_index(offers in offers()) {
        let mut pool = Pool::new(7);
        for (from, nonce, tip) in &offers {
            drop(pool.insert(priced(*from, *nonce, *tip, *tip * GWEI).recovered(), 0));
            prop_assert!(pool.len() <= 7);
        }
        let status = pool.status();
        prop_assert_eq!(status.pending + status.queued, pool.all().len());
        for entry in pool.all() {
            prop_assert!(pool.remove(&entry.hash).is_some());
        }
        prop_assert_eq!(pool.len(), 0);
        prop_assert_eq!(pool.senders().count(), 0);
    }
}
