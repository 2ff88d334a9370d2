//! Names quantities, so that no plain integer stands for a time, a height or money.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident($inner:ty), $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// None of it.
            pub const ZERO: Self = Self(0);

            /// The sum, or `None` when it does not fit.
            #[must_use]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(sum) => Some(Self(sum)),
                    None => None,
                }
            }

            /// The difference, or `None` when it would be negative.
            #[must_use]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(difference) => Some(Self(difference)),
                    None => None,
                }
            }

            /// The sum, at most the largest value.
            #[must_use]
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// The difference, at least zero.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{}", $unit), self.0)
            }
        }

        impl From<$inner> for $name {
            fn from(amount: $inner) -> Self {
                Self(amount)
            }
        }
    };
}

quantity! {
    /// The number of a block; genesis is 0.
    Height(u64), ""
}
quantity! {
    /// The number of an epoch: `height / epoch_blocks`.
    Epoch(u64), ""
}
quantity! {
    /// The number of a draw's round within one height.
    Round(u32), ""
}
quantity! {
    /// A length or a point of time, in seconds (points since 1970).
    Seconds(u64), " s"
}
quantity! {
    /// Computing power, in units of phi.
    Power(u128), ""
}
quantity! {
    /// Gas of the EVM.
    Gas(u64), " gas"
}
quantity! {
    /// Money: 10^-9 UNC.
    Gwei(u64), " gwei"
}
quantity! {
    /// Money: 10^-18 UNC.
    Wei(u128), " wei"
}

impl Gwei {
    /// The same amount in wei; always fits.
    pub const fn to_wei(self) -> Wei {
        // 2^64 * 10^9 < 2^94
        Wei(widen(self.0) * 1_000_000_000)
    }
}

/// Widens without a cast that could ever lose bits.
const fn widen(amount: u64) -> u128 {
    let bytes = amount.to_be_bytes();
    let mut wide = [0; 16];
    let mut i = 0;
    while i < bytes.len() {
        wide[8 + i] = bytes[i];
        i += 1;
    }
    u128::from_be_bytes(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gwei_is_a_billion_wei() {
        assert_eq!(Gwei(u64::MAX).to_wei(), Wei(u128::from(u64::MAX) * 1_000_000_000));
    }

    #[test]
    fn a_difference_below_zero_is_none() {
        assert_eq!(Height(1).checked_sub(Height(2)), None);
    }
}
