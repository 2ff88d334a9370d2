//! Cuts the bytes of a call into fixed-size parts, without indexing.

/// The bytes of a call that were not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// Starts at the first byte.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `N` bytes, if there are so many.
    pub(crate) fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(head)
    }

    /// Everything left as parts of `N` bytes, if it divides evenly (nothing left is zero parts).
    pub(crate) fn parts<const N: usize>(self) -> Option<&'a [[u8; N]]> {
        let (parts, rest) = self.0.as_chunks::<N>();
        rest.is_empty().then_some(parts)
    }

    /// Everything left.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }
}
