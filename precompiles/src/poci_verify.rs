//! Answers `POCI_VERIFY`, 0x…555402: which chips signed, who owns a key, what keys sum to.
//!
//! The first byte is the mode: 0 aggregate, 1 possession, 2 sum.

use alloy_primitives::Bytes;

use crate::{
    bls::{Possession, sum, verify_aggregate, verify_possessions},
    gas::{Gas, count},
    input::Input,
    outcome::{Halt, Output, word},
};

/// Most proofs of possession in one call.
pub const MAX_POSSESSIONS: usize = 64;

/// Gas for an aggregate with nobody absent, measured at 1,240 µs.
pub const AGGREGATE_COST: Gas = Gas::new(100_000);

/// Gas for a key to decode and to add, measured at 15.4 µs: an absentee of mode 0, an operand of
/// mode 2.
pub const KEY_COST: Gas = Gas::new(1_300);

/// Gas for the part of mode 1 that all proofs share, measured at 566 µs.
pub const POSSESSION_BASE_COST: Gas = Gas::new(40_000);

/// Gas for each proof of mode 1, measured at 722 µs.
pub const POSSESSION_COST: Gas = Gas::new(58_000);

/// Gas for a sum of no keys, measured at 2.7 µs.
pub const SUM_BASE_COST: Gas = Gas::new(300);

/// Does what the mode byte asks for.
///
/// # Errors
/// [`Halt`] for an unknown mode, a length that is not the mode's, or a budget below the price.
pub fn run(bytes: &[u8], budget: Gas) -> Result<Output, Halt> {
    let mut input = Input::new(bytes);
    match input.take::<1>() {
        Some([0]) => run_aggregate(input, budget),
        Some([1]) => run_possession(input, budget),
        Some([2]) => run_sum(input, budget),
        Some(_) => Err(Halt::refuse("mode is not 0, 1 or 2", budget)),
        None => Err(Halt::refuse("mode is missing", budget)),
    }
}

/// msg 32 ‖ sig 96 ‖ apk 48 ‖ k x absent 48.
fn run_aggregate(mut input: Input<'_>, budget: Gas) -> Result<Output, Halt> {
    const FORM: &str = "aggregate length is not 177 plus a multiple of 48";
    let head = (|| Some((input.take()?, input.take()?, input.take()?, input.parts()?)))();
    let (msg, sig, apk, absent) = head.ok_or_else(|| Halt::refuse(FORM, budget))?;
    let gas_used = AGGREGATE_COST.plus(count(absent.len()), KEY_COST).within(budget)?;

    let is_signed = verify_aggregate(msg, sig, apk, absent);
    Ok(Output { gas_used, bytes: word(is_signed).into() })
}

/// n x (context 32 ‖ key 48 ‖ proof 96).
fn run_possession(input: Input<'_>, budget: Gas) -> Result<Output, Halt> {
    let items = input.parts::<{ Possession::BYTES }>().unwrap_or_default();
    if items.is_empty() || items.len() > MAX_POSSESSIONS {
        return Err(Halt::refuse("possession length is not 1 plus 1 to 64 times 176", budget));
    }
    let gas_used = POSSESSION_BASE_COST.plus(count(items.len()), POSSESSION_COST).within(budget)?;

    let possessions: Option<Vec<Possession>> = items.iter().map(decode_possession).collect();
    let is_proven = possessions.is_some_and(|all| verify_possessions(&all));
    Ok(Output { gas_used, bytes: word(is_proven).into() })
}

fn decode_possession(bytes: &[u8; Possession::BYTES]) -> Option<Possession> {
    let mut input = Input::new(bytes);
    Some(Possession { context: *input.take()?, key: *input.take()?, proof: *input.take()? })
}

/// count of "+" 2 ‖ keys to add ‖ keys to subtract, 48 each.
fn run_sum(mut input: Input<'_>, budget: Gas) -> Result<Output, Halt> {
    let split = (|| {
        let plus = usize::from(u16::from_be_bytes(*input.take()?));
        input.parts::<48>()?.split_at_checked(plus)
    })();
    let (plus, minus) =
        split.ok_or_else(|| Halt::refuse("sum length is not 3 plus 48 per key", budget))?;
    let keys = count(plus.len()).saturating_add(count(minus.len()));
    let gas_used = SUM_BASE_COST.plus(keys, KEY_COST).within(budget)?;

    let sum = sum(plus, minus);
    let bytes = [&word(sum.is_some())[..], &sum.unwrap_or([0; 48])].concat();
    Ok(Output { gas_used, bytes: Bytes::from(bytes) })
}
