//! Names the ids of chips, orders, rentals, jobs, datasets and batches, so that none is taken for another.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub B256);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = <B256 as FromStr>::Err;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<B256> for $name {
            fn from(word: B256) -> Self {
                Self(word)
            }
        }

        impl From<$name> for B256 {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id! {
    /// A chip: `keccak256(x ‖ y)` of its P-256 identity, 32 bytes each.
    ChipId
}
id! {
    /// An order: its EIP-712 hash.
    OrderHash
}
id! {
    /// A rental: the EIP-712 hash of the renter's request, also its nullifier.
    RentalId
}
id! {
    /// A job: the EIP-712 hash of its specification.
    JobId
}
id! {
    /// A dataset: the Merkle root of its chunks.
    DatasetId
}
id! {
    /// A sale of a dataset to a buyer: one for each pair of the two.
    SaleId
}
id! {
    /// A batch of results posted under one root.
    BatchId
}
