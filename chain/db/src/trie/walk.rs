//! Rebuilds a trie from what is stored of it, descending only where a key changed.
//!
//! Stored are the branches that have a branch below them, except the root, with the hashes of
//! those children that are branches themselves. Hence, below the root: all leaves under a path lie
//! under the topmost stored branch there, if there is one.

use super::{
    leaves::{Leaves, is_under, least},
    nodes::{Node, Nodes},
};
use crate::error::DbError;
use alloy_primitives::B256;
use alloy_trie::{
    BranchNodeCompact, HashBuilder, Nibbles,
    proof::{ProofNodes, ProofRetainer},
};
use std::collections::{BTreeMap, BTreeSet};

/// New nodes by path; `None` removes.
pub(super) type NodeUpdates = BTreeMap<Nibbles, Option<BranchNodeCompact>>;

/// What a walk gives.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Root after the changes.
    pub(super) root: B256,
    /// What to store anew; only meaningful when the walk had no targets to prove.
    pub(super) nodes: NodeUpdates,
    /// Nodes on the paths to the targets.
    pub(super) proof: ProofNodes,
}

/// Computes root, changed nodes and proofs of a trie.
///
/// `touched` has the keys of all leaves that differ from the stored trie, `targets` those to prove;
/// `leaves` yields the leaves as they are after the changes.
pub(super) fn walk<N: Nodes, L: Leaves>(
    nodes: N,
    leaves: L,
    touched: &[B256],
    targets: &[B256],
) -> Result<Walked, DbError> {
    let retainer: ProofRetainer = targets.iter().map(Nibbles::unpack).collect();
    let open: BTreeSet<B256> = touched.iter().chain(targets).copied().collect();
    let builder = HashBuilder::default().with_updates(true).with_proof_retainer(retainer);
    let mut walk = Walk { nodes, leaves, open, builder, met: BTreeSet::new() };
    walk.root()?;
    Ok(walk.finish())
}

struct Walk<N, L> {
    nodes: N,
    leaves: L,
    /// Keys below which no stored hash may be used.
    open: BTreeSet<B256>,
    builder: HashBuilder,
    /// Stored nodes that were descended into.
    met: BTreeSet<Nibbles>,
}

impl<N: Nodes, L: Leaves> Walk<N, L> {
    fn root(&mut self) -> Result<(), DbError> {
        let root = Nibbles::default();
        if self.nodes.first_under(&root)?.is_none() {
            return self.add_leaves(&root);
        }
        // The root itself is not stored, so its children are taken one by one.
        for nibble in 0..16 {
            self.visit(&child(&root, nibble))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Walked {
        let root = self.builder.root();
        let proof = self.builder.take_proof_nodes();
        let (_, new) = self.builder.split();
        let mut nodes: NodeUpdates = self.met.into_iter().map(|path| (path, None)).collect();
        nodes.extend(new.into_iter().map(|(path, node)| (path, Some(node))));
        Walked { root, nodes, proof }
    }

    /// Adds everything under a path whose hash is not known or not valid.
    fn visit(&mut self, path: &Nibbles) -> Result<(), DbError> {
        match self.nodes.first_under(path)? {
            None => self.add_leaves(path),
            Some(top) => self.descend(path, &top),
        }
    }

    /// Adds everything under a path, given the topmost stored node there.
    fn descend(&mut self, path: &Nibbles, top: &Node) -> Result<(), DbError> {
        if *path == top.0 {
            return self.expand(top);
        }
        for nibble in 0..16 {
            let child = child(path, nibble);
            if top.0.starts_with(&child) {
                self.descend(&child, top)?;
            } else if self.is_open(&child) {
                // Beside the stored node there can only be new leaves.
                self.add_leaves(&child)?;
            }
        }
        Ok(())
    }

    /// Adds the children of a stored node, by their hashes where these are known and valid.
    fn expand(&mut self, (path, node): &Node) -> Result<(), DbError> {
        self.met.insert(*path);
        for nibble in 0..16 {
            let child = child(path, nibble);
            let open = self.is_open(&child);
            let is_stored = node.tree_mask.is_bit_set(nibble);
            if !open && node.hash_mask.is_bit_set(nibble) {
                self.builder.add_branch(child, node.hash_for_nibble(nibble), is_stored);
            } else if is_stored {
                self.visit(&child)?;
            } else if open || node.state_mask.is_bit_set(nibble) {
                self.add_leaves(&child)?;
            }
        }
        Ok(())
    }

    fn add_leaves(&mut self, path: &Nibbles) -> Result<(), DbError> {
        for (key, value) in self.leaves.under(path)? {
            self.builder.add_leaf(Nibbles::unpack(key), &value);
        }
        Ok(())
    }

    fn is_open(&self, path: &Nibbles) -> bool {
        self.open.range(least(path)..).next().is_some_and(|key| is_under(key, path))
    }
}

fn child(path: &Nibbles, nibble: u8) -> Nibbles {
    let mut path = *path;
    path.push(nibble);
    path
}
