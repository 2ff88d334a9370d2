//! Answers `SE_VERIFY`, 0x…555401: which of up to 256 chip signatures verify.
//!
//! Input n x 160 bytes, 1 <= n <= 256; output one word, bit i for signature i.

use alloy_primitives::U256;

use crate::{
    gas::{Gas, count},
    input::Input,
    outcome::{Halt, Output},
    se::{SeItem, verify},
};

/// Most signatures in one call: the bits of a word.
pub const MAX_ITEMS: usize = 256;

/// Gas for one signature, measured at 53 µs.
pub const ITEM_COST: Gas = Gas::new(4_500);

/// Checks every signature of the input.
///
/// # Errors
/// [`Halt`] if the length is not n x 160 with 1 <= n <= 256, or the budget is below n x [`ITEM_COST`].
pub fn run(bytes: &[u8], budget: Gas) -> Result<Output, Halt> {
    let items = Input::new(bytes).parts::<{ SeItem::BYTES }>().unwrap_or_default();
    if items.is_empty() || items.len() > MAX_ITEMS {
        return Err(Halt::refuse("length is not 1 to 256 times 160", budget));
    }
    let gas_used = Gas::default().plus(count(items.len()), ITEM_COST).within(budget)?;

    let mut word = U256::ZERO;
    for (i, item) in items.iter().enumerate() {
        word.set_bit(i, verify(&SeItem::decode(item)));
    }
    Ok(Output { gas_used, bytes: word.to_be_bytes::<32>().into() })
}
