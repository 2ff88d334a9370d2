//! Proves several leaves of one tree at once: nodes that two of their paths share are sent once or not at all.

use super::{level_above, node};
use alloy_primitives::B256;

/// A node that is known, by its place in its level.
type Known = (usize, B256);

/// The nodes that are needed to climb from the leaves on some places, ascending, to the root: level by level, and from left
/// to right within each. `None` if the places are not ascending or not all in the tree, or if there are none.
pub fn multiproof(leaves: &[B256], places: &[usize]) -> Option<Vec<B256>> {
    let is_ascending = places.is_sorted_by(|one, next| one < next);
    if !is_ascending || places.last().is_none_or(|last| *last >= leaves.len()) {
        return None;
    }
    let (mut level, mut places, mut nodes) = (leaves.to_vec(), places.to_vec(), Vec::new());
    while level.len() > 1 {
        let is_known = |place: usize| places.binary_search(&place).is_ok();
        let siblings = places.iter().map(|place| place ^ 1).filter(|sibling| !is_known(*sibling));
        nodes.extend(siblings.filter_map(|sibling| level.get(sibling)));
        level = level_above(&level);
        places.iter_mut().for_each(|place| *place /= 2);
        places.dedup();
    }
    Some(nodes)
}

/// The root that some leaves, ascending by place, and their multiproof lead to in a tree of `width` leaves; `None` when the
/// places or the number of nodes do not fit the tree.
pub fn climb_together(width: usize, leaves: &[Known], nodes: &[B256]) -> Option<B256> {
    climb_beside(width, leaves, nodes, 0).map(|(root, _)| root)
}

/// The path of one of the leaves that a multiproof proves, as if it had been proven alone; `None` as for
/// [`climb_together`], and when the leaf is not among them.
pub fn path_within(
    width: usize,
    leaves: &[Known],
    nodes: &[B256],
    place: usize,
) -> Option<Vec<B256>> {
    leaves.binary_search_by_key(&place, |leaf| leaf.0).ok()?;
    climb_beside(width, leaves, nodes, place).map(|(_, path)| path)
}

/// The root, and the siblings that are met on the way up from a place.
fn climb_beside(
    width: usize,
    leaves: &[Known],
    nodes: &[B256],
    place: usize,
) -> Option<(B256, Vec<B256>)> {
    let is_ascending = leaves.is_sorted_by(|one, next| one.0 < next.0);
    if !is_ascending || leaves.last()?.0 >= width {
        return None;
    }
    let (mut level, mut width, mut place) = (leaves.to_vec(), width, place);
    let (mut rest, mut path) = (nodes.iter(), Vec::new());
    while width > 1 {
        level = with_siblings(&level, width, &mut rest)?;
        path.extend(level.iter().find(|known| known.0 == place ^ 1).map(|known| known.1));
        level = parents(&level);
        (width, place) = (width.div_ceil(2), place / 2);
    }
    let root = level.first()?.1;
    rest.next().is_none().then_some((root, path))
}

/// A level with the siblings that it lacks, taken from `nodes`; `None` when these run out.
fn with_siblings<'a>(
    level: &[Known],
    width: usize,
    nodes: &mut impl Iterator<Item = &'a B256>,
) -> Option<Vec<Known>> {
    let mut whole = Vec::with_capacity(2 * level.len());
    let mut known = level.iter().copied().peekable();
    while let Some(left) = known.next() {
        let sibling = left.0 ^ 1;
        if sibling < left.0 {
            whole.extend([(sibling, *nodes.next()?), left]);
        } else if let Some(right) = known.next_if(|right| right.0 == sibling) {
            whole.extend([left, right]);
        } else if sibling < width {
            whole.extend([left, (sibling, *nodes.next()?)]);
        } else {
            whole.push(left);
        }
    }
    Some(whole)
}

