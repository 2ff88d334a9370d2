//! Follows the logs of a chain block by block, resumes where it stopped, and takes blocks back after a reorganisation.
//!
//! A block is delivered until it is accepted: at least once, in order. Who needs exactly once accepts it in the
//! same database transaction that stores what it led to ([`LogCursor::accept_in`]).

use crate::{BlockRef, Chain, RpcError, StorageError, storage};
use alloy_rpc_types_eth::{Filter, Log};
use redb::{Database, TableDefinition, WriteTransaction};
use std::sync::Arc;
use utnet_primitives::Height;

/// `name ‖ 0x00 ‖ height(8, big-endian)` → JSON of the [`BlockRef`].
const BLOCKS: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("cursor-blocks");

/// Blocks kept to recognise a reorganisation; deeper ones stop the cursor.
const DEPTH: u64 = 256;

/// Why a cursor cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CursorError {
    /// The node gave no answer.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The chain was rewritten further back than the cursor remembers: start again from another height.
    #[error("the chain was rewritten below height {oldest}, deeper than {DEPTH} blocks")]
    TooDeep {
        /// Oldest height that the cursor remembers.
        oldest: Height,
    },
}

impl CursorError {
    /// Whether the same step may succeed later without any change.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Rpc(error) if error.is_retryable())
    }

    /// Whether nothing will get better until somebody has looked at the disk, or has chosen another start.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Storage(_) | Self::TooDeep { .. })
    }
}

/// What happened on the chain, one block at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A block was added.
    Block {
        /// The block.
        block: BlockRef,
        /// Its logs that match the filter, in order.
        logs: Vec<Log>,
    },
    /// The newest accepted block is not canonical any more: undo what it led to.
    RolledBack {
        /// The block that is gone.
        block: BlockRef,
    },
    /// The cursor stands at the head.
    Nothing,
}

/// What a cursor should do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Nothing new.
    Wait,
    /// Read this block's logs.
    Read(BlockRef),
    /// Take this block back.
    RollBack(BlockRef),
}

/// Decides from the last accepted block, the canonical block of its height, and the canonical block above it.
/// Reads nothing but its arguments.
#[must_use]
pub fn next_move(
    last: Option<&BlockRef>,
    canonical: Option<&BlockRef>,
    child: Option<&BlockRef>,
) -> Move {
    match (last, child) {
        (None, None) => Move::Wait,
        (None, Some(first)) => Move::Read(*first),
        (Some(last), Some(child)) if child.parent_hash == last.hash => Move::Read(*child),
        (Some(last), Some(_)) => Move::RollBack(*last),
        (Some(last), None) if canonical.is_some_and(|block| block.hash == last.hash) => Move::Wait,
        (Some(last), None) => Move::RollBack(*last),
    }
}

/// A durable place in the chain, under a name of its own.
#[derive(Debug)]
pub struct LogCursor {
    db: Arc<Database>,
    name: String,
    start: Height,
    filter: Filter,
}

