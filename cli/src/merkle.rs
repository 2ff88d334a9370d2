//! Builds the tree of a vendor's batch: leaf keccak256(0x00 ‖ x ‖ y ‖ model ‖ serialHash), node keccak256(0x01 ‖ smaller ‖ larger).

use alloy_primitives::{B256, U256, keccak256};

/// The leaf of one chip.
pub(crate) fn leaf(x: &B256, y: &B256, model: u32, serial_hash: &B256) -> B256 {
    let model = B256::from(U256::from(model));
    keccak256(
        [&[0x00], x.as_slice(), y.as_slice(), model.as_slice(), serial_hash.as_slice()].concat(),
    )
}

fn node(a: &B256, b: &B256) -> B256 {
    let (smaller, larger) = if a <= b { (a, b) } else { (b, a) };
    keccak256([&[0x01], smaller.as_slice(), larger.as_slice()].concat())
}

/// The root over leaves, and each leaf's path to it; `None` without leaves. An odd last node is promoted.
pub(crate) fn tree(leaves: &[B256]) -> Option<(B256, Vec<Vec<B256>>)> {
    let mut paths = vec![Vec::new(); leaves.len()];
    let mut places: Vec<usize> = (0..leaves.len()).collect();
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        for (path, place) in paths.iter_mut().zip(&mut places) {
            path.extend(level.get(*place ^ 1));
            *place /= 2;
        }
        level = level.chunks(2).map(parent).collect();
    }
    level.first().map(|root| (*root, paths))
}

fn parent(pair: &[B256]) -> B256 {
    match pair {
        [left, right] => node(left, right),
        alone => alone.first().copied().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn climbs(leaf: B256, path: &[B256]) -> B256 {
        path.iter().fold(leaf, |hash, sibling| node(&hash, sibling))
    }

    #[test]
    fn every_path_leads_to_the_root_whatever_the_number_of_leaves() {
        for count in 1..20_u8 {
            let leaves: Vec<_> = (0..count).map(|i| keccak256([i])).collect();
            let (root, paths) = tree(&leaves).unwrap();
            for (leaf, path) in leaves.iter().zip(&paths) {
                assert_eq!(climbs(*leaf, path), root, "{count} leaves");
            }
        }
    }

    #[test]
    fn no_leaves_have_no_root() {
        assert_eq!(tree(&[]), None);
    }
}
