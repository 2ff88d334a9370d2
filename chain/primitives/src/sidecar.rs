//! Encodes what proves a block's producer; `extraData` is the keccak256 of these bytes.
//!
//! Drawn: `0x01 ‖ round(4, big-endian) ‖ x(32) ‖ y(32) ‖ pi(81) ‖ r(32) ‖ s(32)`, 214 bytes.
//! Genesis sealer: `0x02 ‖ secp256k1 signature(65: r ‖ s ‖ parity)`, 66 bytes.

use crate::{ChipId, Round, chip_id};
use alloy_primitives::{B256, Bytes, keccak256};

const DRAWN_BYTES: usize = 214;
const SEALER_BYTES: usize = 66;

/// Proof of who made a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sidecar {
    /// A chip was drawn.
    Drawn(DrawnSidecar),
    /// No power was active, or no round could seal.
    Sealer(SealerSidecar),
}

/// Proof that a drawn chip sealed a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnSidecar {
    /// The round that won.
    pub round: Round,
    /// The drawn chip's P-256 identity, x coordinate.
    pub x: B256,
    /// The drawn chip's P-256 identity, y coordinate.
    pub y: B256,
    /// The operator's VRF proof.
    pub pi: [u8; 81],
    /// The chip's seal, first half.
    pub r: B256,
    /// The chip's seal, second half, at most half the group order.
    pub s: B256,
}

/// Proof that the genesis sealer made a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealerSidecar {
    /// r ‖ s ‖ parity (0 or 1).
    pub signature: [u8; 65],
}

/// Why bytes are no sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The first byte names no kind of sidecar, or the length is not that kind's.
    #[error("a sidecar has 214 bytes (drawn, 0x01) or 66 bytes (sealer, 0x02), not {bytes}")]
    Form {
        /// How many bytes came.
        bytes: usize,
    },
}

impl DrawnSidecar {
    /// The chip that sealed.
    pub fn chip(&self) -> ChipId {
        chip_id(&self.x, &self.y)
    }
}

impl Sidecar {
    /// The stored and hashed form.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Drawn(drawn) => [
                &[0x01],
                drawn.round.0.to_be_bytes().as_slice(),
                drawn.x.as_slice(),
                drawn.y.as_slice(),
                drawn.pi.as_slice(),
                drawn.r.as_slice(),
                drawn.s.as_slice(),
            ]
            .concat()
            .into(),
            Self::Sealer(sealer) => [&[0x02], sealer.signature.as_slice()].concat().into(),
        }
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Malformed`] when length or kind are wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let malformed = Malformed::Form { bytes: bytes.len() };
        match bytes.split_first() {
            Some((0x01, rest)) if bytes.len() == DRAWN_BYTES => {
                decode_drawn(rest).map(Self::Drawn).ok_or(malformed)
            }
            Some((0x02, rest)) if bytes.len() == SEALER_BYTES => rest
                .try_into()
                .map(|signature| Self::Sealer(SealerSidecar { signature }))
                .map_err(|_wrong_length| malformed),
            _ => Err(malformed),
        }
    }

    /// The block's `extraData`.
    pub fn commitment(&self) -> B256 {
        keccak256(self.encode())
    }
}

fn decode_drawn(bytes: &[u8]) -> Option<DrawnSidecar> {
    let (round, rest) = bytes.split_first_chunk::<4>()?;
    let (x, rest) = rest.split_first_chunk::<32>()?;
    let (y, rest) = rest.split_first_chunk::<32>()?;
    let (pi, rest) = rest.split_first_chunk::<81>()?;
    let (r, rest) = rest.split_first_chunk::<32>()?;
    let (s, _) = rest.split_first_chunk::<32>()?;
    Some(DrawnSidecar {
        round: Round(u32::from_be_bytes(*round)),
        x: x.into(),
        y: y.into(),
        pi: *pi,
        r: r.into(),
        s: s.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_drawn_sidecar_survives_the_round_trip() {
        let drawn = Sidecar::Drawn(DrawnSidecar {
            round: Round(3),
            x: B256::repeat_byte(1),
            y: B256::repeat_byte(2),
            pi: [5; 81],
            r: B256::repeat_byte(6),
            s: B256::repeat_byte(7),
        });
        assert_eq!(drawn.encode().len(), DRAWN_BYTES);
        assert_eq!(Sidecar::decode(&drawn.encode()), Ok(drawn));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(sidecar) = Sidecar::decode(&bytes) {
                prop_assert_eq!(sidecar.encode().to_vec(), bytes);
            }
        }
    }
}
