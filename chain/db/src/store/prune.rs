//! Keeps a store to a window of history.

use super::{Store, Write, tries::Left};
use crate::{error::DbError, provider::prune, pruning::Pruning, traits::DbTxMut};

impl Store {
    /// Chooses how much history is kept from now on. Each block that is appended removes, in its own
    /// commit, what falls out; of what was there before, a slice of bounded work ([`Store::prune`]).
    pub fn set_pruning(&self, pruning: Pruning) {
        *self.shared.pruning.lock() = pruning;
    }

    /// How much history is kept.
    pub fn pruning(&self) -> Pruning {
        *self.shared.pruning.lock()
    }

    /// Removes a slice of the history that is not kept any more, with a commit of its own, and says
    /// whether there is more. Does nothing when there is none.
    ///
    /// # Errors
    ///
    /// What the engine reports; then nothing was removed.
    pub fn prune(&self) -> Result<bool, DbError> {
        let pruning = self.pruning();
        if pruning.keeps_all() || !prune::is_behind(self.view()?.tx(), &pruning)? {
            return Ok(false);
        }
        self.write(Prune(pruning))
    }
}

struct Prune(Pruning);

impl Write<bool> for Prune {
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<(bool, Left), DbError> {
        prune::slice(tx, &self.0)?;
        Ok((prune::is_behind(tx, &self.0)?, Left::Same))
    }
}
