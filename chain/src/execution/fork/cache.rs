//! Keeps answers in a file that is only ever appended to; `docs/formats.md` draws it.
//!
//! A record is there whole or not at all: its checksum covers it, and what follows the last whole
//! record when the file is opened (the process died while it wrote) is cut off. One process
//! writes; others read what was there when they opened it.

use super::upstream::ForkError;
use alloy_primitives::{B256, keccak256};
use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// The first bytes of the file.
const MAGIC: &[u8; 8] = b"UTNFORK1";
/// Bytes of a record before its text: length, checksum, key.
const HEAD: usize = 4 + 8 + 32;
/// The longest text that is kept.
const LONGEST: usize = 256 << 20;

/// A file of answers.
#[derive(Debug)]
pub(super) struct CacheFile {
    path: PathBuf,
    file: File,
    /// Where texts begin, and their length.
    index: HashMap<B256, (u64, usize)>,
    end: u64,
    /// Whether this process may append.
    is_writer: bool,
}

impl CacheFile {
    /// Opens a file, making it if need be.
    pub(super) fn open(path: &Path) -> Result<Self, ForkError> {
        Self::try_open(path).map_err(|source| ForkError::Cache { path: path.to_owned(), source })
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let is_writer = file.try_lock().is_ok();
        if is_writer && file.metadata()?.len() == 0 {
            file.write_all(MAGIC)?;
        }
        let (index, end) = scan(&mut file)?;
        if is_writer && end < file.metadata()?.len() {
            tracing::warn!(path = %path.display(), "a record that was cut short is left out");
            file.set_len(end)?;
        }
        Ok(Self { path: path.to_owned(), file, index, end, is_writer })
    }

    /// The text kept under a key.
    pub(super) fn find(&self, key: B256) -> Option<String> {
        let (offset, length) = *self.index.get(&key)?;
        let mut bytes = vec![0; length];
        // A file that another process took away or damaged: the answer is asked for again.
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        String::from_utf8(bytes).ok()
    }

    /// Keeps a text; false when it cannot, and the text must be kept elsewhere.
    pub(super) fn append(&mut self, key: B256, text: &str) -> bool {
        if !self.is_writer || text.len() > LONGEST {
            return false;
        }
        match self.write(key, text) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the fork is kept in memory from now on");
                self.is_writer = false;
                false
            }
        }
    }

    fn write(&mut self, key: B256, text: &str) -> io::Result<()> {
        let record = record(key, text)?;
        self.file.write_all_at(&record, self.end)?;
        let length = u64::try_from(record.len()).map_err(io::Error::other)?;
        let start = self.end.saturating_add(u64::try_from(HEAD).map_err(io::Error::other)?);
        self.index.insert(key, (start, text.len()));
        self.end = self.end.saturating_add(length);
        Ok(())
    }
}

/// length of the text (4, little endian) ‖ checksum (8) ‖ key (32) ‖ text.
fn record(key: B256, text: &str) -> io::Result<Vec<u8>> {
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    let mut record = Vec::with_capacity(HEAD.saturating_add(text.len()));
    record.extend_from_slice(&length.to_le_bytes());
    record.extend_from_slice(&checksum(key, text.as_bytes()));
    record.extend_from_slice(key.as_slice());
    record.extend_from_slice(text.as_bytes());
    Ok(record)
}

/// The first bytes of keccak256(key ‖ text).
fn checksum(key: B256, text: &[u8]) -> [u8; 8] {
    let hash = keccak256([key.as_slice(), text].concat());
    let mut checksum = [0; 8];
    checksum.copy_from_slice(&hash[..8]);
    checksum
}

type Index = HashMap<B256, (u64, usize)>;

/// Reads all whole records; answers where they are and where the last of them ends.
fn scan(file: &mut File) -> io::Result<(Index, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let mut magic = [0; 8];
    reader.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no cache of a fork"));
    }
    let (mut index, mut end) = (Index::new(), 8_u64);
    while let Some((key, length)) = read_record(&mut reader)? {
        let start = end.saturating_add(u64::try_from(HEAD).map_err(io::Error::other)?);
        index.insert(key, (start, length));
        end = start.saturating_add(u64::try_from(length).map_err(io::Error::other)?);
    }
    Ok((index, end))
}

/// The next record; `None` at the end, and where a record is not whole.
fn read_record(reader: &mut impl Read) -> io::Result<Option<(B256, usize)>> {
    let mut head = [0; HEAD];
    match reader.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let (length, rest) = head.split_at(4);
    let (sum, key) = rest.split_at(8);
    let length = u32::from_le_bytes(length.try_into().map_err(io::Error::other)?);
    let length = usize::try_from(length).map_err(io::Error::other)?;
    if length > LONGEST {
        return Ok(None);
    }
    let mut text = vec![0; length];
    match reader.read_exact(&mut text) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let key = B256::from_slice(key);
    Ok((checksum(key, &text) == sum).then_some((key, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(path: &Path) {
        let mut file = CacheFile::open(path).unwrap();
        assert!(file.append(B256::repeat_byte(1), "\"one\""));
        assert!(file.append(B256::repeat_byte(2), "\"two\""));
    }

    #[test]
    fn what_was_kept_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1/5.fork");
        filled(&path);

        let file = CacheFile::open(&path).unwrap();

        assert_eq!(file.find(B256::repeat_byte(2)).unwrap(), "\"two\"");
        assert_eq!(file.find(B256::repeat_byte(3)), None);
    }

    #[test]
    fn a_file_cut_anywhere_keeps_its_whole_records_and_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("5.fork");
        filled(&path);
        let whole = std::fs::read(&path).unwrap();
        let first = MAGIC.len() + HEAD + "\"one\"".len();
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();

            let mut file = CacheFile::open(&path).unwrap();

            assert_eq!(file.find(B256::repeat_byte(1)).unwrap(), "\"one\"", "{length}");
            assert_eq!(file.find(B256::repeat_byte(2)), None, "{length}");
            assert!(file.append(B256::repeat_byte(3), "\"three\""));
            drop(file);
            let again = CacheFile::open(&path).unwrap();
            assert_eq!(again.find(B256::repeat_byte(3)).unwrap(), "\"three\"");
        }
    }

    #[test]
    fn a_damaged_record_is_not_answered_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("5.fork");
        filled(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 2;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();

        let file = CacheFile::open(&path).unwrap();

        assert_eq!(file.find(B256::repeat_byte(2)), None);
    }

    #[test]
    fn another_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.txt");
        std::fs::write(&path, "dear friends").unwrap();

        let refused = CacheFile::open(&path).unwrap_err();

        assert!(refused.to_string().contains("letter.txt"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "dear friends");
    }

    #[test]
    fn a_second_process_reads_and_does_not_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("5.fork");
        filled(&path);
        let _writer = CacheFile::open(&path).unwrap();

        let mut reader = CacheFile::open(&path).unwrap();

        assert_eq!(reader.find(B256::repeat_byte(1)).unwrap(), "\"one\"");
        assert!(!reader.append(B256::repeat_byte(9), "\"nine\""));
    }
}
