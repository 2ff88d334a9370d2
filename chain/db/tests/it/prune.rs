//! A store without its older history: what is kept is that of a store with all of it, what is gone is
//! refused, and the disk does not hold it.

use crate::chain::{
    Home, changes_of, dump, genesis, grown, homes, next_block, on_disk, person, rich, slot, small,
};
use alloy_primitives::U256;
use proptest::prelude::*;
use utnet_db::{
    BlockWrite, DbError, History, Kept, Pruning, StateChanges, Store, View, maintain,
    mdbx::MdbxDatabase,
    tables::{HashedAccounts, Headers},
    traits::{Database, DbTx, DbTxMut},
};

fn window(state: u64, receipts: u64, bodies: u64) -> Pruning {
    Pruning { state: Some(state), receipts: Some(receipts), bodies: Some(bodies) }
}

fn is_gone<T>(found: Result<T, DbError>, gone: History, block: u64) -> bool {
    matches!(found, Err(DbError::Pruned { part, number, .. }) if part == gone && number == block)
}

fn check_state(pruned: &View, whole: &View, number: u64) {
    let (then, expected) = (pruned.at(number).unwrap(), whole.at(number).unwrap());
    for who in (0..10).chain(1_000..1_010) {
        let address = person(who);
        assert_eq!(then.account(address).unwrap(), expected.account(address).unwrap());
        let at = slot(who % 10);
        assert_eq!(then.storage(address, at).unwrap(), expected.storage(address, at).unwrap());
    }
    let root = then.state_root(&StateChanges::default()).unwrap();
    assert_eq!(root, expected.state_root(&StateChanges::default()).unwrap());
    let slots = [slot(1), slot(700)];
    let proof = then.proof(person(0), &slots).unwrap();
    assert_eq!(proof, expected.proof(person(0), &slots).unwrap());
}

fn check_block(pruned: &View, whole: &View, number: u64, has_body: bool) {
    let block = whole.block(number).unwrap().unwrap();
    if has_body {
        assert_eq!(pruned.block(number).unwrap().as_ref(), Some(&block));
        assert_eq!(pruned.sidecar(number).unwrap(), whole.sidecar(number).unwrap());
    } else {
        assert!(is_gone(pruned.block(number), History::Bodies, number));
        assert!(is_gone(pruned.sidecar(number), History::Bodies, number));
    }
    for transaction in &block.transactions {
        let hash = *transaction.tx_hash();
        let expected = whole.tx_by_hash(hash).unwrap().filter(|_| has_body);
        assert_eq!(pruned.tx_by_hash(hash).unwrap(), expected);
    }
}

fn check_window(kept: Kept, head: u64, pruning: &Pruning) {
    for part in History::ALL {
        let wanted = head.saturating_sub(pruning.distance(part).unwrap());
        // The first block keeps all but its state.
        let is_least = part != History::State && wanted <= 1;
        assert!(kept.first(part) >= wanted || is_least, "{part}: {kept:?} at {head}");
    }
}

