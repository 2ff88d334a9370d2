//! Draws follow power.

use alloy_primitives::B256;
use utnet_primitives::{DrawInput, Height, Power, Round};

/// Powers of the operators on the segment line, in order.
const POWERS: [u128; 5] = [1, 2, 4, 8, 16];

/// Which operator a point falls to.
fn holder(mut point: u128) -> usize {
    for (index, power) in POWERS.iter().enumerate() {
        match point.checked_sub(*power) {
            Some(rest) => point = rest,
            None => return index,
        }
    }
    panic!("the point is beyond all power")
}

#[test]
fn ten_thousand_draws_follow_power() {
    let total: u128 = POWERS.iter().sum();
    let mut drawn = [0_u32; POWERS.len()];
    let mut beacon = B256::repeat_byte(0x42);

    for height in 1..=10_000 {
        let input = DrawInput { chain_id: 31_337, height: Height(height), parent_beacon: beacon };
        let point = input.kappa(Round(0), Power(total)).unwrap();
        drawn[holder(point.0)] += 1;
        beacon = input.sealer_beacon();
    }

    let chi_square: f64 = POWERS
        .iter()
        .zip(drawn)
        .map(|(power, count)| {
            let expected = 10_000.0 * *power as f64 / total as f64;
            (f64::from(count) - expected).powi(2) / expected
        })
        .sum();
    // 99.9 % quantile with 4 degrees of freedom
    assert!(chi_square < 18.47, "{chi_square} {drawn:?}");
}
