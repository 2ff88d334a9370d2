//! Parses the values of flags whose form clap does not know, with words for whoever mistyped one.

use alloy_primitives::{U256, utils::parse_ether};
use alloy_signer_local::coins_bip39::{English, Mnemonic};
use hyper::header::HeaderValue;
use std::time::Duration;

/// Where web pages may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From anywhere.
    Any,
    /// From one origin.
    Only(HeaderValue),
}

/// An amount in whole coins, fractions allowed, as wei.
pub(super) fn coins(text: &str) -> Result<U256, String> {
    parse_ether(text).map_err(|why| format!("expected an amount like 10000 or 0.5: {why}"))
}

/// A BIP-39 phrase.
pub(super) fn mnemonic(text: &str) -> Result<String, String> {
    Mnemonic::<English>::new_from_phrase(text)
        .map(|_valid| text.to_owned())
        .map_err(|why| format!("expected a BIP-39 phrase in English: {why}"))
}

/// How many words a BIP-39 phrase may have.
pub(super) fn words(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ (12 | 15 | 18 | 21 | 24)) => Ok(count),
        _ => Err("expected 12, 15, 18, 21 or 24 words".into()),
    }
}

/// A path that an index can follow.
pub(super) fn derivation_path(text: &str) -> Result<String, String> {
    let path = if text.ends_with('/') { text.to_owned() } else { format!("{text}/") };
    let is_number = |part: &str| {
        part.strip_suffix('\'').unwrap_or(part).parse::<u32>().is_ok_and(|index| index < 1 << 31)
    };
    let mut parts = path.trim_end_matches('/').split('/');
    let is_path = parts.next() == Some("m") && parts.all(is_number);
    is_path.then_some(path).ok_or_else(|| "expected a path like m/44'/60'/0'/0/".into())
}

/// A length of time above zero, in seconds, fractions allowed.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let length = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    length
        .filter(|length| *length >= Duration::from_millis(1))
        .ok_or_else(|| "expected seconds, at least 0.001".into())
}

/// `*`, or an origin.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    if text == "*" {
        return Ok(Origin::Any);
    }
    HeaderValue::from_str(text)
        .map(Origin::Only)
        .map_err(|_unprintable| "expected * or an origin like https://example.org".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_may_have_a_fraction() {
        assert_eq!(coins("0.5").unwrap(), U256::from(500_000_000_000_000_000_u64));
    }

    #[test]
    fn a_block_time_must_be_above_zero() {
        assert_eq!(seconds("0.25").unwrap(), Duration::from_millis(250));
        for wrong in ["0", "-1", "nan", "soon"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_derivation_path_gets_its_last_slash() {
        assert_eq!(derivation_path("m/44'/60'/0'/0").unwrap(), "m/44'/60'/0'/0/");
        assert!(derivation_path("44/x").is_err());
    }
}
