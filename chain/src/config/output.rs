//! Prints for a reader who may go away: alloy's `AnvilInstance` reads up to the line `Listening on` and no further.

use std::io::{self, ErrorKind, Write};

/// An output that goes silent when nobody reads it any more.
pub(super) struct Output<'a> {
    out: &'a mut dyn Write,
    is_open: bool,
}

impl<'a> Output<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, is_open: true }
    }

    /// What a write gave; to nobody, everything can be written.
    fn heard<T>(&mut self, written: io::Result<T>, all: T) -> io::Result<T> {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_open = false;
                Ok(all)
            }
            other => other,
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_open {
            return Ok(bytes.len());
        }
        let written = self.out.write(bytes);
        self.heard(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.is_open {
            return Ok(());
        }
        let flushed = self.out.flush();
        self.heard(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe whose reader has gone, and that counts who still tries.
    #[derive(Default)]
    struct Gone(usize);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_goes_is_tried_once_and_is_no_fault() {
        let mut gone = Gone::default();
        let mut output = Output::new(&mut gone);

        writeln!(output, "one").unwrap();
        writeln!(output, "two").unwrap();
        output.flush().unwrap();

        assert_eq!(gone.0, 1);
    }

    #[test]
    fn another_fault_of_the_output_is_told() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::StorageFull.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let refused = writeln!(Output::new(&mut Full), "one").unwrap_err();

        assert_eq!(refused.kind(), ErrorKind::StorageFull);
    }
}
