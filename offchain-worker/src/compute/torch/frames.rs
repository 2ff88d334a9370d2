//! Carries bytes between the worker and the process that runs PyTorch: a length, 8 bytes little-endian, then that many bytes.

use std::io::{self, Read, Write};

/// Writes one frame.
pub(super) fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)
}

/// Reads one frame of at most `most` bytes. Room is taken as the bytes come, never because a length was announced.
pub(super) fn read(from: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    from.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > most {
        let problem = format!("a frame of {length} bytes, at most {most} are read");
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_are_read_as_they_were_written() {
        let mut line = Vec::new();
        write(&mut line, b"first").expect("in memory");
        write(&mut line, b"").expect("in memory");
        let mut line = line.as_slice();
        assert_eq!(read(&mut line, 5).expect("a frame"), b"first");
        assert_eq!(read(&mut line, 5).expect("a frame"), b"");
        assert_eq!(read(&mut line, 5).expect_err("no more").kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_length_that_nobody_asked_for_takes_no_room() {
        let refused = read(&mut u64::MAX.to_le_bytes().as_slice(), 1 << 30);
        assert_eq!(refused.expect_err("too long").kind(), io::ErrorKind::InvalidData);
        let cut = read(&mut (1_u64 << 30).to_le_bytes().as_slice(), 1 << 30);
        assert_eq!(cut.expect_err("cut off").kind(), io::ErrorKind::UnexpectedEof);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            drop(read(&mut bytes.as_slice(), 100));
        }
    }
}
