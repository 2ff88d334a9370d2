//! Says why something failed: the reason, the custom error with its arguments, the panic in words.

use super::{Artifacts, values};
use crate::execution::Failure;
use alloy_primitives::{Bytes, hex};
use alloy_sol_types::{Panic, Revert, SolError};

/// Why something failed, in one line.
pub fn sentence(failure: &Failure, artifacts: Option<&Artifacts>) -> String {
    match failure {
        Failure::Halted(reason) => reason.to_string(),
        Failure::Reverted(output) => match revert(output, artifacts) {
            Some(reason) => format!("reverted: {reason}"),
            None => "reverted without a reason".into(),
        },
    }
}

/// The reason in a revert's output; none in an empty one.
pub(super) fn revert(output: &Bytes, artifacts: Option<&Artifacts>) -> Option<String> {
    if output.is_empty() {
        return None;
    }
    if let Ok(revert) = Revert::abi_decode(output) {
        return Some(revert.reason);
    }
    if let Ok(panic) = Panic::abi_decode(output) {
        let words = panic.kind().map_or("unknown", |kind| kind.as_str());
        return Some(format!("panic: {words} (0x{:02x})", panic.code));
    }
    let custom = artifacts.and_then(|artifacts| artifacts.error(output));
    Some(custom.map_or_else(
        || format!("custom error {}", hex::encode_prefixed(output)),
        |(name, names, arguments)| format!("{name}({})", values::named(&names, &arguments)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_evm::revm::context::result::HaltReason;
    use alloy_primitives::U256;

    fn say(output: impl Into<Bytes>) -> String {
        sentence(&Failure::Reverted(output.into()), None)
    }

    #[test]
    fn each_kind_of_failure_has_its_words() {
        assert_eq!(say(Revert::from("unlucky").abi_encode()), "reverted: unlucky");
        let panic = Panic { code: U256::from(0x11) }.abi_encode();
        assert_eq!(say(panic), "reverted: panic: arithmetic underflow or overflow (0x11)");
        assert_eq!(say(vec![1, 2, 3, 4, 5]), "reverted: custom error 0x0102030405");
        assert_eq!(say(Bytes::new()), "reverted without a reason");
        let halted = Failure::Halted(HaltReason::InvalidFEOpcode);
        assert_eq!(sentence(&halted, None), HaltReason::InvalidFEOpcode.to_string());
    }
}
