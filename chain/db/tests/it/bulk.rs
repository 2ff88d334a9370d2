//! What is written to the file itself, past the journal, is a commit like all others.

use crate::chain::{changes_of, genesis, next_block};
use utnet_db::{BlockWrite, Graft, OpenOptions, StateChanges, Store};

fn options() -> OpenOptions {
    OpenOptions { by_hand: true, max_size: 8 << 20, ..OpenOptions::default() }
}

#[test]
fn a_loaded_chain_outlives_the_blocks_that_were_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), options()).unwrap();
    let first = genesis(&store);
    store.init_genesis(&first).unwrap();
    let loaded = next_block(&store, changes_of(1), 2);
    // A block that leaves nothing behind when it is taken back, but for the journal.
    store.append_block(next_block(&store, StateChanges::default(), 0)).unwrap();
    store.unwind_to(0).unwrap();
    let graft = Graft {
        bare: vec![BlockWrite { header: first.header, ..BlockWrite::default() }],
        blocks: vec![loaded.clone()],
        check_root: true,
        ..Graft::default()
    };

    store.graft(graft).unwrap();

    drop(store);
    for _ in 0..2 {
        let store = Store::open(folder.path(), options()).unwrap();
        let view = store.view().unwrap();
        assert_eq!(view.head().unwrap(), (1, loaded.header.hash()));
        view.verify().unwrap();
        store.carry().unwrap();
    }
}
