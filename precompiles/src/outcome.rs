//! States how a call can end: an answer with its price, or a reason without one.

use alloy_primitives::Bytes;

use crate::gas::Gas;

/// The answer of a call that had the right form. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Gas the call used, at most its budget.
    pub gas_used: Gas,
    /// The answer: at least one 32-byte word.
    pub bytes: Bytes,
}

/// Why a call gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// The budget is below the price: all of it is gone.
    #[error("out of gas")]
    OutOfGas,
    /// The input has the wrong length or mode: the rest of the budget is given back.
    #[error("{reason} ({} gas used)", gas_used.get())]
    Revert {
        /// What is wrong with the form, a few ASCII words.
        reason: &'static str,
        /// Gas the refusal cost.
        gas_used: Gas,
    },
}

impl Halt {
    /// A refusal for its form, or out of gas if not even that is covered.
    pub(crate) const fn refuse(reason: &'static str, budget: Gas) -> Self {
        match Gas::REFUSAL.within(budget) {
            Ok(gas_used) => Self::Revert { reason, gas_used },
            Err(halt) => halt,
        }
    }
}

/// One or zero as a 32-byte word.
pub(crate) const fn word(is_true: bool) -> [u8; 32] {
    let mut word = [0; 32];
    if is_true {
        let [.., last] = &mut word;
        *last = 1;
    }
    word
}
