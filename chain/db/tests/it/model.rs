//! Random blocks, cheats and unwinds against a model of plain maps, on both backends at once.

use crate::chain::{Home, dump, genesis, homes, next_block, person, rich, slot};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{
    Nibbles, TrieAccount,
    proof::verify_proof,
    root::{state_root_unhashed, storage_root_unhashed},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use utnet_db::{
    Account, AccountProof, AccountUpdate, DbError, StateChanges, Store, View, tables::TableId,
};

/// Accounts and slots as maps.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    accounts: BTreeMap<Address, Account>,
    slots: BTreeMap<Address, BTreeMap<B256, U256>>,
}

impl Model {
    fn apply(&mut self, changes: &StateChanges) {
        for (address, change) in &changes.accounts {
            match change.account {
                AccountUpdate::Unchanged => {}
                AccountUpdate::Set(account) => drop(self.accounts.insert(*address, account)),
                AccountUpdate::Deleted => drop(self.accounts.remove(address)),
            }
            let slots = self.slots.entry(*address).or_default();
            if change.storage_wiped {
                slots.clear();
            }
            slots.extend(&change.storage);
            slots.retain(|_, value| !value.is_zero());
        }
    }

    fn storage_root(&self, address: &Address) -> B256 {
        storage_root_unhashed(self.slots.get(address).into_iter().flatten().map(|(k, v)| (*k, *v)))
    }

    fn root(&self) -> B256 {
        let leaf = |(address, account): (&Address, &Account)| {
            (*address, account.into_trie_account(self.storage_root(address)))
        };
        state_root_unhashed(self.accounts.iter().map(leaf))
    }
}

#[derive(Clone, Debug)]
enum Step {
    Block(StateChanges),
    Outside(StateChanges),
    Unwind(u64),
}

const PEOPLE: u64 = 300;
const SLOTS: u64 = 80;

