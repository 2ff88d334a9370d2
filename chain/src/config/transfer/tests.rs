//! Chains go in and out of data folders whole, block by block, or not at all.

use super::{
    ExportArgs, ImportArgs, Imported, InitArgs, TransferError, export_chain, import_chain,
    init_chain, open_store,
};
use crate::{
    engine::{
        EngineError, EngineOptions, Unacceptable,
        test_support::{Tx, foreign, on_store, plain},
    },
    execution::{AccountPatch, BlockRecord, Foreign},
    genesis::ChainSpec,
    miner::MiningMode,
    poci::{PociFault, test_support::story},
};
use alloy_primitives::{Address, U256};
use std::{
    fs,
    future::Future,
    path::{Path, PathBuf},
};
use utnet_db::{DbError, OpenOptions, Store};
use utnet_primitives::Height;

const GENESIS: &str = include_str!("../../../tests/data/hive-genesis.json");
const BLOCKS: &[u8] = include_bytes!("../../../tests/data/hive-chain.rlp");
const HEAD: &str = "0xd226371d0b1551adb03fb52b71f08e3e11247fe9b1af994768af8cdaa8e7dcd7";

/// A folder with room for files and data folders.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// Begins a chain in a data folder.
    fn init(&self, datadir: &str, genesis: &str) -> Result<super::Initialised, TransferError> {
        let genesis = self.file("genesis.json", genesis.as_bytes());
        init_chain(&InitArgs { genesis, datadir: self.path(datadir) })
    }

    /// Imports bytes.
    fn import(&self, datadir: &str, blocks: &[u8]) -> Result<Imported, TransferError> {
        let files = vec![self.file("blocks.rlp", blocks)];
        let datadir = self.path(datadir);
        let args = ImportArgs { files, datadir, dev_limits: false, code_size_limit: None };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(import_chain(&args, &mut std::io::sink()))
    }

    /// Exports blocks; returns the bytes.
    fn export(
        &self,
        datadir: &str,
        first: u64,
        last: Option<u64>,
    ) -> Result<Vec<u8>, TransferError> {
        let (file, datadir) = (self.path("out.rlp"), self.path(datadir));
        let genesis = Some(self.path("out.json"));
        export_chain(&ExportArgs { file: file.clone(), datadir, first, last, genesis })?;
        Ok(fs::read(file).unwrap())
    }

    fn head(&self, datadir: &str) -> Height {
        let view = open_store(&self.path(datadir)).unwrap().view().unwrap();
        Height(view.head_number().unwrap())
    }

    /// Puts blocks of a chain that was made elsewhere into a data folder.
    fn fill(&self, datadir: &str, spec: ChainSpec, blocks: &[BlockRecord]) {
        on_disk(&self.path(datadir), spec, async |t| {
            for block in blocks {
                t.chain.import(foreign(block)).await.unwrap();
            }
        });
    }
}

fn on_disk<F: Future<Output = ()>>(
    folder: &Path,
    spec: ChainSpec,
    test: impl FnOnce(crate::engine::test_support::TestChain) -> F,
) {
    let store = Store::open(folder, OpenOptions::default()).unwrap();
    let options =
        EngineOptions { mining: MiningMode::Manual, in_memory: false, ..Default::default() };
    on_store(store, spec, options, test);
}

/// The file of a chain without the first `count` blocks.
fn after(mut blocks: &[u8], count: usize) -> &[u8] {
    for _ in 0..count {
        alloy_rlp::Header::decode_bytes(&mut blocks, true).unwrap();
    }
    blocks
}

