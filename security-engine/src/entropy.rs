//! Hands out random bytes: the system's, or a seed's for chips that must come out the same again.

use sha3::{Digest, Keccak256};
use zeroize::{Zeroize, Zeroizing};

use crate::fault::Fault;

/// A source of random bytes for new keys.
pub trait Entropy {
    /// Fills all of `bytes`.
    ///
    /// # Errors
    /// [`Fault::NoEntropy`] if the source fails.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault>;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        getrandom::fill(bytes).map_err(Fault::NoEntropy)
    }
}

/// A stream that is a function of its seed: for dev chains and tests, never for real chips.
///
/// Block i is `keccak256(seed ‖ be64 i)`.
pub struct SeededEntropy {
    seed: Zeroizing<[u8; 32]>,
    next: u64,
}

impl SeededEntropy {
    /// Starts the stream of a seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed: Zeroizing::new(seed), next: 0 }
    }
}

impl std::fmt::Debug for SeededEntropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeededEntropy").field("next", &self.next).finish_non_exhaustive()
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        for part in bytes.chunks_mut(32) {
            let hash =
                Keccak256::new().chain_update(*self.seed).chain_update(self.next.to_be_bytes());
            let mut block = hash.finalize();
            part.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
            block.as_mut_slice().zeroize();
            self.next = self.next.wrapping_add(1);
        }
        Ok(())
    }
}
