//! Parses the parameters of a request once, into types, and says which one is wrong and why.

use super::error::RpcError;
use jsonrpsee::types::Params;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A type that a parameter can have.
pub(super) trait Param: Sized {
    /// What a caller must send, after "expected".
    const EXPECTED: &'static str;

    /// Reads the JSON text of one parameter.
    fn read(json: &str) -> Result<Self, serde_json::Error>;
}

/// Gives types that serde can read their place among parameters.
macro_rules! params {
    ($($type:ty => $expected:literal),* $(,)?) => {
        $(impl $crate::rpc::args::Param for $type {
            const EXPECTED: &'static str = $expected;

            fn read(json: &str) -> Result<Self, serde_json::Error> {
                serde_json::from_str(json)
            }
        })*
    };
}
pub(super) use params;

/// The parameters of one request, taken from left to right.
#[derive(Debug)]
pub(super) struct Args {
    rest: std::vec::IntoIter<Box<RawValue>>,
    taken: usize,
}

impl Args {
    /// Splits the parameters; none at all is an empty list.
    pub(super) fn new(params: &Params<'_>) -> Result<Self, RpcError> {
        let list: Vec<Box<RawValue>> = match params.as_str() {
            None | Some("" | "null") => Vec::new(),
            Some(text) => serde_json::from_str(text).map_err(RpcError::ParamsNotAList)?,
        };
        Ok(Self { rest: list.into_iter(), taken: 0 })
    }

    /// The next parameter, which must be there.
    pub(super) fn take<T: Param>(&mut self, name: &'static str) -> Result<T, RpcError> {
        let position = self.taken;
        self.find(name)?.ok_or(RpcError::ParamMissing { position, name, expected: T::EXPECTED })
    }

    /// The next parameter; `None` where it is left out or null.
    pub(super) fn find<T: Param>(&mut self, name: &'static str) -> Result<Option<T>, RpcError> {
        let position = self.taken;
        self.taken += 1;
        let Some(raw) = self.rest.next().filter(|raw| raw.get() != "null") else {
            return Ok(None);
        };
        T::read(raw.get()).map(Some).map_err(|source| RpcError::ParamInvalid {
            position,
            name,
            expected: T::EXPECTED,
            source,
        })
    }
}

/// Reads nested JSON text where a parameter holds more than one type.
pub(super) fn read<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Address;

    fn args(text: &str) -> Args {
        Args::new(&Params::new(Some(text))).unwrap()
    }

    #[test]
    fn a_wrong_parameter_is_named_with_what_was_expected() {
        let wrong = args(r#"["0x12"]"#).take::<Address>("address").unwrap_err();
        let text = wrong.to_string();
        assert!(text.contains("address") && text.contains("20 bytes"), "{text}");
    }

    #[test]
    fn a_missing_parameter_is_named_with_its_position() {
        let mut args = args(r#"["0x0000000000000000000000000000000000000001"]"#);
        args.take::<Address>("from").unwrap();
        let text = args.take::<Address>("to").unwrap_err().to_string();
        assert!(text.contains("argument 1") && text.contains("`to`"), "{text}");
    }

    #[test]
    fn null_counts_as_left_out() {
        assert_eq!(args("[null]").find::<Address>("from").unwrap(), None);
    }

    #[test]
    fn parameters_by_name_are_refused() {
        assert!(Args::new(&Params::new(Some(r#"{"address":"0x"}"#))).is_err());
    }
}
