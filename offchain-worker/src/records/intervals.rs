//! Names what the worker remembers of intervals that renters dispute.

use crate::notebook::Record;
use alloy_primitives::U256;
use serde::{Deserialize, Serialize};
use utnet_primitives::{RentalId, Seconds};

/// An interval of one of this operator's rentals in which its renter says that the machine was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalRecord {
    /// The rental.
    pub rental: RentalId,
    /// First second in dispute; later disputes of the rental begin later.
    pub from: Seconds,
    /// First second after it.
    pub to: Seconds,
    /// What contradicting costs until it is decided, in units of the rental's money.
    pub bond: U256,
    /// Last second, inclusive, of the answer.
    pub deadline: Seconds,
    /// Whether somebody was told that the bond cannot be paid.
    pub is_told: bool,
    /// How it ended.
    pub outcome: Option<String>,
    /// When it was disputed, in chain time.
    pub noted_at: Seconds,
}

impl Record for IntervalRecord {
    const KIND: &'static str = "interval";
    fn key(&self) -> Vec<u8> {
        [self.rental.0.as_slice(), &self.from.0.to_be_bytes()].concat()
    }
}
