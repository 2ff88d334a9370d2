//! Decides which of an operator's chips sign an epoch's proof and which are named absent.

use std::collections::BTreeSet;
use utnet_bindings::states::ChipState;
use utnet_primitives::{ChipId, Epoch};

/// One place in the operator's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The place.
    pub index: u32,
    /// The chip.
    pub chip: ChipId,
    /// Its state now.
    pub state: ChipState,
    /// Epoch of its latest registration.
    pub registered: Epoch,
    /// BLS key, 48 bytes.
    pub key: [u8; 48],
}

/// What a proof of an epoch is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Sum of the keys that count.
    pub aggregate: [u8; 48],
    /// How many count.
    pub count: u32,
}

/// Adds BLS keys, 48 bytes each; `None` when they do not add up.
pub type Sum<'a> = &'a dyn Fn(&[[u8; 48]]) -> Option<[u8; 48]>;

/// Places whose keys count in a snapshot, ascending; `None` if no guess gives the snapshot's sum.
///
/// The registry says how many count and what their keys sum to, not who they are: a chip's state is that of now, the
/// snapshot's that of some epochs ago. The first guess is all that are active now; then whole groups of one state and
/// registration epoch are taken in or out, then single chips, at most two of either. `sum` adds keys.
pub fn counting(list: &[Listed], snapshot: &Snapshot, sum: Sum<'_>) -> Option<Vec<u32>> {
    let first: BTreeSet<usize> = list
        .iter()
        .enumerate()
        .filter(|(_, chip)| chip.state == ChipState::Active)
        .map(|(place, _)| place)
        .collect();
    let fits = |guess: &BTreeSet<usize>| {
        let keys: Vec<_> =
            guess.iter().filter_map(|place| list.get(*place)).map(|chip| chip.key).collect();
        u32::try_from(keys.len()) == Ok(snapshot.count) && sum(&keys) == Some(snapshot.aggregate)
    };
    let found = guesses(list, &first).find(|guess| fits(guess))?;
    Some(found.iter().filter_map(|place| list.get(*place)).map(|chip| chip.index).collect())
}

fn guesses<'a>(
    list: &'a [Listed],
    first: &'a BTreeSet<usize>,
) -> impl Iterator<Item = BTreeSet<usize>> + 'a {
    let singles: Vec<Vec<usize>> = (0..list.len()).map(|place| vec![place]).collect();
    [groups(list), singles].into_iter().flat_map(move |units| {
        let count = units.len();
        let pairs = (0..=count).flat_map(move |a| (a..=count).map(move |b| (a, b)));
        pairs.map(move |(a, b)| {
            let mut guess = first.clone();
            let other = (a != b).then(|| units.get(b)).flatten();
            for place in units.get(a).into_iter().chain(other).flatten() {
                if !guess.remove(place) {
                    guess.insert(*place);
                }
            }
            guess
        })
    })
}

fn groups(list: &[Listed]) -> Vec<Vec<usize>> {
    let mut groups: Vec<((ChipState, Epoch), Vec<usize>)> = Vec::new();
    for (place, chip) in list.iter().enumerate() {
        let kind = (chip.state, chip.registered);
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, members)) => members.push(place),
            None => groups.push((kind, vec![place])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;

    /// Stands for the curve: bytes are xored, which also is a sum that tells sets apart.
    fn xor(keys: &[[u8; 48]]) -> Option<[u8; 48]> {
        let mut total = [0; 48];
        for key in keys {
            total.iter_mut().zip(key).for_each(|(sum, byte)| *sum ^= byte);
        }
        Some(total)
    }

    fn chip(index: u32, state: ChipState, registered: u64) -> Listed {
        let mut key = [0; 48];
        let place = usize::try_from(index).expect("small");
        key[place / 8] = 1 << (place % 8);
        Listed { index, chip: ChipId(B256::ZERO), state, registered: Epoch(registered), key }
    }

    fn snapshot(list: &[Listed], places: &[usize]) -> Snapshot {
        let keys: Vec<_> = places.iter().map(|place| list[*place].key).collect();
        let count = u32::try_from(keys.len()).expect("small");
        Snapshot { aggregate: xor(&keys).expect("a sum"), count }
    }

    #[test]
    fn all_active_chips_count_when_nothing_has_changed() {
        let list = [chip(0, ChipState::Active, 1), chip(1, ChipState::Exited, 1)];
        assert_eq!(counting(&list, &snapshot(&list, &[0]), &xor), Some(vec![0]));
    }

    #[test]
    fn chips_that_just_left_still_count() {
        let list: Vec<_> = (0..20)
            .map(|i| chip(i, if i < 9 { ChipState::Exiting } else { ChipState::Active }, 1))
            .collect();
        let all: Vec<usize> = (0..20).collect();
        assert_eq!(counting(&list, &snapshot(&list, &all), &xor), Some((0..20).collect()));
    }

    #[test]
    fn chips_that_just_came_do_not_count() {
        let list: Vec<_> =
            (0..20).map(|i| chip(i, ChipState::Active, if i < 12 { 1 } else { 5 })).collect();
        let old: Vec<usize> = (0..12).collect();
        assert_eq!(counting(&list, &snapshot(&list, &old), &xor), Some((0..12).collect()));
    }

    #[test]
    fn one_chip_of_a_group_may_differ() {
        let list: Vec<_> = (0..6).map(|i| chip(i, ChipState::Active, 1)).collect();
        let without = [0, 1, 3, 4, 5];
        let found = counting(&list, &snapshot(&list, &without), &xor);
        assert_eq!(found, Some(vec![0, 1, 3, 4, 5]));
    }

    #[test]
    fn an_unknown_sum_is_not_guessed() {
        let list = [chip(0, ChipState::Active, 1)];
        let other = Snapshot { aggregate: [9; 48], count: 1 };
        assert_eq!(counting(&list, &other, &xor), None);
    }
}
