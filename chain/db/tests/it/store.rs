//! What the node stores it finds again, on both backends.

use crate::{
    chain::{Home, changes_of, genesis, grown, homes, next_block, person, rich, slot, small},
    seeded::{self, rng},
};
use alloy_consensus::{SignableTransaction, TxLegacy};
use alloy_primitives::{B256, Bytes, Log, LogData, Signature, U256};
use utnet_db::{Account, DbError, GenesisState, SealedHeader, StateChanges, Store};

#[test]
fn a_block_is_found_by_number_and_hash() {
    for home in homes() {
        let home = grown(home, 3);
        let block = next_block(&home.store, changes_of(4), 5);
        home.store.append_block(block.clone()).unwrap();
        let view = home.store.view().unwrap();
        let (number, hash) = (block.header.number, block.header.hash());
        assert_eq!(view.head().unwrap(), (number, hash));
        assert_eq!(view.header(number).unwrap().unwrap(), block.header);
        assert_eq!(view.header_by_hash(hash).unwrap().unwrap(), block.header);
        assert_eq!(view.number(hash).unwrap(), Some(number));
        assert_eq!(view.receipts(number).unwrap().unwrap(), block.receipts);
        assert_eq!(view.withdrawals(number).unwrap(), block.withdrawals);
        assert_eq!(view.sidecar(number).unwrap(), block.sidecar);
        assert_eq!(view.tx_count(number).unwrap(), Some(5));
        let stored = view.block_by_hash(hash).unwrap().unwrap();
        assert_eq!(stored.transactions, block.transactions);
        assert_eq!(stored.senders, block.senders);
        assert_eq!(stored.withdrawals, block.withdrawals);
    }
}

#[test]
fn a_transaction_is_found_by_its_hash() {
    for home in homes() {
        let home = grown(home, 3);
        let block = next_block(&home.store, changes_of(4), 5);
        home.store.append_block(block.clone()).unwrap();
        let view = home.store.view().unwrap();
        for (index, transaction) in (0..).zip(&block.transactions) {
            let found = view.tx_by_hash(*transaction.tx_hash()).unwrap().unwrap();
            assert_eq!(found.transaction, *transaction);
            assert_eq!((found.block_number, found.index), (4, index));
            assert_eq!(found.sender, block.senders[usize::try_from(index).unwrap()]);
        }
    }
}

#[test]
fn the_largest_transactions_receipts_and_code_are_kept() {
    for home in homes() {
        let home = grown(home, 1);
        let mut changes = StateChanges::default();
        let code = changes.add_code(vec![0x5b; 24_576].into());
        changes.set_account(person(1), Account { bytecode_hash: code, ..rich(1) });
        let mut block = next_block(&home.store, changes, 1);
        let large = TxLegacy { input: vec![0x11; 131_072].into(), ..TxLegacy::default() };
        block.transactions = vec![large.into_signed(Signature::test_signature()).into()];
        // What a whole block of gas can log.
        let noise = seeded::bytes(&mut rng(4), 4 << 20);
        let data = LogData::new_unchecked(vec![B256::ZERO; 4], noise);
        block.receipts[0].logs = vec![Log { address: person(1), data }; 2];
        home.store.append_block(block.clone()).unwrap();
        let view = home.store.view().unwrap();
        assert_eq!(view.block(2).unwrap().unwrap().transactions, block.transactions);
        assert_eq!(view.receipts(2).unwrap().unwrap(), block.receipts);
        let kept = view.bytecode(code.unwrap()).unwrap().unwrap();
        assert_eq!(kept.original_bytes(), Bytes::from(vec![0x5b; 24_576]));
    }
}

#[test]
fn what_is_not_kept_is_none() {
    for home in homes() {
        assert!(matches!(home.store.view().unwrap().head(), Err(DbError::Empty)));
        let home = grown(home, 2);
        let view = home.store.view().unwrap();
        assert_eq!(view.block(3).unwrap(), None);
        assert_eq!(view.receipts(3).unwrap(), None);
        assert_eq!(view.header_by_hash(B256::ZERO).unwrap(), None);
        assert_eq!(view.tx_by_hash(B256::ZERO).unwrap(), None);
        assert_eq!(view.account(person(99)).unwrap(), None);
        assert_eq!(view.storage(person(99), slot(1)).unwrap(), U256::ZERO);
        assert!(matches!(view.at(3), Err(DbError::UnknownBlock { number: 3, head: 2 })));
    }
}