#[test]
fn hives_chain_comes_out_as_it_went_in() {
    let desk = Desk::new();
    desk.init("one", GENESIS).unwrap();

    let imported = desk.import("one", BLOCKS).unwrap();

    assert_eq!((imported.imported, imported.known, imported.head), (54, 0, Height(54)));
    assert_eq!(imported.hash.to_string(), HEAD);
    let view = open_store(&desk.path("one")).unwrap().view().unwrap();
    assert_eq!(view.final_number().unwrap(), Some(54));
    drop(view);
    assert_eq!(desk.export("one", 1, None).unwrap(), BLOCKS);
    let genesis = fs::read_to_string(desk.path("out.json")).unwrap();
    desk.init("two", &genesis).unwrap();
    assert_eq!(desk.import("two", BLOCKS).unwrap().hash.to_string(), HEAD);
}

#[test]
fn an_import_goes_on_where_the_last_one_ended() {
    let desk = Desk::new();
    desk.init("one", GENESIS).unwrap();
    let first = BLOCKS.len() - after(BLOCKS, 20).len();
    desk.import("one", &BLOCKS[..first]).unwrap();

    let imported = desk.import("one", BLOCKS).unwrap();

    assert_eq!((imported.known, imported.imported), (20, 34));
    assert_eq!(desk.export("one", 21, Some(54)).unwrap(), after(BLOCKS, 20));
}

#[test]
fn the_first_bad_block_is_named_with_its_field_and_those_before_it_stay() {
    let desk = Desk::new();
    desk.init("one", GENESIS).unwrap();
    let mut changed = BLOCKS.to_vec();
    let block = BLOCKS.len() - after(BLOCKS, 29).len();
    // Behind two list prefixes of 3 bytes, parent, uncles and beneficiary.
    changed[block + 6 + 33 + 33 + 21 + 1] ^= 1;

    let refused = desk.import("one", &changed).unwrap_err();

    let TransferError::Refused { height, source, .. } = &refused else { panic!("{refused}") };
    assert_eq!(*height, Height(30));
    let EngineError::Unacceptable(Unacceptable::Field { field, .. }) = &**source else {
        panic!("{source}");
    };
    assert_eq!(*field, "stateRoot");
    assert_eq!(desk.head("one"), Height(29));
}

#[test]
fn a_file_that_ends_inside_a_block_is_named_with_the_place() {
    let desk = Desk::new();
    desk.init("one", GENESIS).unwrap();

    let refused = desk.import("one", &BLOCKS[..BLOCKS.len() - 1]).unwrap_err().to_string();

    let place = (BLOCKS.len() - after(BLOCKS, 53).len()).to_string();
    assert!(refused.contains("blocks.rlp") && refused.contains(&place), "{refused}");
    assert_eq!(desk.head("one"), Height(53));
}

#[test]
fn a_block_of_another_chain_is_refused() {
    let desk = Desk::new();
    desk.init("one", GENESIS).unwrap();
    desk.import("one", BLOCKS).unwrap();
    let mut changed = BLOCKS.to_vec();
    changed[6 + 33 + 33 + 21 + 1] ^= 1;

    let refused = desk.import("one", &changed).unwrap_err();

    assert!(matches!(refused, TransferError::OtherBlock { height: Height(1), .. }), "{refused}");
}

#[test]
fn a_folder_keeps_its_genesis_and_its_rules() {
    let desk = Desk::new();
    desk.init("one", GENESIS).unwrap();
    desk.init("one", GENESIS).unwrap();
    let plain = serde_json::to_string(&plain().build().unwrap()).unwrap();

    let genesis = desk.init("one", &plain).unwrap_err();
    let rules = desk.init("one", &GENESIS.replace("\"osakaTime\": 480", "\"osakaTime\": 481"));

    let TransferError::Engine(EngineError::Read(other)) = &genesis else { panic!("{genesis}") };
    assert!(other.to_string().contains("genesis"), "{other}");
    let rules = rules.unwrap_err().to_string();
    assert!(rules.contains("config.osakaTime"), "{rules}");
}

#[test]
fn a_folder_without_a_chain_is_named() {
    let desk = Desk::new();
    fs::create_dir(desk.path("empty")).unwrap();

    let import = desk.import("empty", BLOCKS).unwrap_err();
    let export = desk.export("nowhere", 1, None).unwrap_err();

    assert!(matches!(import, TransferError::NoChain { .. }), "{import}");
    assert!(matches!(export, TransferError::NoChain { .. }), "{export}");
    assert!(!desk.path("nowhere").exists());
}

