//! Reads and writes tensors of 32-bit floats and 64-bit integers in the safetensors format.
//!
//! Eight bytes of length, a JSON header, then the numbers, little-endian. Written in order of name, without gaps, so that
//! equal tensors make equal bytes. Only the two kinds that our jobs use are read.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest header that is read, in bytes.
const HEADER_LIMIT: usize = 1 << 20;

/// Numbers and their shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Lengths, outermost first.
    pub shape: Vec<i64>,
    /// The numbers, row by row.
    pub numbers: Numbers,
}

/// The two kinds of numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// 32-bit floats.
    Float(Vec<f32>),
    /// 64-bit integers.
    Integer(Vec<i64>),
}

/// Why bytes are no safetensors file that is read here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The bytes end too early, or the header is too long.
    #[error("a file of {bytes} bytes cannot hold its tensors")]
    Length {
        /// Length of the file.
        bytes: usize,
    },
    /// The header is not what it must be.
    #[error("bad header: {0}")]
    Header(#[from] serde_json::Error),
    /// The numbers are neither F32 nor I64.
    #[error("tensor {name} holds {kind}: only F32 and I64 are read")]
    Kind {
        /// The tensor.
        name: String,
        /// Its kind.
        kind: String,
    },
    /// Shape and bytes do not agree.
    #[error("the shape of tensor {name} does not fit its bytes")]
    Shape {
        /// The tensor.
        name: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<i64>,
    data_offsets: (usize, usize),
}

/// Writes tensors.
///
/// # Panics
/// Never: names and numbers are always written as JSON.
pub fn encode(tensors: &BTreeMap<String, Array>) -> Vec<u8> {
    let (mut header, mut data) = (BTreeMap::new(), Vec::new());
    for (name, array) in tensors {
        let start = data.len();
        let dtype = match &array.numbers {
            Numbers::Float(list) => {
                data.extend(list.iter().flat_map(|number| number.to_le_bytes()));
                "F32"
            }
            Numbers::Integer(list) => {
                data.extend(list.iter().flat_map(|number| number.to_le_bytes()));
                "I64"
            }
        };
        let entry = Entry {
            dtype: dtype.to_owned(),
            shape: array.shape.clone(),
            data_offsets: (start, data.len()),
        };
        header.insert(name, entry);
    }
    let mut text = serde_json::to_vec(&header).expect("strings and integers are always written");
    text.resize(text.len().next_multiple_of(8), b' ');
    [&(text.len() as u64).to_le_bytes(), text.as_slice(), data.as_slice()].concat()
}

/// Reads tensors.
///
/// # Errors
/// [`Malformed`]; whatever the bytes are.
pub fn decode(bytes: &[u8]) -> Result<BTreeMap<String, Array>, Malformed> {
    let length = || Malformed::Length { bytes: bytes.len() };
    let (head, rest) = bytes.split_first_chunk::<8>().ok_or_else(length)?;
    let header = usize::try_from(u64::from_le_bytes(*head)).unwrap_or(usize::MAX);
    if header > HEADER_LIMIT {
        return Err(length());
    }
    let (text, data) = rest.split_at_checked(header).ok_or_else(length)?;
    let mut entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(text)?;
    entries.remove("__metadata__");
    entries
        .into_iter()
        .map(|(name, entry)| {
            let entry: Entry = serde_json::from_value(entry)?;
            let array = read(&name, &entry, data)?;
            Ok((name, array))
        })
        .collect()
}

fn read(name: &str, entry: &Entry, data: &[u8]) -> Result<Array, Malformed> {
    let (start, end) = entry.data_offsets;
    let misfit = || Malformed::Shape { name: name.to_owned() };
    let bytes = data.get(start..end).ok_or_else(misfit)?;
    let numbers = match entry.dtype.as_str() {
        "F32" => Numbers::Float(words(bytes).map(f32::from_le_bytes).collect()),
        "I64" => Numbers::Integer(words(bytes).map(i64::from_le_bytes).collect()),
        kind => return Err(Malformed::Kind { name: name.to_owned(), kind: kind.to_owned() }),
    };
    let (count, width) = match &numbers {
        Numbers::Float(list) => (list.len(), 4),
        Numbers::Integer(list) => (list.len(), 8),
    };
    let wanted = entry.shape.iter().try_fold(1_usize, |product, length| {
        usize::try_from(*length).ok().and_then(|length| product.checked_mul(length))
    });
    if wanted == Some(count) && bytes.len() == count * width {
        Ok(Array { shape: entry.shape.clone(), numbers })
    } else {
        Err(misfit())
    }
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tensors() -> BTreeMap<String, Array> {
        BTreeMap::from([
            (
                "weights".to_owned(),
                Array { shape: vec![2, 2], numbers: Numbers::Float(vec![1.0, -2.5, 0.0, 4.0]) },
            ),
            ("ids".to_owned(), Array { shape: vec![3], numbers: Numbers::Integer(vec![1, -2, 3]) }),
        ])
    }

    #[test]
    fn what_was_written_is_read_again() {
        assert_eq!(decode(&encode(&tensors())).expect("reads"), tensors());
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused() {
        let mut wrong = tensors();
        wrong.get_mut("ids").expect("there").shape = vec![4];
        assert!(matches!(decode(&encode(&wrong)), Err(Malformed::Shape { .. })));
    }

    #[test]
    fn a_length_beyond_the_file_is_refused() {
        assert!(matches!(decode(&u64::MAX.to_le_bytes()), Err(Malformed::Length { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(decode(&bytes));
        }

        #[test]
        fn no_damage_makes_the_decoder_panic(at in 0_usize..200, to in any::<u8>()) {
            let mut bytes = encode(&tensors());
            let at = at % bytes.len();
            bytes[at] = to;
            drop(decode(&bytes));
        }
    }
}
