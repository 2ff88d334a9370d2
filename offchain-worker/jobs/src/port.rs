//! Names what travels over a worker's job port: `docs/protocol.md`, section 6.

use crate::merkle::Leaf;
use alloy_primitives::{B256, Bytes};
use serde::{Deserialize, Serialize};
use utnet_bindings::signed::JobSpec;
use utnet_primitives::BatchId;

/// Leaves and specifications of a posted batch: what a committee needs to run them again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The batch.
    pub batch: BatchId,
    /// Root over the leaves.
    pub root: B256,
    /// The leaves, in their order.
    pub leaves: Vec<Leaf>,
    /// Their jobs' specifications, in the same order.
    pub specs: Vec<Spec>,
}

/// A specification; travels as hex of its ABI encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec(#[serde(with = "spec_hex")] pub JobSpec);

/// What a renter sends to get `m_final` signed: its own half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RatingRequest {
    /// The renter's commitment.
    pub commitment: B256,
    /// The renter's signature over `RenterHalf`.
    pub signature: Bytes,
}

/// What a renter gets for it: the operator's half, nested over the renter's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RatingAnswer {
    /// The operator's commitment.
    pub commitment: B256,
    /// Struct hash of the renter's half.
    pub renter_half: B256,
    /// The operator's signature over `OperatorHalf`.
    pub signature: Bytes,
}

/// A specification as hex of its ABI encoding: JSON numbers end at 2^64, money does not.
pub mod spec_hex {
    use alloy_primitives::Bytes;
    use alloy_sol_types::SolValue;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use utnet_bindings::signed::JobSpec;

    /// Writes hex.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(spec: &JobSpec, to: S) -> Result<S::Ok, S::Error> {
        Bytes::from(spec.abi_encode()).serialize(to)
    }

    /// Reads hex of a specification and of nothing else.
    ///
    /// # Errors
    /// When it is neither hex nor an ABI encoding.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<JobSpec, D::Error> {
        let bytes = Bytes::deserialize(from)?;
        JobSpec::abi_decode_validate(&bytes).map_err(D::Error::custom)
    }
}