#[test]
fn genesis_is_written_once_and_another_is_refused() {
    for home in homes() {
        let genesis = genesis(&home.store);
        home.store.init_genesis(&genesis).unwrap();
        home.store.init_genesis(&genesis).unwrap();
        assert_eq!(home.store.genesis_config().unwrap(), Some(genesis.config.clone()));
        let mut header = genesis.header.clone_header();
        header.timestamp += 1;
        let other = GenesisState { header: SealedHeader::seal_slow(header), ..genesis.clone() };
        let refused = home.store.init_genesis(&other);
        assert!(matches!(refused, Err(DbError::OtherGenesis { .. })));
        let code = genesis.alloc.bytecodes.first_key_value().unwrap();
        assert_eq!(home.store.view().unwrap().bytecode(*code.0).unwrap().as_ref(), Some(code.1));
    }
}

#[test]
fn a_genesis_may_begin_at_any_number() {
    for home in homes() {
        let mut header = seeded::header(&mut rng(5));
        header.number = 20_000_000;
        let forked = GenesisState {
            header: SealedHeader::seal_slow(header),
            config: Bytes::from_static(b"{}"),
            ..GenesisState::default()
        };
        home.store.init_genesis(&forked).unwrap();
        home.store.append_block(next_block(&home.store, changes_of(1), 2)).unwrap();
        let view = home.store.view().unwrap();
        assert_eq!(view.head_number().unwrap(), 20_000_001);
        assert_eq!(view.genesis_number().unwrap(), Some(20_000_000));
        home.store.unwind_to(20_000_000).unwrap();
        assert!(matches!(home.store.unwind_to(19_999_999), Err(DbError::UnknownBlock { .. })));
    }
}

#[test]
fn blocks_that_do_not_fit_are_refused_and_leave_no_trace() {
    for home in homes() {
        let home = grown(home, 2);
        let before = home.store.view().unwrap().table_sizes().unwrap();
        let good = next_block(&home.store, changes_of(3), 2);
        let mut gap = good.clone();
        let mut header = gap.header.clone_header();
        header.number += 1;
        gap.header = SealedHeader::seal_slow(header);
        assert!(matches!(home.store.append_block(gap), Err(DbError::NotNext { number: 4, .. })));
        let mut uneven = good.clone();
        uneven.receipts.pop();
        let refused = home.store.append_block(uneven);
        assert!(matches!(refused, Err(DbError::UnevenBlock { receipts: 1, .. })));
        let mut lying = good.clone();
        lying.state.set_account(person(1), rich(77));
        assert!(matches!(home.store.append_block(lying), Err(DbError::StateRoot { .. })));
        assert_eq!(home.store.view().unwrap().table_sizes().unwrap(), before);
        home.store.append_block(good).unwrap();
    }
}

#[test]
fn a_root_computed_before_another_commit_is_not_used() {
    for home in homes() {
        let home = grown(home, 2);
        let view = home.store.view().unwrap();
        let block = next_block(&home.store, changes_of(3), 1);
        let mut cheat = StateChanges::default();
        cheat.set_account(person(700), rich(1));
        home.store.apply_outside_block(&cheat).unwrap();
        view.state_root(&block.state).unwrap();
        let refused = home.store.append_block(block);
        assert!(matches!(refused, Err(DbError::StateRoot { number: 3, .. })));
        home.store.append_block(next_block(&home.store, changes_of(3), 1)).unwrap();
        home.store.view().unwrap().verify().unwrap();
    }
}

#[test]
fn a_change_between_blocks_belongs_to_the_next_one() {
    for home in homes() {
        let home = grown(home, 2);
        let old = home.store.view().unwrap().account(person(1)).unwrap();
        let mut cheat = StateChanges::default();
        cheat.set_account(person(1), rich(42)).set_storage(person(1), slot(1), U256::from(7));
        home.store.apply_outside_block(&cheat).unwrap();
        let view = home.store.view().unwrap();
        assert_eq!(view.account(person(1)).unwrap(), Some(rich(42)));
        assert_eq!(view.storage(person(1), slot(1)).unwrap(), U256::from(7));
        assert_eq!(view.at(2).unwrap().account(person(1)).unwrap(), old);
        assert_eq!(view.outside_changes().unwrap(), cheat);
        let root = view.head_header().unwrap().state_root;
        assert_eq!(view.at(2).unwrap().state_root(&StateChanges::default()).unwrap(), root);
        let mut block = StateChanges::default();
        block.set_account(person(1), rich(43));
        home.store.append_block(next_block(&home.store, block, 1)).unwrap();
        let view = home.store.view().unwrap();
        assert!(view.outside_changes().unwrap().is_empty());
        assert_eq!(view.at(3).unwrap().account(person(1)).unwrap(), Some(rich(43)));
        assert_eq!(view.at(2).unwrap().account(person(1)).unwrap(), old);
        home.store.unwind_to(2).unwrap();
        assert_eq!(home.store.view().unwrap().account(person(1)).unwrap(), old);
    }
}

