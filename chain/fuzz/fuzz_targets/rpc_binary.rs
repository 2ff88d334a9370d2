//! Fuzzes what methods take as bytes: transactions, blocks, dumps. The first byte chooses the method.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use std::fmt::Write;

/// Methods, and their parameters around the bytes.
const METHODS: [(&str, &str, &str); 6] = [
    ("eth_sendRawTransaction", "[\"", "\"]"),
    ("trace_rawTransaction", "[\"", "\",[\"trace\",\"stateDiff\",\"vmTrace\"]]"),
    ("debug_traceBlock", "[\"", "\",{\"tracer\":\"callTracer\"}]"),
    ("anvil_loadState", "[\"", "\"]"),
    (
        "eth_callBundle",
        "[{\"txs\":[\"",
        "\"],\"blockNumber\":\"0x2\",\"stateBlockNumber\":\"latest\"}]",
    ),
    ("anvil_reorg", "[\"0x1\",[[\"", "\",\"0x0\"]]]"),
];

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((choice, bytes)) = input.split_first() else { return Corpus::Reject };
    let (method, before, after) = METHODS[usize::from(*choice) % METHODS.len()];
    let mut params = format!("{before}0x");
    for byte in bytes {
        write!(params, "{byte:02x}").expect("a string takes everything");
    }
    params.push_str(after);
    utnet_chain_fuzz::play(&utnet_chain_fuzz::request(method, &params));
    Corpus::Keep
});
