//! Computes a trie from what is stored of it, leaf by leaf in order, descending only where a key
//! changed or is to be proved: for proofs, and for changes so many that nothing of it need stay.
//!
//! Stored are the branches that have a branch below them, except the root, with the hashes of
//! those children that are branches themselves. Hence, below the root: all leaves under a path lie
//! under the topmost stored branch there, if there is one.

use super::{
    grow::NodeUpdates,
    leaves::{Leaves, greatest, least},
    nodes::{Node, Nodes},
};
use crate::error::DbError;
use alloy_primitives::B256;
use alloy_trie::{
    HashBuilder, Nibbles,
    proof::{ProofNodes, ProofRetainer},
};
use std::collections::BTreeSet;

/// What a walk gives.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Root after the changes.
    pub(super) root: B256,
    /// What to store anew, unless there were targets to prove.
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
    let mut open = [touched, targets].concat();
    open.sort_unstable();
    let builder = HashBuilder::default().with_updates(targets.is_empty());
    let builder = builder.with_proof_retainer(retainer);
    let mut walk = Walk { nodes, leaves, builder, met: BTreeSet::new(), pending: None };
    walk.root(&open)?;
    walk.finish()
}

/// Below an open key no stored hash may be used. Each step is given the open keys under its path.
struct Walk<N, L> {
    nodes: N,
    leaves: L,
    builder: HashBuilder,
    /// Stored nodes that were descended into.
    met: BTreeSet<Nibbles>,
    /// First and last path under which all leaves are to be added, before anything that follows:
    /// leaves of neighbours are read in one go.
    pending: Option<(Nibbles, Nibbles)>,
}

impl<N: Nodes, L: Leaves> Walk<N, L> {
    fn root(&mut self, open: &[B256]) -> Result<(), DbError> {
        let root = Nibbles::default();
        if self.nodes.first_under(&root)?.is_none() {
            self.pend(root);
            return Ok(());
        }
        // The root itself is not stored, so its children are taken one by one.
        children(&root, open).try_for_each(|(child, open)| self.visit(&child, open))
    }

    fn finish(mut self) -> Result<Walked, DbError> {
        self.add_pending()?;
        let root = self.builder.root();
        let proof = self.builder.take_proof_nodes();
        let (_, new) = self.builder.split();
        let mut nodes: NodeUpdates = self.met.into_iter().map(|path| (path, None)).collect();
        nodes.extend(new.into_iter().map(|(path, node)| (path, Some(node))));
        Ok(Walked { root, nodes, proof })
    }

    /// Adds everything under a path whose hash is not known or not valid.
    fn visit(&mut self, path: &Nibbles, open: &[B256]) -> Result<(), DbError> {
        match self.nodes.first_under(path)? {
            None => {
                self.pend(*path);
                Ok(())
            }
            Some(top) => self.descend(path, &top, open),
        }
    }

    /// Adds everything under a path, given the topmost stored node there.
    fn descend(&mut self, path: &Nibbles, top: &Node, open: &[B256]) -> Result<(), DbError> {
        if *path == top.0 {
            return self.expand(top, open);
        }
        for (child, open) in children(path, open) {
            if top.0.starts_with(&child) {
                self.descend(&child, top, open)?;
            } else if !open.is_empty() {
                // Beside the stored node there can only be new leaves.
                self.pend(child);
            }
        }
        Ok(())
    }

    /// Adds the children of a stored node, by their hashes where these are known and valid.
    fn expand(&mut self, (path, node): &Node, open: &[B256]) -> Result<(), DbError> {
        self.met.insert(*path);
        for (nibble, (child, open)) in (0..16).zip(children(path, open)) {
            let is_stored = node.tree_mask.is_bit_set(nibble);
            if open.is_empty() && node.hash_mask.is_bit_set(nibble) {
                self.add_pending()?;
                self.builder.add_branch(child, node.hash_for_nibble(nibble), is_stored);
            } else if is_stored {
                self.visit(&child, open)?;
            } else if !open.is_empty() || node.state_mask.is_bit_set(nibble) {
                self.pend(child);
            }
        }
        Ok(())
    }

    /// Lets the leaves under a path be added next. Between this path and the last one that pends
    /// there is no leaf: whatever has leaves is added in order.
    fn pend(&mut self, path: Nibbles) {
        self.pending = Some((self.pending.map_or(path, |(first, _)| first), path));
    }

    fn add_pending(&mut self) -> Result<(), DbError> {
        let Some((first, last)) = self.pending.take() else { return Ok(()) };
        for (key, value) in self.leaves.between(least(&first), greatest(&last))? {
            self.builder.add_leaf(Nibbles::unpack(key), &value);
        }
        Ok(())
    }
}

/// The children of a path, each with those keys that lie under it; `open` is sorted.
fn children<'k>(
    path: &Nibbles,
    mut open: &'k [B256],
) -> impl Iterator<Item = (Nibbles, &'k [B256])> {
    let path = *path;
    (0..16).map(move |nibble| {
        let mut child = path;
        child.push(nibble);
        let count = match open {
            [] => 0,
            keys => {
                let last = greatest(&child);
                keys.partition_point(|key| *key <= last)
            }
        };
        let (here, after) = open.split_at(count);
        open = after;
        (child, here)
    })
}
