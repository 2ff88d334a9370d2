//! Fuzzes `POCI_VERIFY`: no panic, no empty answer, no price above the budget, one answer per input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use utnet_precompiles::{Gas, registry::POCI_VERIFY};

const BUDGET: Gas = Gas::new(30_000_000);

fuzz_target!(|input: &[u8]| {
    let outcome = (POCI_VERIFY.run)(input, BUDGET);
    assert_eq!(outcome, (POCI_VERIFY.run)(input, BUDGET));
    if let Ok(output) = outcome {
        let is_sum = input.first() == Some(&2);
        assert_eq!(output.bytes.len(), if is_sum { 80 } else { 32 });
        assert!(output.gas_used <= BUDGET);
    }
});
