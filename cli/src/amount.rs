//! Reads and shows amounts of UNC; of a token: `Money`.

use alloy_primitives::{
    U256,
    utils::{format_ether, parse_units},
};
use std::{fmt, str::FromStr};

/// What the number of an amount counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Whole pieces of its money.
    Whole,
    /// Billions of wei.
    Gwei,
    /// The smallest units of its money.
    Smallest,
}

/// An amount as it was typed: how many units it is, its money knows.
#[derive(Clone, Debug)]
pub(crate) struct Amount(String);

impl Amount {
    pub(crate) fn number(&self) -> &str {
        split(&self.0).0
    }

    pub(crate) fn scale(&self) -> Scale {
        split(&self.0).1
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).map(|_wei| Self(text.to_owned()))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn split(text: &str) -> (&str, Scale) {
    let (number, scale) = if let Some(number) = text.strip_suffix("gwei") {
        (number, Scale::Gwei)
    } else if let Some(number) = text.strip_suffix("wei") {
        (number, Scale::Smallest)
    } else {
        (text, Scale::Whole)
    };
    (number.trim(), scale)
}

/// Reads `1.5` as UNC, `150wei` and `3gwei` as what they say.
///
/// # Errors
/// A sentence that says what was expected.
pub(crate) fn parse(text: &str) -> Result<U256, String> {
    let (number, scale) = split(text);
    let unit = match scale {
        Scale::Whole => "ether",
        Scale::Gwei => "gwei",
        Scale::Smallest => "wei",
    };
    match parse_units(number, unit) {
        Ok(units) if !units.is_negative() && !number.starts_with('-') => Ok(units.get_absolute()),
        _ => Err(format!("expected an amount such as 1.5, 3gwei or 150wei, not {text:?}")),
    }
}

/// As [`parse`], for amounts that contracts keep in 128 bits.
///
/// # Errors
/// A sentence that says what was expected.
pub(crate) fn parse_u128(text: &str) -> Result<u128, String> {
    parse(text)?.try_into().map_err(|_too_large| format!("{text} is more than 2^128 - 1 wei"))
}

/// Shows wei as UNC, all digits that matter.
pub(crate) fn show(wei: U256) -> String {
    let text = format_ether(wei);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} UNC", if short.is_empty() { "0" } else { short })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_number_is_unc_and_units_are_obeyed() {
        assert_eq!(parse("1.5"), Ok(U256::from(1_500_000_000_000_000_000_u64)));
        assert_eq!(parse("3gwei"), Ok(U256::from(3_000_000_000_u64)));
        assert_eq!(parse("150wei"), Ok(U256::from(150)));
    }

    #[test]
    fn negative_amounts_and_words_are_refused() {
        assert!(parse("-1").is_err());
        assert!(parse("much").is_err());
    }

    #[test]
    fn zeros_that_say_nothing_are_left_out() {
        assert_eq!(show(U256::from(1_500_000_000_000_000_000_u64)), "1.5 UNC");
        assert_eq!(show(U256::ZERO), "0 UNC");
    }
}