fn change() -> impl Strategy<Value = StateChanges> {
    // Few accounts have storage, so that their tries grow deep.
    let people = 0..PEOPLE;
    let one = prop_oneof![
        5 => (people.clone(), 0..3_u64).prop_map(|(who, much)| {
            let mut changes = StateChanges::default();
            changes.set_account(person(who), rich(much));
            changes
        }),
        8 => (0..3_u64, 0..SLOTS, 0..3_u64).prop_map(|(who, at, value)| {
            let mut changes = StateChanges::default();
            changes.set_storage(person(who), slot(at), U256::from(value));
            changes
        }),
        2 => people.prop_map(|who| {
            let mut changes = StateChanges::default();
            changes.delete_account(person(who));
            changes
        }),
        1 => (0..3_u64, 0..SLOTS).prop_map(|(who, at)| {
            let mut changes = StateChanges::default();
            changes.wipe_storage(person(who)).set_storage(person(who), slot(at), U256::from(9));
            changes
        }),
    ];
    proptest::collection::vec(one, 0..40).prop_map(|all| {
        let mut sum = StateChanges::default();
        for changes in all {
            sum.extend(changes);
        }
        sum
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => change().prop_map(Step::Block),
        2 => change().prop_map(Step::Outside),
        2 => (0..4_u64).prop_map(Step::Unwind),
    ]
}

/// The model after each block, and now.
struct Expected {
    blocks: Vec<Model>,
    now: Model,
}

fn advance(store: &Store, expected: &mut Expected, step: &Step) {
    match step {
        Step::Block(changes) => {
            store.append_block(next_block(store, changes.clone(), 1)).unwrap();
            expected.now.apply(changes);
            expected.blocks.push(expected.now.clone());
        }
        Step::Outside(changes) => {
            store.apply_outside_block(changes).unwrap();
            expected.now.apply(changes);
        }
        Step::Unwind(back) => {
            let head = store.view().unwrap().head_number().unwrap();
            let to = head.saturating_sub(*back);
            store.unwind_to(to).unwrap();
            expected.blocks.truncate(usize::try_from(to).unwrap() + 1);
            expected.now = expected.blocks.last().unwrap().clone();
        }
    }
}

fn check_now(view: &View, model: &Model) {
    let mut accounts = BTreeMap::new();
    let collect = |address, account| {
        accounts.insert(address, account);
        Ok::<_, DbError>(())
    };
    view.all_accounts(collect).unwrap();
    assert_eq!(accounts, model.accounts);
    for who in 0..4 {
        let slots: BTreeMap<_, _> =
            view.account_storage(person(who)).unwrap().into_iter().collect();
        assert_eq!(slots, model.slots.get(&person(who)).cloned().unwrap_or_default());
    }
    let root = view.state_root(&StateChanges::default()).unwrap();
    assert_eq!(root, model.root(), "incremental root");
    assert_eq!(view.state_root_from_scratch().unwrap(), root, "root from scratch");
    let slots = [slot(1), slot(SLOTS + 1)];
    for who in [0, 2, PEOPLE + 1] {
        check_proof(&view.proof(person(who), &slots).unwrap(), root);
    }
}

fn check_history(view: &View, expected: &Expected) {
    for (number, model) in (0_u64..).zip(&expected.blocks) {
        let then = view.at(number).unwrap();
        for who in 0..8 {
            let address = person(who);
            assert_eq!(then.account(address).unwrap(), model.accounts.get(&address).copied());
            let found = then.storage(address, slot(who)).unwrap();
            let slots = model.slots.get(&address);
            let value = slots.and_then(|slots| slots.get(&slot(who))).copied();
            assert_eq!(found, value.unwrap_or_default());
        }
        assert_eq!(then.state_root(&StateChanges::default()).unwrap(), model.root());
    }
    let first = view.at(0).unwrap();
    check_proof(&first.proof(person(0), &[slot(3)]).unwrap(), expected.blocks[0].root());
}

fn check_proof(proof: &AccountProof, root: B256) {
    let leaf = proof.account.map(|account| {
        let trie: TrieAccount = account.into_trie_account(proof.storage_root);
        alloy_rlp::encode(trie)
    });
    let key = Nibbles::unpack(keccak256(proof.address));
    verify_proof(root, key, leaf, &proof.proof).unwrap();
    for slot in &proof.storage_proofs {
        let leaf = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
        let key = Nibbles::unpack(keccak256(slot.slot));
        verify_proof(proof.storage_root, key, leaf, &slot.proof).unwrap();
    }
}

fn begin(home: &Home) -> Expected {
    let genesis = genesis(&home.store);
    home.store.init_genesis(&genesis).unwrap();
    let mut now = Model::default();
    now.apply(&genesis.alloc);
    Expected { blocks: vec![now.clone()], now }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stores_agree_with_the_model_and_with_each_other(steps in proptest::collection::vec(step(), 1..14)) {
        let [memory, disk] = homes();
        let beginnings = [begin(&memory), begin(&disk)];
        let at_genesis = dump(&disk.store.view().unwrap());
        let mut dumps = Vec::new();
        for (home, mut expected) in [&memory, &disk].into_iter().zip(beginnings) {
            for step in &steps {
                advance(&home.store, &mut expected, step);
                check_now(&home.store.view().unwrap(), &expected.now);
            }
            check_history(&home.store.view().unwrap(), &expected);
            // Every node of the tries, every list of the histories.
            home.store.view().unwrap().verify().unwrap();
            dumps.push(dump(&home.store.view().unwrap()));
            home.store.unwind_to(0).unwrap();
            let mut left = dump(&home.store.view().unwrap());
            left.retain(|(table, ..)| *table != TableId::Bytecodes);
            let mut first = at_genesis.clone();
            first.retain(|(table, ..)| *table != TableId::Bytecodes);
            prop_assert_eq!(left, first, "unwinding to genesis leaves something behind");
            home.store.view().unwrap().verify().unwrap();
        }
        prop_assert_eq!(&dumps[0], &dumps[1]);
    }
}

#[test]
fn roots_of_a_larger_state_follow_many_small_changes() {
    let [memory, _] = homes();
    let mut expected = begin(&memory);
    let mut all = StateChanges::default();
    for index in 0..3_000 {
        all.set_account(person(index), rich(index + 1));
        all.set_storage(person(1), slot(index), U256::from(index + 1));
    }
    advance(&memory.store, &mut expected, &Step::Block(all));
    for round in 0..60_u64 {
        let mut few = StateChanges::default();
        for index in 0..25 {
            let who = (round * 977 + index * 131) % 3_000;
            if (round + index).is_multiple_of(2) {
                few.delete_account(person(who));
                few.set_storage(person(1), slot(who), U256::ZERO);
            } else {
                few.set_account(person(who), rich(round));
                few.set_storage(person(1), slot(who), U256::from(round));
            }
        }
        few.accounts.entry(person(1)).or_default().account = AccountUpdate::Set(rich(round));
        advance(&memory.store, &mut expected, &Step::Block(few));
        let root = memory.store.view().unwrap().state_root(&StateChanges::default()).unwrap();
        assert_eq!(root, expected.now.root());
    }
    memory.store.unwind_to(1).unwrap();
    let root = memory.store.view().unwrap().state_root(&StateChanges::default()).unwrap();
    assert_eq!(root, expected.blocks[1].root());
}

/// Changes of every account and slot in a range, one in `gone` of which is deleted.
fn sweep(range: std::ops::Range<u64>, gone: u64, value: u64) -> StateChanges {
    let mut changes = StateChanges::default();
    for index in range {
        // The person with the storage stays.
        let who = person(index + 2);
        if (index + value).is_multiple_of(gone) {
            changes.delete_account(who);
            changes.set_storage(person(1), slot(index), U256::ZERO);
        } else {
            changes.set_account(who, rich(index + value));
            changes.set_storage(person(1), slot(index), U256::from(index + value));
        }
    }
    changes.set_account(person(1), rich(value));
    changes
}

/// Many changes of a trie are computed in another way than few, and what is in memory of it goes.
#[test]
fn many_changes_and_few_take_turns() {
    const MANY: u64 = 8_500;
    let [home, other] = homes();
    let (mut expected, mut again) = (begin(&home), begin(&other));
    let mut wiped = sweep(0..MANY, 7, 11);
    wiped.accounts.entry(person(1)).or_default().storage_wiped = true;
    let blocks = [
        sweep(0..MANY, u64::MAX, 1),
        sweep(0..20, 3, 2),
        sweep(MANY / 4..MANY * 5 / 4, 5, 3),
        wiped,
        sweep(10..40, 3, 6),
        // Next to nothing is left.
        sweep(3..MANY * 5 / 4, 1, 7),
    ];
    for changes in blocks {
        advance(&home.store, &mut expected, &Step::Block(changes.clone()));
        let view = home.store.view().unwrap();
        assert_eq!(view.head_header().unwrap().state_root, expected.now.root());
        advance(&other.store, &mut again, &Step::Block(changes));
    }
    for back in [0, 1, 3] {
        for (store, expected) in [(&home.store, &mut expected), (&other.store, &mut again)] {
            advance(store, expected, &Step::Unwind(back));
        }
        let views = [&home, &other].map(|home| home.store.view().unwrap());
        assert_eq!(views[0].head_header().unwrap().state_root, expected.now.root());
        // Every node of the tries.
        views[0].verify().unwrap();
        assert_eq!(dump(&views[0]), dump(&views[1]));
    }
}
