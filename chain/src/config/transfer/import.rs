//! Takes blocks from files into a data folder, each through the engine's judge.

use super::{
    ImportArgs, TransferError,
    blocks::{Blocks, NotRead},
    open_store,
};
use crate::{
    clock::{Clock, SystemClock},
    engine::{self, Chain, EngineOptions},
    execution::Foreign,
    genesis::{ChainSpec, Limits},
    miner::MiningMode,
};
use alloy_primitives::B256;
use std::{
    fs::File,
    io::{BufReader, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};
use utnet_db::Store;
use utnet_primitives::Height;

/// Time between two lines that tell how far the import is.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What an import came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Blocks that were judged and taken.
    pub imported: u64,
    /// Blocks that were there already.
    pub known: u64,
    /// Height of the head.
    pub head: Height,
    /// Hash of the head.
    pub hash: B256,
}

/// Judges the blocks of files one after another and takes them; marks the last as final.
///
/// # Errors
/// [`TransferError`] names the first block that is not taken and the field that is wrong; the
/// blocks before it stay.
pub async fn import_chain(
    args: &ImportArgs,
    progress: &mut dyn Write,
) -> Result<Imported, TransferError> {
    let store = open_store(&args.datadir)?;
    let spec = Arc::new(rules(args, &store)?);
    let options =
        EngineOptions { mining: MiningMode::Manual, in_memory: false, ..EngineOptions::default() };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (chain, engine) = engine::open(store, spec, options, Arc::clone(&clock))?;
    let engine = engine.start()?;
    let mut import = Import::new(chain, clock, progress);
    let ended = import.run(args).await;
    drop(import);
    let joined = tokio::task::spawn_blocking(move || engine.join());
    match joined.await {
        Ok(Ok(())) => ended,
        _ => Err(TransferError::EngineCrashed),
    }
}

fn rules(args: &ImportArgs, store: &Store) -> Result<ChainSpec, TransferError> {
    let Some(mut spec) = engine::stored_genesis(store, Limits::ETHEREUM)? else {
        return Err(TransferError::NoChain { folder: args.datadir.clone() });
    };
    spec.limits = args.limits(&spec);
    Ok(spec)
}

/// An import under way.
struct Import<'a> {
    chain: Chain,
    clock: Arc<dyn Clock>,
    progress: &'a mut dyn Write,
    imported: u64,
    known: u64,
    /// When and at how many blocks the last line was written.
    told: (Duration, u64),
}

impl<'a> Import<'a> {
    fn new(chain: Chain, clock: Arc<dyn Clock>, progress: &'a mut dyn Write) -> Self {
        let told = (clock.now(), 0);
        Self { chain, clock, progress, imported: 0, known: 0, told }
    }

    async fn run(&mut self, args: &ImportArgs) -> Result<Imported, TransferError> {
        for path in &args.files {
            self.file(path).await?;
        }
        self.chain.mark_final().await?;
        let view = self.chain.view()?;
        let (head, hash) = (view.height(), view.head().hash());
        Ok(Imported { imported: self.imported, known: self.known, head, hash })
    }

    async fn file(&mut self, path: &Path) -> Result<(), TransferError> {
        let unusable = |source| TransferError::File { path: path.to_owned(), source };
        let mut blocks = Blocks::new(BufReader::new(File::open(path).map_err(unusable)?));
        loop {
            let block = match blocks.read() {
                Ok(Some(block)) => block,
                Ok(None) => return Ok(()),
                Err(NotRead::System(source)) => return Err(unusable(source)),
                Err(NotRead::Flaw(flaw)) => {
                    let (path, offset) = (path.to_owned(), blocks.offset);
                    return Err(TransferError::Malformed { path, offset, flaw });
                }
            };
            self.take(block).await?;
        }
    }

    /// Takes a block, unless it is there already.
    async fn take(&mut self, block: Foreign) -> Result<(), TransferError> {
        let height = Height(block.block.header.number);
        let hash = block.block.header.hash_slow();
        if let Some(kept) = self.chain.view()?.header(height)? {
            let kept = kept.hash();
            if kept != hash {
                return Err(TransferError::OtherBlock { height, hash, kept });
            }
            self.known = self.known.saturating_add(1);
            return Ok(());
        }
        let judged = self.chain.import(block).await;
        let refused = |source| TransferError::Refused { height, hash, source: Box::new(source) };
        judged.map_err(refused)?;
        self.imported = self.imported.saturating_add(1);
        self.tell(height, hash)
    }

    /// Tells from time to time how far it is.
    fn tell(&mut self, height: Height, hash: B256) -> Result<(), TransferError> {
        let (now, (then, count)) = (self.clock.now(), self.told);
        let Some(passed) = now.checked_sub(then).filter(|passed| *passed >= TELL_EVERY) else {
            return Ok(());
        };
        let milliseconds = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        let blocks = self.imported.saturating_sub(count);
        let rate = blocks.saturating_mul(1_000) / milliseconds.max(1);
        let imported = self.imported;
        writeln!(self.progress, "{imported} blocks, head {height} {hash}, {rate} blocks/s")?;
        self.told = (now, self.imported);
        Ok(())
    }
}
