//! Applies changes to a trie: reveals of it what they touch, and hashes only that anew.

use super::{
    leaves::{self, Leaves, greatest, least},
    node::{Branch, Children, Extension, Node, Only, only},
    nodes::Nodes,
};
use crate::error::DbError;
use alloy_primitives::B256;
use alloy_trie::{BranchNodeCompact, Nibbles, TrieMask};
use std::{collections::BTreeMap, mem, sync::Arc};

/// Stored branches by path, as they are to be; `None` removes.
pub(super) type NodeUpdates = BTreeMap<Nibbles, Option<BranchNodeCompact>>;

/// A trie after changes.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) trie: Node,
    /// What to store anew.
    pub(super) nodes: NodeUpdates,
    /// Branches that are in memory now and were not before, about.
    pub(super) revealed: usize,
}

/// Applies changes to a trie, of which nothing is known if it is not given.
///
/// `touched` has, in order, the keys of all leaves that differ from the stored trie; `leaves` yields
/// the leaves as they are after the changes.
pub(super) fn grow<N: Nodes, L: Leaves>(
    trie: Option<Node>,
    nodes: N,
    leaves: L,
    touched: &[B256],
) -> Result<Grown, DbError> {
    let (updates, buffer) = (NodeUpdates::new(), Vec::with_capacity(600));
    let mut growth = Growth { nodes, leaves, updates, buffer, revealed: 0 };
    let trie = match trie {
        Some(trie) => trie,
        None => growth.root()?,
    };
    let trie = growth.apply(Nibbles::default(), trie, touched)?;
    let Growth { updates: nodes, revealed, .. } = growth;
    Ok(Grown { trie, nodes, revealed })
}

/// What is revealed may show changes already; applying them again does nothing then.
struct Growth<N, L> {
    nodes: N,
    leaves: L,
    updates: NodeUpdates,
    /// For RLP.
    buffer: Vec<u8>,
    revealed: usize,
}

impl<N: Nodes, L: Leaves> Growth<N, L> {
    /// The root of a trie of which nothing is known.
    fn root(&mut self) -> Result<Node, DbError> {
        let root = Nibbles::default();
        if self.nodes.first_under(&root)?.is_none() {
            return self.replant(root);
        }
        // The root itself is not stored, so its children are taken one by one.
        let mut children = Children::default();
        for (nibble, child) in (0..16).zip(&mut children) {
            *child = self.reveal(below(root, nibble))?;
        }
        self.join(root, children, false)
    }

    /// What lies under a path of which nothing is known.
    fn reveal(&mut self, path: Nibbles) -> Result<Node, DbError> {
        match self.nodes.first_under(&path)? {
            None => self.replant(path),
            Some((at, record)) => {
                let branch = self.open(at, &record)?;
                Ok(Node::extension(at.slice(path.len()..), branch, &mut self.buffer))
            }
        }
    }

    /// A stored branch as it is revealed.
    fn open(&mut self, path: Nibbles, record: &BranchNodeCompact) -> Result<Node, DbError> {
        let (children, _) = self.children_of(path, record)?;
        let (mut branch, _) = Branch::new(children, &mut self.buffer);
        // Whatever its children are after the changes.
        branch.is_stored = true;
        Ok(Node::Branch(Arc::new(branch)))
    }

    /// The children of a stored branch, which has those hashes that belong to branches; and which of them
    /// are made of their leaves, and so are as they will be after the changes.
    fn children_of(
        &mut self,
        path: Nibbles,
        record: &BranchNodeCompact,
    ) -> Result<(Children, TrieMask), DbError> {
        let (mut children, mut planted) = (Children::default(), TrieMask::default());
        // Neighbours without a branch between them, whose leaves are read in one go.
        let mut pending: Option<(u8, u8)> = None;
        for nibble in 0..16 {
            let is_stored = record.tree_mask.is_bit_set(nibble);
            let is_hashed = record.hash_mask.is_bit_set(nibble);
            if !is_hashed && !is_stored {
                if record.state_mask.is_bit_set(nibble) {
                    pending = Some((pending.map_or(nibble, |(first, _)| first), nibble));
                    planted.set_bit(nibble);
                }
                continue;
            }
            self.plant_between(path, pending.take(), &mut children)?;
            let child = if is_hashed {
                Node::hidden_branch(&record.hash_for_nibble(nibble), is_stored)
            } else {
                self.reveal(below(path, nibble))?
            };
            set(&mut children, nibble, child);
        }
        self.plant_between(path, pending, &mut children)?;
        self.revealed = self.revealed.saturating_add(1);
        Ok((children, planted))
    }