#[test]
fn a_folder_that_a_node_has_open_is_left_alone() {
    let desk = Desk::new();
    desk.init("one", GENESIS).unwrap();
    let held = open_store(&desk.path("one")).unwrap();

    let refused = desk.import("one", BLOCKS).unwrap_err();

    assert!(matches!(refused, TransferError::Store(DbError::InUse { .. })), "{refused}");
    drop(held);
}

#[test]
fn a_chain_with_poci_is_judged_in_another_folder() {
    let chips = tempfile::tempdir().unwrap();
    let (spec, blocks) = story(chips.path());
    let desk = Desk::new();
    desk.fill("one", spec, &blocks);
    let bytes = desk.export("one", 1, None).unwrap();
    let genesis = fs::read_to_string(desk.path("out.json")).unwrap();
    assert!(desk.init("two", &genesis).unwrap().has_poci);

    let imported = desk.import("two", &bytes).unwrap();

    assert_eq!(imported.hash, blocks.last().unwrap().hash());
    assert_eq!(desk.export("two", 1, None).unwrap(), bytes);
}

#[test]
fn a_chain_with_poci_is_refused_without_the_proofs() {
    let chips = tempfile::tempdir().unwrap();
    let (spec, blocks) = story(chips.path());
    let desk = Desk::new();
    desk.fill("one", spec, &[]);
    let bare = alloy_rlp::encode(&foreign(&blocks[0]).block);

    let refused = desk.import("one", &bare).unwrap_err();

    let TransferError::Refused { source, .. } = &refused else { panic!("{refused}") };
    let is_named =
        matches!(**source, EngineError::Unacceptable(Unacceptable::Poci(PociFault::NoSidecar)));
    assert!(is_named, "{source}");
}

/// In the place of a proof stood changes outside of any block, which a trace would then show.
#[test]
fn a_plain_chain_takes_no_blocks_with_proofs() {
    let desk = Desk::new();
    let spec = ChainSpec::new(plain().build().unwrap(), crate::genesis::Limits::DEV).unwrap();
    let mut made = None;
    on_disk(&desk.path("one"), spec.clone(), async |t| {
        t.chain.mine(1, None).await.unwrap();
        made = t.chain.view().unwrap().block(Height(1)).unwrap();
    });
    let forged = Foreign { sidecar: Some([0, 0xc0].into()), ..foreign(&made.unwrap()) };

    on_disk(&desk.path("two"), spec, async |t| {
        let refused = t.chain.import(forged).await.unwrap_err();

        let EngineError::Unacceptable(reason) = refused else { panic!("{refused}") };
        assert!(matches!(reason, Unacceptable::Unasked), "{reason}");
    });
}

#[test]
fn blocks_that_stand_on_cheats_are_not_exported() {
    let desk = Desk::new();
    let spec = ChainSpec::new(plain().build().unwrap(), crate::genesis::Limits::DEV).unwrap();
    on_disk(&desk.path("one"), spec, async |t| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        t.chain.mine(1, None).await.unwrap();
        let patch = AccountPatch { balance: Some(U256::from(5)), ..AccountPatch::default() };
        t.chain.patch(vec![(Address::repeat_byte(7), patch)]).await.unwrap();
        t.chain.mine(1, None).await.unwrap();
    });

    let refused = desk.export("one", 1, None).unwrap_err();
    let before = desk.export("one", 1, Some(1));

    let at = Height(2);
    assert!(matches!(refused, TransferError::ChangedOutside { height } if height == at));
    assert!(before.is_ok());
    let range = desk.export("one", 2, Some(3)).unwrap_err();
    assert!(matches!(range, TransferError::Range { head: Height(2), .. }), "{range}");
}
