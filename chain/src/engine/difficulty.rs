//! Computes the difficulty of blocks before the merge; nothing is ever mined against it.
//!
//! Ethereum's rules: yellow paper for Frontier, EIP-2 (Homestead), EIP-100 (Byzantium), and the
//! delays of EIP-649, 1234, 2384, 3554, 4345, 5133.

use crate::genesis::ChainSpec;
use alloy_consensus::{Header, constants::EMPTY_OMMER_ROOT_HASH};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks};
use alloy_primitives::{I256, U256};
use utnet_primitives::Seconds;

const LEAST: u64 = 131_072;
/// The bomb doubles once per this many blocks.
const BOMB_PERIOD: u64 = 100_000;

/// The difficulty of a block with this timestamp on a parent.
pub(crate) fn next(spec: &ChainSpec, parent: &Header, timestamp: Seconds) -> U256 {
    let number = parent.number.saturating_add(1);
    let elapsed = timestamp.0.saturating_sub(parent.timestamp);
    let steps = if spec.is_byzantium_active_at_block(number) {
        let uncles = if parent.ommers_hash == EMPTY_OMMER_ROOT_HASH { 1 } else { 2 };
        at_least_minus_99(uncles, elapsed / 9)
    } else if spec.is_homestead_active_at_block(number) {
        at_least_minus_99(1, elapsed / 10)
    } else if elapsed < 13 {
        1
    } else {
        -1
    };
    let step = I256::from_raw(parent.difficulty / U256::from(2_048));
    let steps = I256::try_from(steps).expect("at least -99 and at most 2");
    let adjusted = I256::from_raw(parent.difficulty).saturating_add(step.saturating_mul(steps));
    let least = I256::from_raw(U256::from(LEAST));
    adjusted.max(least).into_raw().saturating_add(bomb(number, bomb_delay(spec, number)))
}

/// `most - slots`, at least -99.
fn at_least_minus_99(most: i64, slots: u64) -> i64 {
    let slots = i64::try_from(slots).unwrap_or(i64::MAX);
    most.saturating_sub(slots).max(-99)
}

fn bomb(number: u64, delay: u64) -> U256 {
    match (number.saturating_sub(delay) / BOMB_PERIOD).checked_sub(2) {
        Some(exponent) => U256::from(2).saturating_pow(U256::from(exponent)),
        None => U256::ZERO,
    }
}

/// By how many blocks the bomb is put off.
fn bomb_delay(spec: &ChainSpec, number: u64) -> u64 {
    let delays = [
        (EthereumHardfork::GrayGlacier, 11_400_000),
        (EthereumHardfork::ArrowGlacier, 10_700_000),
        (EthereumHardfork::London, 9_700_000),
        (EthereumHardfork::MuirGlacier, 9_000_000),
        (EthereumHardfork::Constantinople, 5_000_000),
        (EthereumHardfork::Byzantium, 3_000_000),
    ];
    let active =
        |(fork, _): &&(EthereumHardfork, u64)| spec.is_ethereum_fork_active_at_block(*fork, number);
    delays.iter().find(active).map_or(0, |(_, delay)| *delay)
}
