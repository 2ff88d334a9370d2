//! A chip seals once upon a block: a second seal would have it slashed.

use super::support::{earn, make_chips, register, sealer, spec};
use crate::{
    engine::{
        EngineError, EngineOptions,
        test_support::{TestChain, foreign, on_store},
    },
    execution::BlockRecord,
    genesis::ChainSpec,
    poci::PociFault,
};
use std::{path::Path, time::Duration};
use utnet_db::Store;
use utnet_primitives::{ChipId, Height, Sidecar};

/// The options of a node whose chain is on disk, with the chips in a folder.
fn on_disk(folder: &Path) -> EngineOptions {
    EngineOptions { sealer: sealer(folder), in_memory: false, ..EngineOptions::default() }
}

/// The chip that sealed a block; `None` for the genesis sealer.
fn chip_of(block: &BlockRecord) -> Option<ChipId> {
    match Sidecar::decode(block.sidecar.as_ref().unwrap()).unwrap() {
        Sidecar::Drawn(drawn) => Some(drawn.chip()),
        Sidecar::Sealer(_) => None,
    }
}

fn head(t: &TestChain) -> BlockRecord {
    let view = t.chain.view().unwrap();
    view.block(view.height()).unwrap().unwrap()
}

/// Makes the block after the head, when its turn comes.
async fn next(t: &TestChain) -> Result<BlockRecord, EngineError> {
    loop {
        match t.chain.mine(1, None).await {
            Ok(_) => return Ok(head(t)),
            Err(EngineError::Poci(PociFault::NotOurTurn { .. })) => {
                t.clock.advance(Duration::from_secs(1));
            }
            Err(other) => return Err(other),
        }
    }
}

/// A dev chain, where others may make blocks, too, if so wanted.
fn rules(is_alone: bool) -> ChainSpec {
    spec(|dev| {
        let schedule = dev.poci.as_mut().unwrap();
        schedule.sole_sealer = is_alone;
        schedule.lookback_epochs = if is_alone { 1 } else { 2 };
    })
}

/// A power cut takes the last block, or the chain is put back from a copy: the same draw comes again.
#[test]
fn a_chain_that_lost_its_last_block_goes_on_without_a_second_seal_of_its_chip() {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    let (mut blocks, mut lost) = (Vec::new(), None);
    on_store(Store::in_memory(), rules(true), on_disk(folder.path()), async |t| {
        earn(&t, &chips).await;
        let view = t.chain.view().unwrap();
        let all = 1..=view.height().0;
        blocks.extend(all.map(|height| view.block(Height(height)).unwrap().unwrap()));
        lost = Some(next(&t).await.unwrap());
    });
    let lost = lost.unwrap();

    on_store(Store::in_memory(), rules(true), on_disk(folder.path()), async |t| {
        for block in &blocks {
            t.chain.import(foreign(block)).await.unwrap();
        }
        t.clock.advance(Duration::from_secs(60));

        let instead = next(&t).await.unwrap();

        assert_eq!(instead.header.parent_hash, lost.header.parent_hash);
        assert_ne!(instead.hash(), lost.hash());
        assert!(chip_of(&lost).is_some() && chip_of(&instead) != chip_of(&lost));
        // After another parent nothing is in the way: chips seal as ever.
        assert!(chip_of(&next(&t).await.unwrap()).is_some());
    });
}

/// Makes a block, takes it back, and makes another: who sealed them.
fn sealed_twice(spec: ChainSpec) -> [Option<ChipId>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    let mut sealed = [None; 2];
    let options = EngineOptions { in_memory: true, ..on_disk(folder.path()) };
    on_store(Store::in_memory(), spec, options, async |t| {
        register(&t, &chips).await;
        let mut first = next(&t).await.unwrap();
        while chip_of(&first).is_none() {
            first = next(&t).await.unwrap();
        }
        t.chain.rollback(1).await.unwrap();
        t.clock.advance(Duration::from_secs(1));
        sealed = [chip_of(&first), chip_of(&next(&t).await.unwrap())];
    });
    sealed
}

#[test]
fn a_block_that_was_taken_back_is_not_sealed_again_by_its_chip() {
    let [first, second] = sealed_twice(rules(false));

    assert!(first.is_some() && second != first);
}

#[test]
fn a_dev_chain_whose_node_is_alone_may_do_again_what_it_took_back() {
    let [first, second] = sealed_twice(rules(true));

    assert!(first.is_some() && second == first);
}
