//! Holds as much of a trie as was needed lately: what was not is known by its reference only.
//!
//! Pure. Nodes are shared: a changed trie shares with the one before it all that did not change.

use alloy_primitives::{B256, keccak256};
use alloy_trie::{
    BranchNodeCompact, EMPTY_ROOT_HASH, Nibbles, TrieMask,
    nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode},
};
use std::{mem, sync::Arc};

/// Children of a branch, by nibble.
pub(super) type Children = [Node; 16];

/// A subtree.
#[derive(Clone, Debug, Default)]
pub(super) enum Node {
    #[default]
    Empty,
    /// A leaf, or an extension under which no branch is stored.
    HiddenLeaves(RlpNode),
    /// A branch.
    HiddenBranch(HiddenBranch),
    Leaf(Arc<Leaf>),
    Extension(Arc<Extension>),
    Branch(Arc<Branch>),
}

/// A branch whose children are not known here.
#[derive(Clone, Debug)]
pub(super) struct HiddenBranch {
    reference: RlpNode,
    pub(super) is_stored: bool,
}

/// A leaf without its value, which the hashed tables have.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) key: B256,
    reference: RlpNode,
}

/// A stretch of a path without branches, and the branch at its end.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) stretch: Nibbles,
    pub(super) branch: Node,
    reference: RlpNode,
}

/// A branch with its children.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) children: Children,
    /// Whether the tables have it: whether there is a branch below it.
    pub(super) is_stored: bool,
    reference: RlpNode,
}

impl Node {
    /// A branch of which only its hash is known.
    pub(super) const fn hidden_branch(hash: &B256, is_stored: bool) -> Self {
        Self::HiddenBranch(HiddenBranch { reference: RlpNode::word_rlp(hash), is_stored })
    }

    /// A leaf at a depth.
    pub(super) fn leaf(depth: usize, key: B256, value: &[u8], buffer: &mut Vec<u8>) -> Self {
        buffer.clear();
        let rest = Nibbles::unpack_array(&key.0).slice(depth..);
        let reference = LeafNodeRef::new(&rest, value).rlp(buffer);
        Self::Leaf(Arc::new(Leaf { key, reference }))
    }

    /// A branch at the end of a stretch, which may be empty.
    pub(super) fn extension(stretch: Nibbles, branch: Self, buffer: &mut Vec<u8>) -> Self {
        if stretch.is_empty() {
            return branch;
        }
        buffer.clear();
        let reference = ExtensionNodeRef::new(&stretch, branch.reference()).rlp(buffer);
        Self::Extension(Arc::new(Extension { stretch, branch, reference }))
    }

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// How its parent names it: its RLP if that is short, else its hash.
    fn reference(&self) -> &[u8] {
        match self {
            Self::Empty => &[],
            Self::HiddenLeaves(reference) => reference,
            Self::HiddenBranch(hidden) => &hidden.reference,
            Self::Leaf(leaf) => &leaf.reference,
            Self::Extension(extension) => &extension.reference,
            Self::Branch(branch) => &branch.reference,
        }
    }

    /// Its hash as the root of a trie.
    pub(super) fn root(&self) -> B256 {
        match self.reference() {
            [] => EMPTY_ROOT_HASH,
            [_, hash @ ..] if hash.len() == B256::len_bytes() => B256::from_slice(hash),
            short => keccak256(short),
        }
    }

    /// Its hash if it is a branch that its parent names by its hash.
    fn branch_hash(&self) -> Option<B256> {
        match self {
            Self::HiddenBranch(HiddenBranch { reference, .. }) => reference.as_hash(),
            Self::Branch(branch) => branch.reference.as_hash(),
            _ => None,
        }
    }

    /// Whether the tables have a branch at its path or under it.
    fn has_stored(&self) -> bool {
        match self {
            Self::Empty | Self::HiddenLeaves(_) | Self::Leaf(_) => false,
            Self::HiddenBranch(hidden) => hidden.is_stored,
            Self::Extension(extension) => extension.branch.has_stored(),
            Self::Branch(branch) => branch.is_stored,
        }
    }

    /// The same, without what is only needed when it changes.
    pub(super) fn without_leaf(self) -> Self {
        match self {
            Self::Leaf(leaf) => Self::HiddenLeaves(leaf.reference.clone()),
            other => other,
        }
    }

    /// The same with branches on so many levels only.
    pub(super) fn pruned(&self, levels: usize) -> Self {
        match self {
            Self::Extension(extension) => {
                let Extension { stretch, branch, reference } = extension.as_ref();
                let branch = branch.pruned(levels);
                let (stretch, reference) = (*stretch, reference.clone());
                Self::Extension(Arc::new(Extension { stretch, branch, reference }))
            }
            Self::Branch(branch) => {
                let Branch { children, is_stored, reference } = branch.as_ref();
                let (is_stored, reference) = (*is_stored, reference.clone());
                match levels.checked_sub(1) {
                    None => Self::HiddenBranch(HiddenBranch { reference, is_stored }),
                    Some(levels) => {
                        let children = children.each_ref().map(|child| child.pruned(levels));
                        Self::Branch(Arc::new(Branch { children, is_stored, reference }))
                    }
                }
            }
            other => other.clone(),
        }
    }

    /// How many branches it holds in memory on so many levels.
    pub(super) fn branches(&self, levels: usize) -> usize {
        match (self, levels.checked_sub(1)) {
            (Self::Extension(extension), _) => extension.branch.branches(levels),
            (Self::Branch(branch), Some(levels)) => {
                let below = branch.children.iter().map(|child| child.branches(levels));
                below.fold(1, usize::saturating_add)
            }
            _ => 0,
        }
    }
}

impl Branch {
    /// A branch over two children or more, and what the tables are to have of it.
    pub(super) fn new(children: Children, buffer: &mut Vec<u8>) -> (Self, BranchNodeCompact) {
        let [mut state, mut tree, mut hashed] = [TrieMask::default(); 3];
        let mut hashes = Vec::new();
        let mut references: [RlpNode; 16] = Default::default();
        let mut places = references.iter_mut();
        for (nibble, child) in (0..16).zip(&children) {
            if child.is_empty() {
                continue;
            }
            state.set_bit(nibble);
            if child.has_stored() {
                tree.set_bit(nibble);
            }
            if let Some(hash) = child.branch_hash() {
                hashed.set_bit(nibble);
                hashes.push(hash);
            }
            if let (Some(place), Some(reference)) =
                (places.next(), RlpNode::from_raw(child.reference()))
            {
                *place = reference;
            }
        }
        let count = 16_usize.saturating_sub(places.len());
        let references = references.get(..count).unwrap_or_default();
        buffer.clear();
        let reference = BranchNodeRef::new(references, state).rlp(buffer);
        let is_stored = !tree.is_empty() || !hashed.is_empty();
        let record = BranchNodeCompact::new(state, tree, hashed, hashes, None);
        (Self { children, is_stored, reference }, record)
    }
}

/// The only one of some children, if there is no other.
pub(super) fn only(children: &mut Children) -> Only {
    let mut present = (0..16_u8).zip(children).filter(|(_, child)| !child.is_empty());
    match (present.next(), present.next()) {
        (None, _) => Only::None,
        (Some((nibble, child)), None) => Only::One(nibble, mem::take(child)),
        (Some(_), Some(_)) => Only::Many,
    }
}

/// How many children there are.
pub(super) enum Only {
    None,
    /// One, at this nibble; it was taken out.
    One(u8, Node),
    Many,
}
