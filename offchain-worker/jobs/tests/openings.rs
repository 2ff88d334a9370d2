//! Holds trees and multiproofs against `test/vectors/openings.json`, which scripts/opening-vectors.py computes.

use alloy_primitives::B256;
use serde::Deserialize;
use utnet_jobs::merkle::{climb_together, multiproof, root};

#[derive(Deserialize)]
struct Vectors {
    trees: Vec<TreeCase>,
}

#[derive(Deserialize)]
struct TreeCase {
    leaves: Vec<B256>,
    places: Vec<usize>,
    nodes: Vec<B256>,
    root: B256,
}

#[test]
fn trees_and_multiproofs_are_those_of_the_vectors() {
    let text = include_str!("../../../test/vectors/openings.json");
    let vectors: Vectors = serde_json::from_str(text).expect("vectors");
    for TreeCase { leaves, places, nodes, root: expected } in vectors.trees {
        assert_eq!(root(&leaves), Some(expected));
        assert_eq!(multiproof(&leaves, &places), Some(nodes.clone()), "{places:?}");
        let opened: Vec<_> = places.iter().map(|place| (*place, leaves[*place])).collect();
        assert_eq!(climb_together(leaves.len(), &opened, &nodes), Some(expected), "{places:?}");
    }
}
