//! Answers `DLEQ_VERIFY`, 0x…555404: whether two points have the same logarithm over two bases.
//!
//! Input context 32 ‖ A 33 ‖ B 33 ‖ C 33 ‖ D 33 ‖ c 32 ‖ s 32; output one word.

use alloy_primitives::Bytes;

use crate::{
    dleq::{Proof, Statement, verify},
    gas::Gas,
    input::Input,
    outcome::{Halt, Output, word},
};

/// Gas for a call, true or false, priced as `VRF_VERIFY` beside ecrecover (`docs/precompiles.md`).
pub const COST: Gas = Gas::new(45_000);

/// Checks one proof.
///
/// # Errors
/// [`Halt`] if the length is not 228, or the budget is below the price.
pub fn run(bytes: &[u8], budget: Gas) -> Result<Output, Halt> {
    let Some((statement, proof)) = parse(bytes) else {
        return Err(Halt::refuse("length is not 228", budget));
    };
    let gas_used = COST.within(budget)?;
    Ok(Output { gas_used, bytes: Bytes::from(word(verify(&statement, &proof))) })
}

fn parse(bytes: &[u8]) -> Option<(Statement, Proof)> {
    let mut input = Input::new(bytes);
    let statement = Statement {
        context: *input.take()?,
        a: *input.take()?,
        b: *input.take()?,
        c: *input.take()?,
        d: *input.take()?,
    };
    let proof = Proof { challenge: *input.take()?, response: *input.take()? };
    input.rest().is_empty().then_some((statement, proof))
}
