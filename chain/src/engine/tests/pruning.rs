//! Chains that do not keep all of their history.

use super::support::{Tx, on_store, plain_spec};
use crate::{engine::EngineOptions, miner::MiningMode};
use utnet_db::{History, Pruning, Store};
use utnet_primitives::Height;

#[test]
fn a_chain_that_had_everything_sheds_it_between_commands() {
    let store = Store::in_memory();
    let manual = || EngineOptions { mining: MiningMode::Manual, ..EngineOptions::default() };
    on_store(store.clone(), plain_spec(), manual(), async |t| {
        for nonce in 0..40 {
            t.chain.submit(Tx::from(0).nonce(nonce).signed()).await.unwrap();
        }
        t.chain.mine(400, None).await.unwrap();
    });
    let pruning = Pruning { state: Some(64), receipts: Some(64), bodies: Some(64) };
    let options = EngineOptions { pruning, ..manual() };

    on_store(store.clone(), plain_spec(), options, async |t| {
        // A slice a command: bounded work each.
        let mut commands = 0;
        while t.chain.view().unwrap().store().kept().unwrap().state < 336 {
            t.chain.tick().await.unwrap();
            commands += 1;
            assert!(commands < 100, "it does not get on");
        }
        t.chain.mine(1, None).await.unwrap();
        assert_eq!(t.chain.view().unwrap().height(), Height(401));
    });

    let view = store.view().unwrap();
    let kept = view.kept().unwrap();
    for part in History::ALL {
        assert_eq!(kept.first(part), 337, "{part}");
    }
    view.verify().unwrap();
}
