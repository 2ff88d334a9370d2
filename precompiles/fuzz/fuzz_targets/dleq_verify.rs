//! Fuzzes `DLEQ_VERIFY`: no panic, no empty answer, no price above the budget, one answer per input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use utnet_precompiles::{Gas, registry::DLEQ_VERIFY};

const BUDGET: Gas = Gas::new(30_000_000);

fuzz_target!(|input: &[u8]| {
    let outcome = (DLEQ_VERIFY.run)(input, BUDGET);
    assert_eq!(outcome, (DLEQ_VERIFY.run)(input, BUDGET));
    if let Ok(output) = outcome {
        assert_eq!(output.bytes.len(), 32);
        assert!(output.gas_used <= BUDGET);
    }
});
