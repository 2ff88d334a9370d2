//! Time control, snapshots, cheats, impersonation.

use super::support::{START, Tx, account, on_chain, stranger};
use crate::{
    engine::{EngineError, HeadEvent, SnapshotId},
    execution::{AccountPatch, At, Sandbox},
    miner::MiningMode,
    pool::Rejected,
};
use alloy_evm::revm::DatabaseRef;
use alloy_primitives::{B256, U256, bytes};
use std::{collections::BTreeMap, time::Duration};
use utnet_primitives::{Height, Seconds};

fn balance(wei: u64) -> AccountPatch {
    AccountPatch { balance: Some(U256::from(wei)), ..AccountPatch::default() }
}

#[test]
fn a_revert_restores_blocks_state_cheats_time_and_pool() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.mine(1, None).await.unwrap();
        t.chain.patch(vec![(stranger(1), balance(11))]).await.unwrap();
        t.chain.increase_time(1_000).await.unwrap();
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        let id = t.chain.snapshot().await.unwrap();
        t.chain.mine(3, None).await.unwrap();
        t.chain.patch(vec![(stranger(1), balance(22)), (stranger(2), balance(5))]).await.unwrap();
        t.chain.increase_time(5_000).await.unwrap();
        t.chain.submit(Tx::from(1).signed()).await.unwrap();
        t.clock.advance(Duration::from_secs(77));

        let done = t.chain.revert(id).await.unwrap();

        assert!(done);
        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(1));
        let state = view.state(At::Latest).unwrap();
        assert_eq!(state.account(stranger(1)).unwrap().unwrap().balance, U256::from(11));
        assert_eq!(state.account(stranger(2)).unwrap(), None);
        let ready = t.chain.pool_view().ready();
        assert_eq!(ready.len(), 1);
        assert_eq!(ready[0].sender(), account(0).address());
        t.chain.mine(1, None).await.unwrap();
        // The head stood one second ahead of the clock when time was moved.
        assert_eq!(t.chain.view().unwrap().head().timestamp, START.0 + 1_001);
    });
}

#[test]
fn a_revert_takes_its_snapshot_and_later_ones_away() {
    on_chain(MiningMode::Manual, async |t| {
        let first = t.chain.snapshot().await.unwrap();
        let second = t.chain.snapshot().await.unwrap();
        let third = t.chain.snapshot().await.unwrap();

        assert!(t.chain.revert(second).await.unwrap());

        assert!(!t.chain.revert(second).await.unwrap());
        assert!(!t.chain.revert(third).await.unwrap());
        assert!(t.chain.revert(first).await.unwrap());
        assert!(!t.chain.revert(SnapshotId(99)).await.unwrap());
    });
}

/// `evm_revert` to a snapshot on a block that a rollback had taken away failed, as it must, but forgot
/// all later snapshots: a test suite that reverted to one of these was left on the wrong state.
#[test]
fn a_revert_to_a_block_that_is_gone_leaves_later_snapshots() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.mine(2, None).await.unwrap();
        let stale = t.chain.snapshot().await.unwrap();
        t.chain.rollback(1).await.unwrap();
        t.chain.patch(vec![(stranger(1), balance(11))]).await.unwrap();
        let valid = t.chain.snapshot().await.unwrap();
        t.chain.patch(vec![(stranger(1), balance(22))]).await.unwrap();

        assert!(!t.chain.revert(stale).await.unwrap());

        assert!(t.chain.revert(valid).await.unwrap());
        let state = t.chain.view().unwrap().state(At::Latest).unwrap();
        assert_eq!(state.account(stranger(1)).unwrap().unwrap().balance, U256::from(11));
    });
}

