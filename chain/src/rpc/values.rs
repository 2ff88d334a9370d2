//! Names the parameter types that are not defined elsewhere, and what callers may send for each.

use super::args::{Param, params, read};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_types_eth::{
    BlockOverrides, Filter, Index, TransactionRequest, state::StateOverride,
};
use alloy_rpc_types_trace::geth::{GethDebugTracingCallOptions, GethDebugTracingOptions};
use serde::{de::DeserializeOwned, de::Error};

params! {
    bool => "true or false",
    String => "a string",
    Index => "an index (decimal or hex)",
    Filter => "a log filter (fromBlock, toBlock or blockHash; address; topics)",
    TransactionRequest => "a transaction object",
    StateOverride => "state overrides (address -> balance, nonce, code, state or stateDiff)",
    BlockOverrides => "block overrides (number, time, gasLimit, feeRecipient, prevRandao, baseFeePerGas, blobBaseFee)",
    GethDebugTracingOptions => "tracing options (tracer, tracerConfig, or the struct logger's)",
    GethDebugTracingCallOptions => "tracing options (tracer, tracerConfig, stateOverrides, blockOverrides)",
    alloy_dyn_abi::TypedData => "EIP-712 typed data (types, primaryType, domain, message)",
    Vec<B256> => "a list of 32-byte values",
    Vec<f64> => "a list of percentiles between 0 and 100",
}

/// Types to which a block's number belongs: Otterscan, and scripts written for anvil, send it as a JSON number.
macro_rules! numbered {
    ($($type:ty => $expected:literal),* $(,)?) => {
        $(impl Param for $type {
            const EXPECTED: &'static str = $expected;

            fn read(json: &str) -> Result<Self, serde_json::Error> {
                let plain = read::<u64>(json).map(BlockNumberOrTag::Number);
                plain.map(Self::from).or_else(|_not_plain| read(json))
            }
        })*
    };
}

numbered! {
    BlockId => "a block number, a tag (latest, earliest, pending, safe, finalized), a block hash or an EIP-1898 object",
    BlockNumberOrTag => "a block number or a tag (latest, earliest, pending, safe, finalized)",
}

macro_rules! hex {
    ($($type:ty => $expected:literal),* $(,)?) => {
        $(impl Param for $type {
            const EXPECTED: &'static str = $expected;

            fn read(json: &str) -> Result<Self, serde_json::Error> {
                prefixed(json)
            }
        })*
    };
}

hex! {
    Address => "an address (20 bytes of hex after 0x)",
    B256 => "32 bytes of hex after 0x",
    Bytes => "bytes as hex after 0x",
}

/// Reads a hex string, whose prefix the standard demands.
fn prefixed<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
    if !json.starts_with("\"0x") {
        return Err(Error::custom("hex string without 0x prefix"));
    }
    read(json)
}

/// A number up to 2^256 - 1, sent as a hex string, a decimal string or a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub(super) U256);

impl Param for Number {
    const EXPECTED: &'static str = "a number (hex string, decimal string or plain)";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let is_plain = || read::<serde_json::Number>(json).is_ok();
        read(json).map(Self).map_err(|error| match is_plain() {
            true => Error::custom("it is negative, has a fraction, or is too large"),
            false => error,
        })
    }
}

/// The same, below 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Small(pub(super) u64);

impl Param for Small {
    const EXPECTED: &'static str = "a number below 2^64 (hex string, decimal string or plain)";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let Number(number) = Number::read(json)?;
        u64::try_from(number).map(Self).map_err(Error::custom)
    }
}

/// The key of a storage slot: up to 32 bytes of hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub(super) U256);

impl Param for Slot {
    const EXPECTED: &'static str = "a storage key (at most 32 bytes of hex after 0x)";

    fn read(json: &str) -> Result<Self, serde_json::Error> {
        let text: String = read(json)?;
        let digits =
            text.strip_prefix("0x").ok_or_else(|| Error::custom("the prefix 0x is missing"))?;
        if digits.len() > 64 {
            return Err(Error::custom("storage key too long (want at most 32 bytes)"));
        }
        U256::from_str_radix(digits, 16).map(Self).map_err(Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_hex_decimal_or_plain() {
        for json in ["\"0x10\"", "\"16\"", "16"] {
            assert_eq!(Number::read(json).unwrap(), Number(U256::from(16)), "{json}");
        }
    }

    #[test]
    fn a_number_that_is_not_whole_is_told_so() {
        for json in ["1.5", "-1", "1e99"] {
            let why = Number::read(json).unwrap_err().to_string();
            assert!(why.contains("has a fraction"), "{json}: {why}");
        }
    }

    #[test]
    fn a_block_may_be_named_by_a_plain_number() {
        let five = BlockNumberOrTag::Number(5);
        for json in ["5", "\"0x5\""] {
            assert_eq!(BlockNumberOrTag::read(json).unwrap(), five, "{json}");
            assert_eq!(BlockId::read(json).unwrap(), five.into(), "{json}");
        }
        assert!(BlockNumberOrTag::read("-1").is_err() && BlockId::read("1.5").is_err());
    }

    #[test]
    fn a_hash_without_its_prefix_is_refused() {
        assert!(B256::read(&format!("\"{}\"", "10".repeat(32))).is_err());
    }

    #[test]
    fn a_storage_key_may_be_short_but_not_longer_than_a_word() {
        assert_eq!(Slot::read("\"0x0a\"").unwrap(), Slot(U256::from(10)));
        assert!(Slot::read(&format!("\"0x{}\"", "0".repeat(65))).is_err());
        assert!(Slot::read("\"0xasdf\"").is_err());
    }
}
