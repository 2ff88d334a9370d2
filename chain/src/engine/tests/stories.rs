//! Chains that live on disk.

use super::support::{Tx, on_store, plain_spec, stranger};
use crate::{
    engine::{Beginning, EngineError, EngineOptions, genesis_file, stored_genesis},
    execution::At,
    genesis::{ChainSpec, DevGenesis, Limits},
};
use alloy_primitives::U256;
use utnet_db::{OpenOptions, Store};
use utnet_primitives::Height;

fn on_disk() -> EngineOptions {
    EngineOptions { in_memory: false, ..EngineOptions::default() }
}

#[test]
fn a_restart_continues_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(folder.path(), OpenOptions::default()).unwrap();
    on_store(open(), plain_spec(), on_disk(), async |t| {
        for nonce in 0..3 {
            t.chain.submit(Tx::from(0).nonce(nonce).signed()).await.unwrap();
        }
    });

    on_store(open(), plain_spec(), on_disk(), async |t| {
        assert_eq!(t.chain.view().unwrap().height(), Height(3));

        t.chain.submit(Tx::from(0).nonce(3).signed()).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(4));
        let paid = view.state(At::Latest).unwrap().account(stranger(0)).unwrap().unwrap();
        assert_eq!(paid.balance, U256::from(4));
    });
}

#[test]
fn a_store_knows_the_genesis_it_began_with() {
    let store = Store::in_memory();
    assert!(stored_genesis(&store, Limits::DEV).unwrap().is_none());
    on_store(store.clone(), plain_spec(), EngineOptions::default(), async |_| {});

    let spec = stored_genesis(&store, Limits::DEV).unwrap().unwrap();

    assert_eq!(spec.header.hash(), plain_spec().header.hash());
    assert_eq!(spec.genesis.config, plain_spec().genesis.config);
    assert_eq!(spec.has_precompiles, plain_spec().has_precompiles);
    // A start does not read them; who wants the file has them all the same.
    assert!(spec.genesis.alloc.len() <= 1);
    assert_eq!(genesis_file(&store).unwrap().unwrap(), plain_spec().genesis);
}

#[test]
fn a_store_of_another_chain_is_refused() {
    let store = Store::in_memory();
    on_store(store.clone(), plain_spec(), EngineOptions::default(), async |_| {});
    let other = DevGenesis { chain_id: 5, poci: None, ..DevGenesis::default() };
    let other = ChainSpec::new(other.build().unwrap(), Limits::DEV).unwrap();

    let clock = std::sync::Arc::new(crate::clock::ManualClock::at(super::support::START));
    let refused =
        crate::engine::open(store, std::sync::Arc::new(other), EngineOptions::default(), clock);

    assert!(matches!(refused, Err(EngineError::Read(_))));
}

#[test]
fn a_chain_on_disk_keeps_its_genesis_through_a_reset() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), OpenOptions::default()).unwrap();
    on_store(store, plain_spec(), on_disk(), async |t| {
        let other = DevGenesis { chain_id: 5, poci: None, ..DevGenesis::default() };
        let other = ChainSpec::new(other.build().unwrap(), Limits::DEV).unwrap();

        let refused = t.chain.reset(Some(Beginning { spec: other.into(), fork: None })).await;

        assert!(matches!(refused, Err(EngineError::OnDisk)));
    });
}