/// Everything inside the window is equal, everything outside is refused.
fn check(pruned: &View, whole: &View, pruning: &Pruning) {
    let (head, kept) = (whole.head_number().unwrap(), pruned.kept().unwrap());
    check_window(kept, head, pruning);
    for number in 0..=head {
        assert_eq!(pruned.header(number).unwrap(), whole.header(number).unwrap());
        if number >= kept.state {
            check_state(pruned, whole, number);
        } else {
            assert!(is_gone(pruned.at(number), History::State, number));
            assert!(is_gone(pruned.before(number + 1), History::State, number));
        }
        check_block(pruned, whole, number, number >= kept.bodies || number == 0);
        if number >= kept.receipts || number == 0 {
            assert_eq!(pruned.receipts(number).unwrap(), whole.receipts(number).unwrap());
        } else {
            assert!(is_gone(pruned.receipts(number), History::Receipts, number));
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Blocks(u64),
    Outside(u64),
    Unwind(u64),
    /// Opens the window wider or closes it.
    Choose(Pruning),
    Slice,
}

fn choice() -> impl Strategy<Value = Pruning> {
    (1..9_u64, 1..9_u64, 1..9_u64)
        .prop_map(|(state, receipts, bodies)| window(state, receipts, bodies))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (1..6_u64).prop_map(Step::Blocks),
        2 => (0..9_u64).prop_map(Step::Outside),
        3 => (0..7_u64).prop_map(Step::Unwind),
        1 => choice().prop_map(Step::Choose),
        1 => Just(Step::Slice),
    ]
}

fn next(store: &Store, salt: u64) -> BlockWrite {
    let number = store.view().unwrap().head_number().unwrap() + 1;
    let mut changes = changes_of(number);
    changes.set_storage(person(number % 4), slot(salt % 10), U256::from(salt));
    next_block(store, changes, usize::try_from(number % 3).unwrap())
}

fn advance(pruned: &Store, whole: &Store, salt: u64, step: &Step) {
    match step {
        Step::Blocks(count) => {
            for index in 0..*count {
                let block = next(whole, salt + index);
                pruned.append_block(block.clone()).unwrap();
                whole.append_block(block).unwrap();
            }
        }
        Step::Outside(who) => {
            let mut changes = StateChanges::default();
            changes.set_account(person(*who), rich(salt));
            pruned.apply_outside_block(&changes).unwrap();
            whole.apply_outside_block(&changes).unwrap();
        }
        Step::Unwind(back) => {
            let to = whole.view().unwrap().head_number().unwrap().saturating_sub(*back);
            if to < pruned.view().unwrap().kept().unwrap().state {
                let before = dump(&pruned.view().unwrap());
                assert!(is_gone(pruned.unwind_to(to), History::State, to));
                assert_eq!(dump(&pruned.view().unwrap()), before, "a refusal changes nothing");
            } else {
                pruned.unwind_to(to).unwrap();
                whole.unwind_to(to).unwrap();
            }
        }
        Step::Choose(pruning) => {
            pruned.set_pruning(*pruning);
            while pruned.prune().unwrap() {}
        }
        Step::Slice => drop(pruned.prune().unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_that_of_a_store_with_everything(
        first in choice(),
        steps in proptest::collection::vec(step(), 1..12),
    ) {
        let mut dumps = Vec::new();
        for Home { store, folder } in homes() {
            let whole = Store::in_memory();
            let genesis = genesis(&whole);
            store.init_genesis(&genesis).unwrap();
            whole.init_genesis(&genesis).unwrap();
            store.set_pruning(first);
            for (salt, step) in (0..).map(|index| index * 31).zip(&steps) {
                advance(&store, &whole, salt, step);
                let pruning = store.pruning();
                check(&store.view().unwrap(), &whole.view().unwrap(), &pruning);
            }
            store.view().unwrap().verify().unwrap();
            dumps.push(dump(&store.view().unwrap()));
            drop((store, folder));
        }
        prop_assert_eq!(&dumps[0], &dumps[1]);
    }
}

/// Entries of the tables that a window bounds.
fn bounded(view: &View) -> usize {
    let headers = ["CanonicalHeaders", "HeaderNumbers", "Headers", "BlockBodyIndices"];
    let sizes = view.table_sizes().unwrap();
    sizes.iter().filter(|(name, _)| !headers.contains(name)).map(|(_, entries)| entries).sum()
}

#[test]
fn a_chain_that_grows_does_not_hold_more_than_its_window() {
    for home in homes() {
        home.store.set_pruning(window(64, 64, 64));
        let home = grown(home, 400);
        let at_400 = bounded(&home.store.view().unwrap());
        for _ in 0..400 {
            let number = home.store.view().unwrap().head_number().unwrap() + 1;
            let count = usize::try_from(number % 4).unwrap();
            home.store.append_block(next_block(&home.store, changes_of(number), count)).unwrap();
        }
        let at_800 = bounded(&home.store.view().unwrap());
        assert!(at_800 <= at_400 + 8, "{at_400} entries, then {at_800}");
        home.store.view().unwrap().verify().unwrap();
    }
}

#[test]
fn a_whole_store_catches_up_in_slices_between_which_it_goes_on() {
    const HEAD: u64 = 600;
    let pruning = window(70, 20, 40);
    for (home, other) in homes().into_iter().zip(homes()) {
        let home = grown(home, HEAD);
        home.store.set_pruning(pruning);
        let (mut slices, mut before) = (0, home.store.view().unwrap().kept().unwrap());
        while home.store.prune().unwrap() {
            slices += 1;
            let kept = home.store.view().unwrap().kept().unwrap();
            assert!(kept.state > before.state && kept.state < HEAD - 70, "{kept:?}");
            before = kept;
        }
        assert!(slices > 1, "all at once");
        let number = HEAD + 1;
        home.store.append_block(next_block(&home.store, changes_of(number), 1)).unwrap();
        let kept = Kept { state: number - 70, receipts: number - 20, bodies: number - 40 };
        assert_eq!(home.store.view().unwrap().kept().unwrap(), kept);
        assert!(!home.store.prune().unwrap());
        home.store.view().unwrap().verify().unwrap();

        other.store.set_pruning(pruning);
        let other = grown(other, HEAD);
        other.store.append_block(next_block(&other.store, changes_of(number), 1)).unwrap();
        assert!(dump(&home.store.view().unwrap()) == dump(&other.store.view().unwrap()));
    }
}

#[test]
fn blocks_alone_bring_a_whole_store_into_its_window() {
    let home = grown(on_disk(), 300);
    home.store.set_pruning(window(64, 64, 64));
    for number in 301..320 {
        home.store.append_block(next_block(&home.store, changes_of(number), 1)).unwrap();
    }
    let kept = Kept { state: 255, receipts: 255, bodies: 255 };
    assert_eq!(home.store.view().unwrap().kept().unwrap(), kept);
}

#[test]
fn what_is_gone_is_known_to_a_store_that_is_opened_without_a_window() {
    let home = on_disk();
    home.store.set_pruning(window(5, 5, 5));
    let Home { store, folder } = grown(home, 30);
    drop(store);
    let store = Store::open(folder.as_ref().unwrap().path(), small()).unwrap();
    assert!(store.pruning().keeps_all());
    for number in 31..40 {
        store.append_block(next_block(&store, changes_of(number), 1)).unwrap();
    }
    let view = store.view().unwrap();
    let kept = Kept { state: 25, receipts: 25, bodies: 25 };
    assert_eq!(view.kept().unwrap(), kept);
    assert!(is_gone(view.at(24), History::State, 24));
    let told = view.block(24).unwrap_err().to_string();
    assert!(told.starts_with("pruned history unavailable: transactions of block 24"), "{told}");
    view.verify().unwrap();
}

#[test]
fn blocks_taken_back_below_the_kept_bodies_come_again_whole() {
    for home in homes() {
        home.store.set_pruning(window(20, 3, 3));
        let home = grown(home, 30);
        home.store.unwind_to(15).unwrap();
        for number in 16..18 {
            home.store.append_block(next_block(&home.store, changes_of(number), 2)).unwrap();
        }
        let view = home.store.view().unwrap();
        assert!(is_gone(view.block(15), History::Bodies, 15));
        assert_eq!(view.block(16).unwrap().unwrap().transactions.len(), 2);
        assert_eq!(view.receipts(16).unwrap().unwrap().len(), 2);
        view.verify().unwrap();
    }
}

#[test]
fn receipts_go_with_their_transactions_at_the_latest() {
    let pruning = Pruning { state: None, receipts: None, bodies: Some(7) };
    assert_eq!(pruning.distance(History::Receipts), Some(7));
    let pruning = Pruning { receipts: Some(9), ..pruning };
    assert_eq!(pruning.distance(History::Receipts), Some(7));
    let pruning = Pruning { receipts: Some(5), ..pruning };
    assert_eq!(pruning.distance(History::Receipts), Some(5));
}

fn pruned_and_closed() -> tempfile::TempDir {
    let home = on_disk();
    home.store.set_pruning(window(12, 8, 10));
    let Home { store, folder } = grown(home, 40);
    drop(store);
    folder.unwrap()
}

fn nothing_else(_: &View, _: u64) -> Result<(), DbError> {
    Ok(())
}

#[test]
fn a_check_calls_a_store_without_its_history_sound() {
    let folder = pruned_and_closed();
    let found = maintain::check(folder.path(), &nothing_else).unwrap();
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    let kept = Kept { state: 28, receipts: 32, bodies: 30 };
    assert_eq!(found.kept, Some(kept));
    assert_eq!(maintain::stats(folder.path()).unwrap().1, kept);
}

#[test]
fn a_repair_keeps_what_a_store_without_its_history_has() {
    let folder = pruned_and_closed();
    let db = MdbxDatabase::open(folder.path(), small()).unwrap();
    let tx = db.tx_mut().unwrap();
    tx.clear::<HashedAccounts>().unwrap();
    tx.commit().unwrap();
    drop(db);

    let done = maintain::repair(folder.path(), &nothing_else).unwrap();

    assert_eq!((done.head_before, done.head), (40, 40));
    let store = Store::open(folder.path(), small()).unwrap();
    let view = store.view().unwrap();
    view.verify().unwrap();
    assert_eq!(view.kept().unwrap(), Kept { state: 28, receipts: 32, bodies: 30 });
    assert!(is_gone(view.at(27), History::State, 27));
    assert!(view.at(28).is_ok() && view.block(30).unwrap().is_some());
}

#[test]
fn a_repair_that_would_need_a_state_that_is_gone_changes_nothing() {
    let folder = pruned_and_closed();
    let db = MdbxDatabase::open(folder.path(), small()).unwrap();
    let tx = db.tx_mut().unwrap();
    let mut header = tx.get::<Headers>(20).unwrap().unwrap();
    header.gas_used += 1;
    tx.put::<Headers>(20, header).unwrap();
    tx.commit().unwrap();
    drop(db);

    let refused = maintain::repair(folder.path(), &nothing_else);

    assert!(is_gone(refused, History::State, 19));
    assert!(!folder.path().join("mdbx.dat.damaged").exists());
    assert_eq!(
        Store::open(folder.path(), small()).unwrap().view().unwrap().head_number().unwrap(),
        40
    );
}
