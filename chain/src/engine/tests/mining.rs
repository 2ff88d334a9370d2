//! When blocks are made, and which transactions they take.

use super::support::{START, Tx, on_chain, plain_spec, stranger};
use crate::{
    clock::ManualClock,
    engine::{EngineError, EngineOptions, open},
    miner::MiningMode,
    pool::Rejected,
};
use proptest::prelude::*;
use std::{sync::Arc, time::Duration};
use utnet_db::Store;
use utnet_primitives::{Height, Seconds};

#[test]
fn manual_mining_waits_to_be_asked() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        assert_eq!(t.chain.view().unwrap().height(), Height(0));

        t.chain.mine(1, None).await.unwrap();

        let block = t.chain.view().unwrap().block(Height(1)).unwrap().unwrap();
        assert_eq!(block.transactions.len(), 1);
    });
}

#[test]
fn interval_mining_makes_a_block_per_period() {
    let mode = MiningMode::Interval { period: Duration::from_secs(2) };
    on_chain(mode, async |t| {
        for _ in 0..3 {
            t.clock.advance(Duration::from_secs(2));
            t.chain.tick().await.unwrap();
        }
        t.clock.advance(Duration::from_secs(1));
        t.chain.tick().await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(3));
        assert_eq!(view.head().timestamp, START.0 + 6);
    });
}

#[test]
fn mixed_mining_does_both() {
    let mode = MiningMode::Mixed { period: Duration::from_secs(5) };
    on_chain(mode, async |t| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        assert_eq!(t.chain.view().unwrap().height(), Height(1));

        t.clock.advance(Duration::from_secs(5));
        t.chain.tick().await.unwrap();

        assert_eq!(t.chain.view().unwrap().height(), Height(2));
    });
}

#[test]
fn a_sub_second_period_does_not_run_ahead_of_the_wall_clock_by_bursts() {
    let mode = MiningMode::Interval { period: Duration::from_millis(100) };
    on_chain(mode, async |t| {
        t.clock.advance(Duration::from_secs(60));
        t.chain.tick().await.unwrap();
        t.chain.tick().await.unwrap();

        assert_eq!(t.chain.view().unwrap().height(), Height(1));
    });
}

#[test]
fn switching_to_instant_mines_what_is_ready() {
    on_chain(MiningMode::Manual, async |t| {
        for nonce in 0..3 {
            t.chain.submit(Tx::from(0).nonce(nonce).signed()).await.unwrap();
        }

        t.chain.set_mining(MiningMode::Instant).await.unwrap();

        assert_eq!(t.chain.pool_view().status().pending, 0);
        assert_eq!(t.chain.view().unwrap().height(), Height(1));
    });
}

#[test]
fn a_gap_is_mined_through_once_it_is_closed() {
    on_chain(MiningMode::Instant, async |t| {
        t.chain.submit(Tx::from(0).nonce(2).signed()).await.unwrap();
        t.chain.submit(Tx::from(0).nonce(1).signed()).await.unwrap();
        assert_eq!(t.chain.pool_view().status().queued, 2);

        t.chain.submit(Tx::from(0).nonce(0).signed()).await.unwrap();

        assert_eq!(t.chain.pool_view().status(), Default::default());
        let block = t.chain.view().unwrap().block(Height(1)).unwrap().unwrap();
        assert_eq!(block.transactions.len(), 3);
    });
}

#[test]
fn the_best_tip_comes_first_and_equal_tips_in_order_of_arrival() {
    on_chain(MiningMode::Manual, async |t| {
        let tips = [(0, 5), (1, 9), (2, 5), (3, 7)];
        for (from, gwei) in tips {
            let tx = Tx::from(from).tip(gwei * 1_000_000_000).fee(50_000_000_000);
            t.chain.submit(tx.signed()).await.unwrap();
        }

        t.chain.mine(1, None).await.unwrap();

        let block = t.chain.view().unwrap().block(Height(1)).unwrap().unwrap();
        let order: Vec<_> = block.transactions.iter().map(|tx| tx.signer()).collect();
        let expected = [1, 3, 0, 2].map(|index| super::support::account(index).address());
        assert_eq!(order, expected);
    });
}

#[test]
fn a_full_block_leaves_the_rest_for_the_next() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.set_gas_limit(utnet_primitives::Gas(100_000)).await.unwrap();
        for nonce in 0..9 {
            t.chain.submit(Tx::from(0).nonce(nonce).signed()).await.unwrap();
        }

        t.chain.mine(3, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let count = |h| view.block(Height(h)).unwrap().unwrap().transactions.len();
        assert_eq!([count(1), count(2), count(3)], [4, 4, 1]);
    });
}

#[test]
fn a_transaction_that_became_unpayable_is_dropped_and_the_others_go_on() {
    on_chain(MiningMode::Manual, async |t| {
        let rich = super::support::account(0).address();
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        t.chain.submit(Tx::from(1).signed()).await.unwrap();
        let nothing = crate::execution::AccountPatch {
            balance: Some(Default::default()),
            ..Default::default()
        };
        t.chain.patch(vec![(rich, nothing)]).await.unwrap();

        t.chain.mine(1, None).await.unwrap();

        let block = t.chain.view().unwrap().block(Height(1)).unwrap().unwrap();
        assert_eq!(block.transactions.len(), 1);
        assert_eq!(t.chain.pool_view().status(), Default::default());
    });
}

#[test]
fn instant_mining_refuses_what_the_base_fee_would_leave_behind() {
    on_chain(MiningMode::Instant, async |t| {
        let refused = t.chain.submit(Tx::from(0).fee(1).tip(1).signed()).await;

        let Err(EngineError::Rejected(reason)) = refused else { panic!("accepted") };
        assert!(matches!(reason, Rejected::FeeCapBelowBaseFee { cap: 1, .. }));
    });
}

#[tokio::test]
async fn nobody_waits_behind_a_request_for_endless_blocks_whose_asker_has_gone() {
    let options = EngineOptions { mining: MiningMode::Manual, ..EngineOptions::default() };
    let clock = Arc::new(ManualClock::at(START));
    let (chain, engine) = open(Store::in_memory(), Arc::new(plain_spec()), options, clock).unwrap();
    engine.start().unwrap();
    let mut heads = chain.heads();
    tokio::select! {
        _ = chain.mine(u64::MAX, None) => panic!("it cannot have ended"),
        _ = heads.recv() => {}
    }

    let height = chain.mine(1, None).await.unwrap();

    assert!(height >= Height(2));
}

#[test]
fn mining_many_blocks_with_an_interval_spaces_them() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.mine(4, Some(Seconds(12))).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.head().timestamp, START.0 + 1 + 36);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// anvil 1.7.1 stops with hundreds of transactions never mined when nonces of many senders
    /// arrive shuffled in instant mode.
    #[test]
    fn shuffled_concurrent_nonces_are_all_mined(
        order in Just((0..60_usize).collect::<Vec<_>>()).prop_shuffle()
    ) {
        on_chain(MiningMode::Instant, async |t| {
            let sends = order.iter().map(|n| {
                let tx = Tx::from(n % 4).nonce((n / 4) as u64).to(stranger(*n as u64));
                let chain = t.chain.clone();
                async move { chain.submit(tx.signed()).await.unwrap() }
            });
            futures::future::join_all(sends).await;

            assert_eq!(t.chain.pool_view().status(), Default::default());
        });
    }
}
