//! Parses the values of flags whose form clap does not know, with words for whoever mistyped one.

use crate::rpc;
use alloy_primitives::{U256, utils::parse_ether};
use alloy_signer_local::coins_bip39::{English, Mnemonic};
use hyper::header::{HeaderName, HeaderValue};
use std::{net::IpAddr, time::Duration};

/// Where web pages may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origins {
    /// From anywhere.
    Any,
    /// From these origins.
    Only(Vec<HeaderValue>),
}

/// A header of HTTP requests.
pub(super) type Header = (HeaderName, HeaderValue);

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

/// A length of time in milliseconds, above zero.
pub(super) fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(milliseconds @ 1..) => Ok(Duration::from_millis(milliseconds)),
        _ => Err("expected milliseconds, at least 1".into()),
    }
}

/// `*`, or origins after commas.
pub(super) fn origins(text: &str) -> Result<Origins, String> {
    if text == "*" {
        return Ok(Origins::Any);
    }
    let is_origin = |origin: &&str| origin.contains("://") || *origin == "null";
    let all: Option<Vec<_>> = text
        .split(',')
        .map(|origin| Some(origin.trim()).filter(is_origin))
        .map(|origin| HeaderValue::from_str(origin?).ok())
        .collect();
    all.map(Origins::Only).ok_or_else(|| "expected * or origins like https://example.org".into())
}

/// An address of this machine, or `localhost`.
pub(super) fn host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
        text => text.parse().map_err(|_name| "expected an IP address like 127.0.0.1".into()),
    }
}

/// A namespace of methods.
pub(super) fn namespace(text: &str) -> Result<&'static str, String> {
    let known = rpc::namespaces();
    known.get(text).copied().ok_or_else(|| {
        let known: Vec<_> = known.into_iter().collect();
        format!("expected some of {}", known.join(", "))
    })
}

/// A header as `Name: value`.
pub(super) fn header(text: &str) -> Result<Header, String> {
    let parts = text.split_once(':');
    let header = parts.and_then(|(name, value)| {
        Some((name.trim().parse().ok()?, HeaderValue::from_str(value.trim()).ok()?))
    });
    header.ok_or_else(|| "expected a header like `Authorization: Bearer 123`".into())
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