/// The level above one in which every node has its sibling, if there is one.
fn parents(level: &[Known]) -> Vec<Known> {
    level
        .chunk_by(|left, right| left.0 / 2 == right.0 / 2)
        .filter_map(|pair| match pair {
            [left, right] => Some((left.0 / 2, node(&left.1, &right.1))),
            [last] => Some((last.0 / 2, last.1)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{climb, path, root};
    use alloy_primitives::keccak256;
    use proptest::prelude::*;

    fn leaves(count: usize) -> Vec<B256> {
        (0..count).map(|place| keccak256(place.to_be_bytes())).collect()
    }

    fn on(leaves: &[B256], places: &[usize]) -> Vec<Known> {
        places.iter().map(|place| (*place, leaves[*place])).collect()
    }

    #[test]
    fn every_choice_of_leaves_of_small_trees_climbs_to_the_root() {
        for width in 1..=9 {
            let all = leaves(width);
            for choice in 1_u32..1 << width {
                let places: Vec<_> = (0..width).filter(|place| choice >> place & 1 == 1).collect();
                let nodes = multiproof(&all, &places).expect("places of the tree");
                let climbed = climb_together(width, &on(&all, &places), &nodes);
                assert_eq!(climbed, root(&all), "{places:?} of {width}");
            }
        }
    }

    #[test]
    fn all_leaves_need_no_nodes_and_one_leaf_needs_its_path() {
        let all = leaves(7);
        assert_eq!(multiproof(&all, &[0, 1, 2, 3, 4, 5, 6]), Some(vec![]));
        for place in 0..7 {
            assert_eq!(multiproof(&all, &[place]), path(&all, place));
        }
    }

    #[test]
    fn places_out_of_order_beyond_the_tree_or_missing_have_no_proof() {
        let all = leaves(3);
        for places in [vec![], vec![1, 1], vec![2, 1], vec![0, 3]] {
            assert_eq!(multiproof(&all, &places), None, "{places:?}");
        }
        assert_eq!(climb_together(3, &[], &all), None);
        assert_eq!(climb_together(3, &[(1, all[1]), (1, all[1])], &[]), None);
        assert_eq!(climb_together(3, &[(3, all[0])], &all), None);
    }

    proptest! {
        #[test]
        fn a_multiproof_says_what_single_paths_say(
            width in 1_usize..70,
            picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..9),
        ) {
            let all = leaves(width);
            let mut places: Vec<_> = picks.iter().map(|pick| pick.index(width)).collect();
            places.sort_unstable();
            places.dedup();

            let nodes = multiproof(&all, &places).expect("places of the tree");

            let mut single = Vec::new();
            for place in &places {
                let way = path(&all, *place).expect("a place of the tree");
                prop_assert_eq!(climb(all[*place], *place, width, &way), root(&all));
                let within = path_within(width, &on(&all, &places), &nodes, *place);
                prop_assert_eq!(within.as_ref(), Some(&way));
                single.extend(way);
            }
            prop_assert!(nodes.iter().all(|node| single.contains(node)));
            prop_assert_eq!(climb_together(width, &on(&all, &places), &nodes), root(&all));
        }

        #[test]
        fn a_node_too_many_or_too_few_leads_nowhere(width in 2_usize..60, pick in any::<prop::sample::Index>()) {
            let all = leaves(width);
            let places = [pick.index(width)];
            let mut nodes = multiproof(&all, &places).expect("a place of the tree");
            nodes.push(B256::ZERO);
            prop_assert_eq!(climb_together(width, &on(&all, &places), &nodes), None);
            nodes.truncate(nodes.len() - 2);
            prop_assert_eq!(climb_together(width, &on(&all, &places), &nodes), None);
        }

        #[test]
        fn whatever_comes_is_answered(
            width in 0_usize..40,
            leaves in proptest::collection::vec((0_usize..40, any::<[u8; 32]>()), 0..8),
            nodes in proptest::collection::vec(any::<[u8; 32]>(), 0..8),
        ) {
            let leaves: Vec<Known> = leaves.into_iter().map(|(place, hash)| (place, hash.into())).collect();
            let nodes: Vec<B256> = nodes.into_iter().map(B256::from).collect();
            let found = climb_together(width, &leaves, &nodes);
            prop_assert!(found.is_none() || !leaves.is_empty());
        }
    }
}
