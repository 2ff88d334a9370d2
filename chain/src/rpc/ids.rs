//! Makes ids of subscriptions and filters: hex strings, as every Ethereum client expects.

use alloy_primitives::U128;
use jsonrpsee::{core::traits::IdProvider, types::SubscriptionId};

/// Gives subscriptions random 128-bit ids, written as quantities.
#[derive(Debug, Clone, Copy)]
pub(super) struct HexIds;

impl IdProvider for HexIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(format!("{:#x}", random()).into())
    }
}

/// A random id that is never zero.
pub(super) fn random() -> U128 {
    U128::from_be_bytes(alloy_primitives::FixedBytes::<16>::random().0) | U128::from(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_id_is_a_hex_quantity() {
        let SubscriptionId::Str(id) = HexIds.next_id() else { panic!("a string was promised") };
        assert!(id.starts_with("0x") && !id.starts_with("0x0"), "{id}");
    }
}
