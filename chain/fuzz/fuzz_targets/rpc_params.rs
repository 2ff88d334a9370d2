//! Fuzzes what methods take: the input is the name of a method, a space, and its parameters as JSON. A name that
//! does not exist stands for one that does, so that no input is lost.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use std::sync::LazyLock;

static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| utnet_chain::rpc::names().collect());

fn method(name: &str) -> &'static str {
    let known = NAMES.iter().find(|known| **known == name);
    let number =
        name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    known.copied().unwrap_or_else(|| NAMES[number % NAMES.len()])
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(input) else { return Corpus::Reject };
    let Some((name, params)) = text.split_once(' ') else { return Corpus::Reject };
    utnet_chain_fuzz::play(&utnet_chain_fuzz::request(method(name), params));
    Corpus::Keep
});
