//! A chip seals once upon a block: a second seal would have it slashed.

use super::support::{earn, make_chips, register, sealer, spec};
use crate::{
    engine::{
        EngineError, EngineOptions, dump,
        test_support::{TestChain, foreign, on_store},
    },
    execution::BlockRecord,
    genesis::ChainSpec,
    poci::PociFault,
};
use alloy_primitives::hex;
use std::{fs, path::Path, time::Duration};
use utnet_db::Store;
use utnet_primitives::{ChipId, Height, Sidecar};
use utnet_se::SecurityEngine;

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
            Err(EngineError::Poci(fault)) if fault.retry_at().is_some() => {
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

/// Makes blocks until a drawn chip seals one.
async fn first_drawn(t: &TestChain) -> BlockRecord {
    loop {
        let made = next(t).await.unwrap();
        if chip_of(&made).is_some() {
            return made;
        }
    }
}

/// The dump ends where a chip has sealed the next block already.
#[test]
fn a_dev_chain_may_do_again_what_a_loaded_dump_takes_back() {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    let options = EngineOptions { in_memory: true, ..on_disk(folder.path()) };
    on_store(Store::in_memory(), rules(true), options, async |t| {
        register(&t, &chips).await;
        first_drawn(&t).await;
        let dump = dump::to_json(&t.chain.view().unwrap(), dump::Past::Ours).unwrap();
        let first = chip_of(&next(&t).await.unwrap());

        t.chain.load(dump::from_json(&dump).unwrap()).await.unwrap();
        let second = chip_of(&next(&t).await.unwrap());

        assert!(first.is_some() && second == first);
    });
}

/// Notes of a chain of the same genesis that has become long, whose folder was removed.
fn note_a_long_life(chip: &Path, genesis: &[u8]) {
    let name = hex::encode(&genesis[..8]);
    let floor = [&5_000_u64.to_be_bytes()[..], &[0; 32]].concat();
    fs::write(chip.join(format!("seals-{name}")), floor).unwrap();
}

/// Whether a chip seals a block of a chain that begins anew with chips that have sealed much of it before.
fn wakes_its_chips(spec: ChainSpec) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    for chip in ["chip-0", "chip-1"] {
        note_a_long_life(&folder.path().join(chip), spec.header.hash().as_slice());
    }
    let mut wakes = false;
    on_store(Store::in_memory(), spec, on_disk(folder.path()), async |t| {
        register(&t, &chips).await;
        for _ in 0..40 {
            wakes |= chip_of(&next(&t).await.unwrap()).is_some();
        }
    });
    wakes
}

#[test]
fn a_dev_chain_that_begins_anew_wakes_its_chips() {
    assert!(wakes_its_chips(rules(true)));
}

#[test]
fn chips_do_not_seal_again_what_they_may_have_sealed_where_others_make_blocks() {
    assert!(!wakes_its_chips(rules(false)));
}

/// Its block was noted and came to nothing, in the middle of a run of empty blocks.
#[test]
fn a_chip_that_did_not_sign_may_seal_the_block_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    on_store(Store::in_memory(), rules(true), on_disk(folder.path()), async |t| {
        register(&t, &chips).await;
        first_drawn(&t).await;
        // Not the chip with the key of the draws.
        let (secret, other) =
            (folder.path().join("chip-1/efuse"), folder.path().join("chip-0/efuse"));
        let right = fs::read(&secret).unwrap();
        fs::write(&secret, fs::read(other).unwrap()).unwrap();
        let mut failed = None;
        while failed.is_none() {
            failed = t.chain.mine(50, None).await.err();
            t.clock.advance(Duration::from_secs(60));
        }
        assert!(matches!(failed, Some(EngineError::Poci(PociFault::Chip(_)))), "{failed:?}");
        fs::write(&secret, right).unwrap();

        let sealed = next(&t).await.unwrap();

        assert_eq!(chip_of(&sealed), Some(chips[1].chip_id()));
    });
}
