//! Tells how a file is filled.

use super::{FILE, MdbxDatabase, PAGE};
use crate::{error::DbError, tables::TableId, traits::Database as _};

/// How a file is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStats {
    /// Bytes that the file takes on the disk.
    pub disk_bytes: u64,
    /// Bytes of pages that tables use.
    pub used_bytes: u64,
    /// Bytes of pages that are free and will be used again.
    pub free_bytes: u64,
    /// Tables, in their order.
    pub tables: Vec<TableStats>,
}

/// How large a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStats {
    /// Name of the table.
    pub name: &'static str,
    /// Entries, duplicates counted.
    pub entries: usize,
    /// Bytes of its pages.
    pub bytes: u64,
}

impl MdbxDatabase {
    /// Tells how the file is filled.
    ///
    /// # Errors
    ///
    /// What the engine reports; [`DbError::Folder`] when the file cannot be looked at.
    pub fn stats(&self) -> Result<FileStats, DbError> {
        use std::os::unix::fs::MetadataExt;
        let path = self.path().join(FILE);
        let data = std::fs::metadata(&path).map_err(|source| DbError::Folder { path, source })?;
        let tx = self.tx()?;
        let mut tables = Vec::with_capacity(TableId::ALL.len());
        for table in TableId::ALL {
            let stat = tx.tx.db_stat(&super::handle(self, *table))?;
            let pages = [stat.branch_pages(), stat.leaf_pages(), stat.overflow_pages()];
            let bytes = bytes(pages.into_iter().sum());
            tables.push(TableStats { name: table.name(), entries: stat.entries(), bytes });
        }
        Ok(FileStats {
            // A block of the system's count has 512 bytes.
            disk_bytes: data.blocks().saturating_mul(512),
            used_bytes: tables.iter().map(|table| table.bytes).sum(),
            free_bytes: bytes(self.free_pages()?),
            tables,
        })
    }
}

fn bytes(pages: usize) -> u64 {
    u64::try_from(pages.saturating_mul(PAGE)).unwrap_or(u64::MAX)
}
