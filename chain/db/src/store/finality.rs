//! Remembers which block is final: nobody will take it back.

use super::{META_FINAL, Store, View, Write, tries::Left};
use crate::{
    error::DbError,
    provider::blocks,
    tables::Meta,
    traits::{DbTx, DbTxMut},
};
use alloy_primitives::{B256, BlockNumber, Bytes};

impl Store {
    /// Marks the head as final.
    ///
    /// # Errors
    ///
    /// [`DbError::Empty`] before genesis, or what the engine reports.
    pub fn mark_head_final(&self) -> Result<(), DbError> {
        self.write(MarkFinal)
    }
}

impl View {
    /// Number of the block that was marked as final; `None` when none was, or when it was taken
    /// back nevertheless, as on dev chains.
    ///
    /// # Errors
    ///
    /// [`DbError::Undecodable`] when the file is damaged.
    pub fn final_number(&self) -> Result<Option<BlockNumber>, DbError> {
        let Some(hash) = self.tx().get::<Meta>(META_FINAL.to_owned())? else { return Ok(None) };
        let hash = B256::try_from(hash.as_ref())
            .map_err(|_wrong_length| DbError::Undecodable { table: "Meta" })?;
        self.number(hash)
    }
}

struct MarkFinal;

impl Write<()> for MarkFinal {
    fn run<TX: DbTxMut>(self, tx: &TX) -> Result<((), Left), DbError> {
        let (_, hash) = blocks::head(tx)?.ok_or(DbError::Empty)?;
        tx.put::<Meta>(META_FINAL.to_owned(), Bytes::copy_from_slice(hash.as_slice()))?;
        Ok(((), Left::Same))
    }
}
