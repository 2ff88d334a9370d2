//! Fuzzes the door: whatever a client may write, cut into requests and batches, decoded and dispatched.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| utnet_chain_fuzz::play(input));