    /// Fills the children from one nibble to another from their leaves.
    fn plant_between(
        &mut self,
        path: Nibbles,
        range: Option<(u8, u8)>,
        children: &mut Children,
    ) -> Result<(), DbError> {
        let Some((first, last)) = range else { return Ok(()) };
        let (from, to) = (least(&below(path, first)), greatest(&below(path, last)));
        let leaves = self.leaves.between(from, to)?;
        for (nibble, leaves) in by_nibble(path, &leaves, |leaf| leaf.0) {
            if !leaves.is_empty() {
                let child = self.plant(below(path, nibble), leaves).without_leaf();
                set(children, nibble, child);
            }
        }
        Ok(())
    }

    /// What lies under a path under which no branch is stored.
    fn replant(&mut self, path: Nibbles) -> Result<Node, DbError> {
        let leaves = self.leaves.between(least(&path), greatest(&path))?;
        Ok(self.plant(path, &leaves))
    }

    /// A subtree of these leaves, all of which lie under the path.
    fn plant(&mut self, path: Nibbles, leaves: &[leaves::Leaf]) -> Node {
        let (first, last) = match leaves {
            [] => return Node::Empty,
            [(key, value)] => return Node::leaf(path.len(), *key, value, &mut self.buffer),
            [(first, _), .., (last, _)] => (unpack(first), unpack(last)),
        };
        let fork = first.slice(..first.common_prefix_length(&last));
        let mut children = Children::default();
        for (nibble, leaves) in by_nibble(fork, leaves, |leaf| leaf.0) {
            set(&mut children, nibble, self.plant(below(fork, nibble), leaves));
        }
        let branch = self.seal(fork, children, false);
        self.revealed = self.revealed.saturating_add(1);
        Node::extension(fork.slice(path.len()..), branch, &mut self.buffer)
    }

    /// A node after the changes of keys, all of which lie under its path.
    fn apply(&mut self, path: Nibbles, node: Node, keys: &[B256]) -> Result<Node, DbError> {
        if keys.is_empty() {
            return Ok(node);
        }
        match node {
            Node::Empty => self.plant_new(path, keys),
            Node::Leaf(leaf) if keys == [leaf.key] => self.plant_new(path, keys),
            Node::Leaf(_) | Node::HiddenLeaves(_) => self.replant(path),
            Node::HiddenBranch(hidden) if !hidden.is_stored => self.replant(path),
            Node::HiddenBranch(_) => match self.nodes.first_under(&path)? {
                Some((at, record)) if at == path => {
                    let (mut children, planted) = self.children_of(path, &record)?;
                    self.apply_to(path, &mut children, keys, planted)?;
                    self.join(path, children, true)
                }
                // The stored tries are damaged: the root tells.
                _ => self.replant(path),
            },
            Node::Extension(extension) => self.apply_along(path, &extension, keys),
            Node::Branch(branch) => {
                let mut children = branch.children.clone();
                self.apply_to(path, &mut children, keys, TrieMask::default())?;
                self.join(path, children, branch.is_stored)
            }
        }
    }

    /// A subtree of keys where there was none, or the same leaf.
    fn plant_new(&mut self, path: Nibbles, keys: &[B256]) -> Result<Node, DbError> {
        let mut leaves = Vec::with_capacity(keys.len());
        for key in keys {
            leaves.extend(self.leaves.value(*key)?.map(|value| (*key, value)));
        }
        Ok(self.plant(path, &leaves))
    }