#[test]
fn cheats_are_part_of_the_next_block_and_of_its_root() {
    on_chain(MiningMode::Manual, async |t| {
        let patch = AccountPatch {
            nonce: Some(7),
            code: Some(bytes!("0x6001600055")),
            storage: BTreeMap::from([(U256::from(3), U256::from(4))]),
            ..balance(99)
        };
        t.chain.patch(vec![(stranger(1), patch)]).await.unwrap();

        t.chain.mine(1, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let before = view.state(At::After(Height(0))).unwrap();
        assert_eq!(before.account(stranger(1)).unwrap(), None);
        let after = view.state(At::After(Height(1))).unwrap();
        let changed = after.account(stranger(1)).unwrap().unwrap();
        assert_eq!((changed.nonce, changed.balance), (7, U256::from(99)));
        assert_eq!(after.code(stranger(1)).unwrap(), bytes!("0x6001600055"));
        assert_eq!(after.storage(stranger(1), U256::from(3)).unwrap(), U256::from(4));
        assert_eq!(after.state_root(&Default::default()).unwrap(), view.head().state_root);
    });
}

#[test]
fn an_impersonated_account_needs_no_signature_even_with_code() {
    on_chain(MiningMode::Instant, async |t| {
        let whale = stranger(1);
        let rich = AccountPatch { code: Some(bytes!("0x00")), ..balance(u64::MAX) };
        t.chain.patch(vec![(whale, rich)]).await.unwrap();
        let refused = t.chain.submit(Tx::from(0).asserted(whale)).await;
        assert!(matches!(refused, Err(EngineError::Rejected(Rejected::NotImpersonated { .. }))));

        t.chain.impersonate(whale, true).await.unwrap();
        t.chain.submit(Tx::from(0).asserted(whale)).await.unwrap();

        let block = t.chain.view().unwrap().block(Height(1)).unwrap().unwrap();
        assert_eq!(block.transactions[0].signer(), whale);
        t.chain.impersonate(whale, false).await.unwrap();
        assert!(t.chain.submit(Tx::from(0).nonce(1).asserted(whale)).await.is_err());
    });
}

#[test]
fn the_next_timestamp_is_exact_and_time_goes_on_from_there() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.set_next_timestamp(Seconds(START.0 + 500)).await.unwrap();
        t.chain.mine(1, None).await.unwrap();
        t.clock.advance(Duration::from_secs(10));
        t.chain.mine(1, None).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.header(Height(1)).unwrap().unwrap().timestamp, START.0 + 500);
        assert_eq!(view.head().timestamp, START.0 + 510);
        let past = t.chain.set_next_timestamp(START).await;
        assert!(matches!(past, Err(EngineError::TimestampTooLow { .. })));
    });
}

#[test]
fn settings_for_one_block_hold_for_one_block() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.set_next_base_fee(3).await.unwrap();
        t.chain.set_prevrandao(B256::repeat_byte(9)).await.unwrap();
        t.chain.set_coinbase(stranger(5)).await.unwrap();

        t.chain.mine(2, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let first = view.header(Height(1)).unwrap().unwrap();
        assert_eq!(first.base_fee_per_gas, Some(3));
        assert_eq!(first.mix_hash, B256::repeat_byte(9));
        assert_eq!(view.head().beneficiary, stranger(5));
        assert_ne!(view.head().mix_hash, B256::repeat_byte(9));
    });
}

#[test]
fn a_rollback_sends_removed_blocks_from_the_head_down() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.mine(3, None).await.unwrap();
        let mut heads = t.chain.heads();

        let head = t.chain.rollback(2).await.unwrap();

        assert_eq!(head, Height(1));
        for height in [3, 2] {
            let HeadEvent::Removed(block) = heads.recv().await.unwrap() else { panic!("added") };
            assert_eq!(block.height(), Height(height));
        }
        assert!(matches!(
            t.chain.rollback(2).await,
            Err(EngineError::TooDeep { depth: 2, head: Height(1), first: Height(0) })
        ));
    });
}