#[test]
fn a_snapshot_with_outside_changes_can_be_restored() {
    for home in homes() {
        let home = grown(home, 3);
        let mut cheat = StateChanges::default();
        cheat.set_account(person(3), rich(42)).delete_account(person(4));
        home.store.apply_outside_block(&cheat).unwrap();
        let view = home.store.view().unwrap();
        let (number, kept) = (view.head_number().unwrap(), view.outside_changes().unwrap());
        let root = view.state_root(&StateChanges::default()).unwrap();
        for number in 4..8 {
            home.store.append_block(next_block(&home.store, changes_of(number), 1)).unwrap();
        }
        home.store.unwind_to(number).unwrap();
        home.store.apply_outside_block(&kept).unwrap();
        let view = home.store.view().unwrap();
        assert_eq!(view.state_root(&StateChanges::default()).unwrap(), root);
        assert_eq!(view.account(person(3)).unwrap(), Some(rich(42)));
    }
}

#[test]
fn unwinding_forgets_blocks_and_a_new_branch_takes_their_place() {
    for home in homes() {
        let home = grown(home, 9);
        let gone = home.store.view().unwrap().block(8).unwrap().unwrap();
        home.store.unwind_to(5).unwrap();
        let view = home.store.view().unwrap();
        assert_eq!(view.head_number().unwrap(), 5);
        assert_eq!(view.number(gone.header.hash()).unwrap(), None);
        assert_eq!(view.sidecar(8).unwrap(), None);
        for number in [6, 7, 8] {
            home.store.append_block(next_block(&home.store, changes_of(number + 100), 2)).unwrap();
        }
        let view = home.store.view().unwrap();
        assert_ne!(view.hash(8).unwrap(), Some(gone.header.hash()));
        assert_eq!(view.state_root_from_scratch().unwrap(), view.head_header().unwrap().state_root);
    }
}

#[test]
fn history_spans_many_shards_and_shrinks_again() {
    let [memory, _] = homes();
    let home = grown(memory, 0);
    let set = |number: u64| {
        let mut changes = StateChanges::default();
        changes.set_account(person(0), rich(number));
        changes.set_storage(person(0), slot(0), U256::from(number));
        changes
    };
    for number in 1..=4_100 {
        home.store.append_block(next_block(&home.store, set(number), 0)).unwrap();
    }
    let check = |store: &Store, numbers: &[u64]| {
        let view = store.view().unwrap();
        for number in numbers {
            let then = view.at(*number).unwrap();
            assert_eq!(then.account(person(0)).unwrap(), Some(rich(*number)));
            assert_eq!(then.storage(person(0), slot(0)).unwrap(), U256::from(*number));
        }
    };
    check(&home.store, &[1, 1_999, 2_000, 2_001, 3_999, 4_000, 4_001, 4_100]);
    home.store.unwind_to(2_001).unwrap();
    check(&home.store, &[1, 1_999, 2_000, 2_001]);
    home.store.unwind_to(1_500).unwrap();
    check(&home.store, &[1, 1_499, 1_500]);
}

#[test]
fn everything_is_there_after_reopening() {
    let home = grown(crate::chain::on_disk(), 6);
    let mut cheat = StateChanges::default();
    cheat.set_account(person(2), rich(9));
    home.store.apply_outside_block(&cheat).unwrap();
    let before = home.store.view().unwrap().table_sizes().unwrap();
    let Home { store, folder } = home;
    drop(store);
    let folder = folder.unwrap();
    let store = Store::open(folder.path(), small()).unwrap();
    let view = store.view().unwrap();
    assert_eq!(view.table_sizes().unwrap(), before);
    assert_eq!(view.outside_changes().unwrap(), cheat);
    view.verify().unwrap();
    store.sync().unwrap();
}
