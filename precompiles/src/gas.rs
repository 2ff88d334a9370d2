//! Prices a call: gas as a type, and the arithmetic that cannot wrap.
//!
//! The constants stand beside the work they price; how they were measured: `docs/precompiles.md`.

use crate::outcome::Halt;

/// An amount of EVM gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gas(u64);

impl Gas {
    /// What a call refused for its form pays: its length and mode were looked at, nothing else.
    pub const REFUSAL: Self = Self(100);

    /// Wraps a number of gas units.
    pub const fn new(units: u64) -> Self {
        Self(units)
    }

    /// The number of gas units.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `self + count x each`, at most `u64::MAX`, which nobody can pay.
    #[must_use]
    pub const fn plus(self, count: u64, each: Self) -> Self {
        Self(self.0.saturating_add(count.saturating_mul(each.0)))
    }

    /// How many more times `each` fits into the budget once `self` is used.
    pub const fn room_for(self, each: Self, budget: Self) -> u64 {
        match budget.0.saturating_sub(self.0).checked_div(each.0) {
            Some(times) => times,
            None => u64::MAX,
        }
    }

    /// This price, if the budget covers it.
    ///
    /// # Errors
    /// [`Halt::OutOfGas`] if it does not.
    pub const fn within(self, budget: Self) -> Result<Self, Halt> {
        if self.0 <= budget.0 { Ok(self) } else { Err(Halt::OutOfGas) }
    }
}

/// A length as a number that gas is counted in.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