#[test]
fn a_reorg_replaces_blocks_and_their_transactions() {
    on_chain(MiningMode::Instant, async |t| {
        t.chain.submit(Tx::from(0).value(1).signed()).await.unwrap();
        let old = t.chain.view().unwrap().head().hash();
        let new = BTreeMap::from([(0, vec![Tx::from(0).value(77).signed()])]);

        t.chain.reorg(1, new).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_ne!(view.head().hash(), old);
        let paid = view.state(At::Latest).unwrap().account(stranger(0)).unwrap().unwrap();
        assert_eq!(paid.balance, U256::from(77));
    });
}

#[test]
fn of_two_replacements_with_one_nonce_the_second_is_told_as_left_out() {
    on_chain(MiningMode::Instant, async |t| {
        t.chain.submit(Tx::from(0).value(1).signed()).await.unwrap();
        let (first, second) = (Tx::from(0).value(2).signed(), Tx::from(0).value(3).signed());
        let lost = *second.transaction.hash();

        let told = t.chain.reorg(1, BTreeMap::from([(0, vec![first, second])])).await;

        assert!(matches!(told, Err(EngineError::LeftOut { hash }) if hash == lost), "{told:?}");
        assert_eq!(t.chain.view().unwrap().height(), Height(1));
    });
}

#[test]
fn a_reset_goes_back_to_genesis() {
    on_chain(MiningMode::Instant, async |t| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        t.chain.set_mining(MiningMode::Manual).await.unwrap();
        t.chain.patch(vec![(stranger(4), balance(4))]).await.unwrap();

        t.chain.reset(None).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(0));
        assert_eq!(view.state(At::Latest).unwrap().account(stranger(4)).unwrap(), None);
        assert_eq!(t.chain.settings().mining, MiningMode::Instant);
    });
}

#[test]
fn dropped_transactions_leave_a_gap() {
    on_chain(MiningMode::Manual, async |t| {
        let first = t.chain.submit(Tx::from(0).signed()).await.unwrap();
        t.chain.submit(Tx::from(0).nonce(1).signed()).await.unwrap();

        assert_eq!(t.chain.drop_transaction(first).await.unwrap(), Some(first));
        assert_eq!(t.chain.drop_transaction(first).await.unwrap(), None);

        assert_eq!(t.chain.pool_view().status().queued, 1);
        t.chain.drop_transactions(None).await.unwrap();
        assert_eq!(t.chain.pool_view().status(), Default::default());
    });
}

#[test]
fn the_pending_block_holds_what_is_ready_and_changes_nothing() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.submit(Tx::from(0).value(5).signed()).await.unwrap();

        let (view, pending) = t.chain.pending().unwrap();

        assert_eq!(pending.block.transactions.len(), 1);
        assert_eq!(pending.block.height(), Height(1));
        let sandbox = pending.sandbox(&view).unwrap();
        let paid = sandbox.state.basic_ref(stranger(0)).unwrap();
        assert_eq!(paid.unwrap().balance, U256::from(5));
        assert_eq!(t.chain.view().unwrap().height(), Height(0));
    });
}

#[test]
fn a_replay_sees_what_cheats_changed_before_the_block() {
    on_chain(MiningMode::Instant, async |t| {
        // stores 7 in slot 1
        let code = AccountPatch { code: Some(bytes!("0x6007600155")), ..balance(3) };
        t.chain.patch(vec![(stranger(0), code)]).await.unwrap();
        let tx = Tx::from(0).gas(100_000).signed();
        t.chain.submit(tx).await.unwrap();

        let view = t.chain.view().unwrap();
        let before = Sandbox::before_transaction(&view, Height(1), 0).unwrap();
        let after = Sandbox::before_transaction(&view, Height(1), 1).unwrap();

        let slot =
            |sandbox: &Sandbox| sandbox.state.storage_ref(stranger(0), U256::from(1)).unwrap();
        assert_eq!(before.state.basic_ref(stranger(0)).unwrap().unwrap().balance, U256::from(3));
        assert_eq!((slot(&before), slot(&after)), (U256::ZERO, U256::from(7)));
    });
}
