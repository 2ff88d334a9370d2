//! Reads and shows amounts of UNC.

use alloy_primitives::{
    U256,
    utils::{format_ether, parse_units},
};

/// Reads `1.5` as UNC, `150wei` and `3gwei` as what they say.
///
/// # Errors
/// A sentence that says what was expected.
pub(crate) fn parse(text: &str) -> Result<U256, String> {
    let (number, unit) = if let Some(number) = text.strip_suffix("gwei") {
        (number, "gwei")
    } else if let Some(number) = text.strip_suffix("wei") {
        (number, "wei")
    } else {
        (text, "ether")
    };
    match parse_units(number.trim(), unit) {
        Ok(units) if !units.is_negative() && !number.trim().starts_with('-') => {
            Ok(units.get_absolute())
        }
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
