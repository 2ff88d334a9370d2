//! Appends many blocks in one commit, each made from the state after the one before it.

use super::{AppendBlock, Backend, Store, View, Write, tries::Tries, tx::ViewTx};
use crate::{
    error::DbError,
    provider::BlockWrite,
    traits::{Database, DbTxMut, RawTxMut},
};
use std::sync::Arc;

impl Store {
    /// Appends the blocks that `next` makes, until it makes none: it is shown everything as it is after
    /// the block before. Nobody else sees any of them before all are committed, together.
    ///
    /// Gives the error of `next` that ended it: the blocks before are committed.
    ///
    /// # Errors
    ///
    /// As [`Store::append_block`]; then nothing was written.
    pub fn append_blocks<E: From<DbError>>(
        &self,
        next: impl FnMut(&View) -> Result<Option<BlockWrite>, E>,
    ) -> Result<Result<(), E>, DbError> {
        let _alone = self.begin()?;
        let tries = Arc::new(self.shared.tries.branch());
        let follow = |shared: &Tries, ended: Result<(), E>| {
            shared.adopt(&tries);
            ended
        };
        match &self.shared.backend {
            Backend::Disk(db) => {
                let tx = db.tx_mut()?;
                let ended = self.stage(&tx, &tries, |tx| ViewTx::Disk(tx.staged()), next)?;
                self.publish(|| tx.commit_raw().map(|()| ended), follow)
            }
            Backend::Memory(db) => {
                let tx = db.tx_mut()?;
                let ended = self.stage(&tx, &tries, |tx| ViewTx::Memory(tx.staged()), next)?;
                self.publish(|| tx.commit_raw().map(|()| ended), follow)
            }
        }
    }

    fn stage<TX: DbTxMut + RawTxMut, E: From<DbError>>(
        &self,
        tx: &TX,
        tries: &Arc<Tries>,
        staged: impl Fn(&TX) -> ViewTx,
        mut next: impl FnMut(&View) -> Result<Option<BlockWrite>, E>,
    ) -> Result<Result<(), E>, DbError> {
        loop {
            // Gone before anything is written, so that nothing needs to be copied for it.
            let view = View::new(staged(tx), tries.commit(), Arc::clone(tries));
            let block = match next(&view) {
                Ok(Some(block)) => block,
                Ok(None) => return Ok(Ok(())),
                Err(ended) => return Ok(Err(ended)),
            };
            drop(view);
            let pruning = self.pruning();
            let ((), left) = AppendBlock { block, tries, pruning }.run(tx)?;
            tries.follow(left);
        }
    }
}
