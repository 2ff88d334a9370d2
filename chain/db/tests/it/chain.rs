//! Builds small chains whose headers say the truth about their state.

use crate::seeded::{self, rng};
use alloy_consensus::Header;
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use tempfile::TempDir;
use utnet_db::{
    Account, BlockWrite, DbError, GenesisState, OpenOptions, SealedHeader, StateChanges, Store,
    View, tables::TableId,
};

/// A store and the folder it lives in, if any.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) store: Store,
    pub(crate) folder: Option<TempDir>,
}

/// Empty stores of both kinds.
pub(crate) fn homes() -> [Home; 2] {
    [Home { store: Store::in_memory(), folder: None }, on_disk()]
}

pub(crate) fn on_disk() -> Home {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), small()).unwrap();
    Home { store, folder: Some(folder) }
}

/// A file of at most 256 MiB.
pub(crate) fn small() -> OpenOptions {
    OpenOptions { max_size: 256 << 20, ..OpenOptions::default() }
}

/// Every entry of every table, as bytes.
pub(crate) fn dump(view: &View) -> Vec<(TableId, Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    for table in TableId::ALL {
        let collect = |key: &[u8], value: &[u8]| {
            all.push((*table, key.to_vec(), value.to_vec()));
            Ok::<_, DbError>(())
        };
        view.dump(*table, collect).unwrap();
    }
    all
}

pub(crate) fn person(index: u64) -> Address {
    Address::from_word(keccak256(index.to_be_bytes()))
}

pub(crate) fn slot(index: u64) -> B256 {
    B256::from(U256::from(index))
}

pub(crate) fn rich(balance: u64) -> Account {
    Account { nonce: 0, balance: U256::from(balance), bytecode_hash: None }
}

/// A genesis with ten accounts, a hundred slots and code in account 0.
pub(crate) fn genesis(store: &Store) -> GenesisState {
    let mut alloc = StateChanges::default();
    for index in 0..10 {
        alloc.set_account(person(index), rich(1_000 + index));
    }
    for index in 0..100 {
        alloc.set_storage(person(0), slot(index), U256::from(index + 1));
    }
    let code = alloc.add_code(Bytes::from_static(&[0x60, 0x01, 0x5b, 0x00]));
    alloc.set_account(person(0), Account { bytecode_hash: code, ..rich(5) });
    let state_root = store.view().unwrap().state_root(&alloc).unwrap();
    let header = Header { state_root, gas_limit: 30_000_000, ..Header::default() };
    GenesisState {
        header: SealedHeader::seal_slow(header),
        alloc,
        config: Bytes::from_static(br#"{"chainId":5554}"#),
        accounts: Bytes::new(),
        check_root: true,
    }
}

/// The block after the head with these changes and so many transactions.
pub(crate) fn next_block(store: &Store, state: StateChanges, transactions: usize) -> BlockWrite {
    let view = store.view().unwrap();
    let parent = view.head_header().unwrap();
    let number = parent.number + 1;
    let mut rng = rng(number);
    let header = Header {
        parent_hash: parent.hash(),
        number,
        state_root: view.state_root(&state).unwrap(),
        ..seeded::header(&mut rng)
    };
    BlockWrite {
        header: SealedHeader::seal_slow(header),
        transactions: (0..transactions).map(|_| seeded::transaction(&mut rng)).collect(),
        senders: (0..transactions).map(|_| seeded::address(&mut rng)).collect(),
        receipts: (0..transactions).map(|_| seeded::receipt(&mut rng)).collect(),
        withdrawals: Some(Withdrawals::new(vec![seeded::withdrawal(&mut rng)])),
        ommers: Vec::new(),
        sidecar: Some(seeded::bytes(&mut rng, 300)),
        state,
    }
}

/// Changes that depend on nothing but the number: a transfer, a slot, now and then a deletion.
pub(crate) fn changes_of(number: u64) -> StateChanges {
    let mut changes = StateChanges::default();
    changes.set_account(person(number % 7), rich(number));
    changes.set_account(person(1_000 + number % 50), rich(number * 3));
    changes.set_storage(person(0), slot(number % 120), U256::from(number));
    if number.is_multiple_of(5) {
        changes.delete_account(person(1_000 + (number + 25) % 50));
    }
    changes
}

/// A store with genesis and blocks 1 to `head`.
pub(crate) fn grown(home: Home, head: u64) -> Home {
    home.store.init_genesis(&genesis(&home.store)).unwrap();
    for number in 1..=head {
        let block =
            next_block(&home.store, changes_of(number), usize::try_from(number % 4).unwrap());
        home.store.append_block(block).unwrap();
    }
    home
}
