//! Writes decoded values as a person reads them.

use alloy_dyn_abi::DynSolValue;
use alloy_primitives::hex;

/// A value as it would stand in Solidity; strings in quotes.
pub(super) fn shown(value: &DynSolValue) -> String {
    match value {
        DynSolValue::String(text) => format!("{text:?}"),
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => format!("[{}]", list(items)),
        DynSolValue::Tuple(items) => format!("({})", list(items)),
        DynSolValue::CustomStruct { name, prop_names, tuple } => {
            format!("{name}({})", named(prop_names, tuple))
        }
        other => plain(other),
    }
}

/// The same without quotes around a string: what a log line says.
pub(super) fn plain(value: &DynSolValue) -> String {
    match value {
        DynSolValue::String(text) => text.clone(),
        DynSolValue::Bool(on) => on.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::FixedBytes(word, length) => {
            hex::encode_prefixed(word.get(..*length).unwrap_or_default())
        }
        DynSolValue::Function(function) => hex::encode_prefixed(function),
        nested => shown(nested),
    }
}

/// Values with a comma between them.
pub(super) fn list(values: &[DynSolValue]) -> String {
    values.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// Values with their names where they have one.
pub(super) fn named<S: AsRef<str>>(names: &[S], values: &[DynSolValue]) -> String {
    let named = |(index, value): (usize, &DynSolValue)| match names.get(index).map(S::as_ref) {
        None | Some("") => shown(value),
        Some(name) => format!("{name}: {}", shown(value)),
    };
    values.iter().enumerate().map(named).collect::<Vec<_>>().join(", ")
}
