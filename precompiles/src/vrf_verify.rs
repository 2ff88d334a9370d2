//! Answers `VRF_VERIFY`, 0x…555403: whether a draw is honest, and its output.
//!
//! Input key 33 ‖ pi 81 ‖ alpha 0 to 1,024; output one word, then beta (zero if false).

use alloy_primitives::Bytes;

use crate::{
    gas::{Gas, count},
    input::Input,
    outcome::{Halt, Output, word},
    vrf::{Claim, MAX_TRIES},
};

/// Longest alpha, in bytes.
pub const MAX_ALPHA_BYTES: usize = 1_024;

/// Gas for everything but the search for H, measured at 445 µs.
pub const BASE_COST: Gas = Gas::new(36_000);

/// Gas for one candidate of H, alpha apart, measured at 11.3 µs: a square root and a hash.
pub const TRY_COST: Gas = Gas::new(900);

/// Gas for each started 32-byte word of alpha in each candidate, as in Ethereum's SHA-256.
pub const WORD_COST: Gas = Gas::new(12);

/// Checks one proof. The search for H is paid per candidate, since its length can be ground.
///
/// # Errors
/// [`Halt`] if the length is not 114 to 1,138, or the budget is below the price.
pub fn run(bytes: &[u8], budget: Gas) -> Result<Output, Halt> {
    let mut input = Input::new(bytes);
    let parts = (|| Some((input.take()?, input.take()?, input.rest())))();
    let Some((key, pi, alpha)) = parts.filter(|(_, _, alpha)| alpha.len() <= MAX_ALPHA_BYTES)
    else {
        return Err(Halt::refuse("length is not 114 to 1138", budget));
    };
    let gas_used = BASE_COST.within(budget)?;

    let Some(claim) = Claim::decode(key, pi, alpha) else { return Ok(answer(gas_used, None)) };
    let try_cost = TRY_COST.plus(count(alpha.len().div_ceil(32)), WORD_COST);
    let affordable = gas_used.room_for(try_cost, budget);
    let (statement, tries) = claim.find_h(affordable);
    let gas_used = gas_used.plus(tries, try_cost);
    match statement {
        Some(statement) => Ok(answer(gas_used, statement.verify())),
        None if tries < MAX_TRIES => Err(Halt::OutOfGas),
        None => Ok(answer(gas_used, None)),
    }
}

fn answer(gas_used: Gas, beta: Option<[u8; 32]>) -> Output {
    let bytes = [word(beta.is_some()), beta.unwrap_or_default()].concat();
    Output { gas_used, bytes: Bytes::from(bytes) }
}