    /// Applies changes to children, but for those that show them already.
    fn apply_to(
        &mut self,
        path: Nibbles,
        children: &mut Children,
        keys: &[B256],
        done: TrieMask,
    ) -> Result<(), DbError> {
        for ((nibble, keys), child) in by_nibble(path, keys, |key| *key).zip(children) {
            if !done.is_bit_set(nibble) {
                *child = self.apply(below(path, nibble), mem::take(child), keys)?;
            }
        }
        Ok(())
    }

    /// An extension after changes, which may leave its stretch.
    fn apply_along(
        &mut self,
        path: Nibbles,
        extension: &Extension,
        keys: &[B256],
    ) -> Result<Node, DbError> {
        let end = path.join(&extension.stretch);
        let shared = keys.iter().map(|key| unpack(key).common_prefix_length(&end)).min();
        let shared = shared.unwrap_or_default();
        let Some(nibble) = end.get(shared) else {
            let branch = self.apply(end, extension.branch.clone(), keys)?;
            return self.lead(path, end, branch);
        };
        let (fork, rest) = (end.slice(..shared), end.slice(shared.saturating_add(1)..));
        let mut children = Children::default();
        let rest = Node::extension(rest, extension.branch.clone(), &mut self.buffer);
        set(&mut children, nibble, rest);
        self.apply_to(fork, &mut children, keys, TrieMask::default())?;
        let node = self.join(fork, children, false)?;
        self.lead(path, fork, node)
    }

    /// A branch of some children, or what is left of it when it has less than two.
    fn join(
        &mut self,
        path: Nibbles,
        mut children: Children,
        was_stored: bool,
    ) -> Result<Node, DbError> {
        let left = match only(&mut children) {
            Only::Many => return Ok(self.seal(path, children, was_stored)),
            Only::One(nibble, child) => self.lead(path, below(path, nibble), child),
            Only::None => Ok(Node::Empty),
        };
        if was_stored {
            // What came in its place is nowhere stored at this path.
            self.updates.insert(path, None);
        }
        left
    }

    /// Lets a node begin at a path above its own, with nothing between.
    fn lead(&mut self, path: Nibbles, at: Nibbles, node: Node) -> Result<Node, DbError> {
        let stretch = at.slice(path.len()..);
        match node {
            node if stretch.is_empty() => Ok(node),
            Node::Empty => Ok(Node::Empty),
            Node::Leaf(leaf) => self.plant_new(path, &[leaf.key]),
            Node::HiddenLeaves(_) => {
                let leaves = self.leaves.between(least(&at), greatest(&at))?;
                Ok(self.plant(path, &leaves))
            }
            Node::Extension(extension) => {
                let stretch = stretch.join(&extension.stretch);
                Ok(Node::extension(stretch, extension.branch.clone(), &mut self.buffer))
            }
            branch @ (Node::HiddenBranch(_) | Node::Branch(_)) => {
                Ok(Node::extension(stretch, branch, &mut self.buffer))
            }
        }
    }

    /// A branch of two children or more, and notes what is to be stored of it.
    fn seal(&mut self, path: Nibbles, children: Children, was_stored: bool) -> Node {
        let (branch, record) = Branch::new(children, &mut self.buffer);
        if branch.is_stored {
            self.updates.insert(path, Some(record));
        } else if was_stored {
            self.updates.insert(path, None);
        }
        Node::Branch(Arc::new(branch))
    }
}

fn unpack(key: &B256) -> Nibbles {
    Nibbles::unpack_array(&key.0)
}

fn below(mut path: Nibbles, nibble: u8) -> Nibbles {
    path.push(nibble);
    path
}

fn set(children: &mut Children, nibble: u8, child: Node) {
    if let Some(place) = children.get_mut(usize::from(nibble)) {
        *place = child;
    }
}

/// What is in order by keys under a path, by the nibble after the path.
fn by_nibble<T>(
    path: Nibbles,
    mut things: &[T],
    key: impl Fn(&T) -> B256,
) -> impl Iterator<Item = (u8, &[T])> {
    (0..16).map(move |nibble| {
        let count = match things {
            [] => 0,
            _ => {
                let last = greatest(&below(path, nibble));
                things.partition_point(|thing| key(thing) <= last)
            }
        };
        let (here, after) = things.split_at(count);
        things = after;
        (nibble, here)
    })
}