impl LogCursor {
    /// Opens the cursor of that name; if there is none it begins with block `start`, inclusive.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn open(
        db: Arc<Database>,
        name: &str,
        start: Height,
        filter: Filter,
    ) -> Result<Self, StorageError> {
        let txn = db.begin_write()?;
        txn.open_table(BLOCKS)?;
        txn.commit()?;
        Ok(Self { db, name: name.to_owned(), start, filter })
    }

    /// The newest accepted block.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn position(&self) -> Result<Option<BlockRef>, StorageError> {
        let table = self.db.begin_read()?.open_table(BLOCKS)?;
        let (first, end) = (self.key(Height(0)), self.key(Height(u64::MAX)));
        let mut rows = table.range(first.as_slice()..=end.as_slice())?;
        let Some(row) = rows.next_back() else { return Ok(None) };
        Ok(Some(serde_json::from_slice(row?.1.value())?))
    }

    /// The block that comes first.
    #[must_use]
    pub const fn start(&self) -> Height {
        self.start
    }

    /// Forgets every accepted block, so that the start comes next; which one was the newest.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn restart(&self) -> Result<Option<BlockRef>, StorageError> {
        let last = self.position()?;
        let txn = self.db.begin_write()?;
        let (first, end) = (self.key(Height(0)), self.key(Height(u64::MAX)));
        txn.open_table(BLOCKS)?.retain_in(first.as_slice()..=end.as_slice(), |_, _| false)?;
        txn.commit()?;
        Ok(last)
    }

    /// What comes next; the same answer again until it is accepted. Blocks that the node has removed are passed over.
    ///
    /// # Errors
    /// [`CursorError`] when node or database fail, or the chain was rewritten too deep.
    pub async fn next<C: Chain>(&self, chain: &C) -> Result<News, CursorError> {
        let last = self.position()?;
        let wanted = last.map_or(self.start, |block| block.number.saturating_add(Height(1)));
        match self.step(chain, last, wanted).await {
            Err(CursorError::Rpc(error)) if error.is_pruned() => {
                self.skip(chain, wanted, error).await
            }
            news => news,
        }
    }

    async fn step<C: Chain>(
        &self,
        chain: &C,
        last: Option<BlockRef>,
        wanted: Height,
    ) -> Result<News, CursorError> {
        let child = chain.block_at(wanted).await?;
        let canonical = match (&last, &child) {
            (Some(last), None) => chain.block_at(last.number).await?,
            _ => None,
        };
        match next_move(last.as_ref(), canonical.as_ref(), child.as_ref()) {
            Move::Wait => Ok(News::Nothing),
            Move::Read(block) => {
                let logs = chain.logs_of(block.hash, &self.filter).await?;
                Ok(News::Block { block, logs })
            }
            Move::RollBack(block) => self.roll_back(block),
        }
    }

    /// Goes on above blocks that the node has removed. What happened in them is never delivered.
    async fn skip<C: Chain>(
        &self,
        chain: &C,
        lost: Height,
        refusal: RpcError,
    ) -> Result<News, CursorError> {
        let head = chain.head().await?.number;
        if head <= lost {
            return Err(refusal.into());
        }
        let (mut gone, mut kept) = (lost, self.read(chain, head).await?);
        let mut above = head;
        // A removed block without logs may be readable: then the search ends too low, and the next one goes on.
        while above.0.saturating_sub(gone.0) > 1 {
            let middle = Height(gone.0 + (above.0 - gone.0) / 2);
            match self.read(chain, middle).await {
                Ok(Some(news)) => (above, kept) = (middle, Some(news)),
                Ok(None) => return Ok(News::Nothing),
                Err(error) if error.is_pruned() => gone = middle,
                Err(error) => return Err(error.into()),
            }
        }
        tracing::error!(
            from = %lost,
            next = %above,
            "the node has removed blocks that were not read: what happened in them stays unknown here; \
             keep more with --prune.receipts and --prune.bodies"
        );
        Ok(kept.unwrap_or(News::Nothing))
    }

    /// A block of the canonical chain with its logs, whatever was accepted before it.
    async fn read<C: Chain>(&self, chain: &C, height: Height) -> Result<Option<News>, RpcError> {
        let Some(block) = chain.block_at(height).await? else { return Ok(None) };
        let logs = chain.logs_of(block.hash, &self.filter).await?;
        Ok(Some(News::Block { block, logs }))
    }

    /// Stores that the news were dealt with.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn accept(&self, news: &News) -> Result<(), StorageError> {
        let txn = self.db.begin_write()?;
        self.accept_in(&txn, news)?;
        Ok(txn.commit()?)
    }

    /// Stores that the news were dealt with, together with whatever else is in the transaction.
    ///
    /// # Errors
    /// [`StorageError`] when the database fails.
    pub fn accept_in(&self, txn: &WriteTransaction, news: &News) -> Result<(), StorageError> {
        let mut table = txn.open_table(BLOCKS)?;
        match news {
            News::Block { block, .. } => {
                storage::write(&mut table, &self.key(block.number), block)?;
                if let Some(old) = block.number.checked_sub(Height(DEPTH)) {
                    table.remove(self.key(old).as_slice())?;
                }
            }
            News::RolledBack { block } => {
                table.remove(self.key(block.number).as_slice())?;
            }
            News::Nothing => {}
        }
        Ok(())
    }

    fn roll_back(&self, block: BlockRef) -> Result<News, CursorError> {
        let parent = block.number.saturating_sub(Height(1));
        let table = self.db.begin_read().map_err(StorageError::from)?;
        let table = table.open_table(BLOCKS).map_err(StorageError::from)?;
        let known = table.get(self.key(parent).as_slice()).map_err(StorageError::from)?.is_some();
        if block.number > self.start && !known {
            return Err(CursorError::TooDeep { oldest: block.number });
        }
        Ok(News::RolledBack { block })
    }

    fn key(&self, height: Height) -> Vec<u8> {
        [self.name.as_bytes(), &[0], &height.0.to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Faults, RecordingChain};
    use alloy_primitives::B256;
    use utnet_primitives::Seconds;

    fn block(number: u64, branch: u8, parent_branch: u8) -> BlockRef {
        let hash = |n: u64, branch: u8| {
            B256::with_last_byte(u8::try_from(n).expect("small")) ^ B256::repeat_byte(branch)
        };
        BlockRef {
            number: Height(number),
            hash: hash(number, branch),
            parent_hash: hash(number - 1, parent_branch),
            timestamp: Seconds(number),
        }
    }

    #[test]
    fn a_child_of_the_last_block_is_read() {
        let (last, child) = (block(4, 0, 0), block(5, 0, 0));
        assert_eq!(next_move(Some(&last), None, Some(&child)), Move::Read(child));
    }

    #[test]
    fn a_child_of_another_block_takes_the_last_one_back() {
        let (last, child) = (block(4, 0, 0), block(5, 16, 16));
        assert_eq!(next_move(Some(&last), None, Some(&child)), Move::RollBack(last));
    }

    #[tokio::test]
    async fn blocks_that_the_node_has_removed_are_passed_over_and_no_others() {
        let chain = RecordingChain::new(1, Faults::default());
        let db = storage::in_memory().expect("in memory");
        let cursor = LogCursor::open(db, "test", Height(0), Filter::new()).expect("opens");
        for _ in 0..20 {
            chain.mine();
        }
        for _ in 0..3 {
            let news = cursor.next(&chain).await.expect("kept");
            cursor.accept(&news).expect("in memory");
        }
        chain.prune(Height(10));

        let mut seen = Vec::new();
        while let News::Block { block, logs } = cursor.next(&chain).await.expect("goes on") {
            seen.push(block.number.0);
            cursor.accept(&News::Block { block, logs }).expect("in memory");
        }

        assert_eq!(seen, (10..=20).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_cursor_that_is_restarted_begins_with_its_start_and_leaves_others_alone() {
        let chain = RecordingChain::new(1, Faults::default());
        for _ in 0..5 {
            chain.mine();
        }
        let db = storage::in_memory().expect("in memory");
        let open = |name, start| {
            LogCursor::open(Arc::clone(&db), name, Height(start), Filter::new()).expect("opens")
        };
        let (cursor, other) = (open("test", 0), open("tests", 0));
        for cursor in [&cursor, &other] {
            let news = cursor.next(&chain).await.expect("kept");
            cursor.accept(&news).expect("in memory");
        }

        let moved = open("test", 3);
        let last = moved.restart().expect("in memory").expect("was somewhere");

        assert_eq!(last.number, Height(0));
        assert_eq!(moved.position().expect("in memory"), None);
        let News::Block { block, .. } = moved.next(&chain).await.expect("kept") else {
            panic!("there are blocks");
        };
        assert_eq!(block.number, Height(3));
        assert!(other.position().expect("in memory").is_some());
    }

    #[test]
    fn a_shorter_chain_takes_the_last_block_back() {
        let last = block(4, 0, 0);
        assert_eq!(next_move(Some(&last), None, None), Move::RollBack(last));
        assert_eq!(next_move(Some(&last), Some(&last), None), Move::Wait);
    }
}
