//! Says why a chip could not be made, opened or used.

use std::{fmt, io, path::PathBuf};

/// Why a chip did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// S is burned once, ever: the folder already holds a chip.
    #[error("{} already holds a chip: its key is burned once, ever", path.display())]
    AlreadyBurned {
        /// The chip's folder.
        path: PathBuf,
    },
    /// The folder lacks a file that every chip has.
    #[error("{} is not a chip's folder: {missing} is missing", path.display())]
    NotAChip {
        /// The folder.
        path: PathBuf,
        /// Name of the file that is not there.
        missing: &'static str,
    },
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Storage {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the chip does not have the form it should have.
    #[error("{} does not hold a chip's data", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the decoder said; none if the length is wrong.
        source: Option<serde_json::Error>,
    },
    /// Somebody else than the owner may read the key S.
    #[error("{} has mode {mode:o}: only its owner may read it", path.display())]
    Exposed {
        /// The file of the key S.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The wrapped key does not open under this chip's S (eq. 5).
    #[error("the {slot} key does not unwrap: it is of another chip, or was altered")]
    WrongChip {
        /// Which key.
        slot: Slot,
    },
    /// The wrapped key opens, but is not the private half of the recorded public key.
    #[error("the {slot} key is not the one of the recorded public key")]
    KeyMismatch {
        /// Which key.
        slot: Slot,
    },
    /// The chip was opened without the right to change it.
    #[error("the chip is open for reading only")]
    ReadOnly,
    /// The chip does not carry its operator's VRF key.
    #[error("the chip holds no VRF key")]
    NoVrfKey,
    /// The chip carries a VRF key already; it is never replaced.
    #[error("the chip holds a VRF key already")]
    VrfKeyExists,
    /// The source of random bytes failed.
    #[error("no random bytes to be had")]
    NoEntropy(#[source] getrandom::Error),
    /// The VRF has no proof for this input (chance 2^-128).
    #[error("no proof exists for this input of {alpha_bytes} bytes")]
    Unprovable {
        /// Length of the input.
        alpha_bytes: usize,
    },
    /// Bytes that should be a signature or a key are none.
    #[error("operand {position} of the aggregate does not decode")]
    BadOperand {
        /// Its place in the list, from 0.
        position: usize,
    },
    /// There is nothing to aggregate.
    #[error("nothing to aggregate")]
    NothingToAggregate,
}

impl Fault {
    /// Whether the chip is not there, rather than broken: to be counted as absent.
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::NotAChip { .. })
    }
}

/// A place in the chip where a wrapped key lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The P-256 identity.
    Identity,
    /// The BLS12-381 key.
    Bls,
    /// The operator's VRF key.
    Vrf,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Bls => "BLS",
            Self::Vrf => "VRF",
        })
    }
}
