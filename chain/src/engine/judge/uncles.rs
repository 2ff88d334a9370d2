//! Checks the uncles of a block before the merge: at most two, recent, new, and well-formed.

use super::{Unacceptable, check_against_parent};
use crate::execution::{ChainView, ReadError};
use alloy_consensus::{Header, Sealable, Sealed};
use alloy_primitives::B256;
use std::collections::{BTreeMap, BTreeSet};
use utnet_primitives::Height;

/// Most uncles of one block (yellow paper).
const MOST: usize = 2;
/// How many blocks back an uncle's parent may be (yellow paper).
const GENERATIONS: u64 = 7;

/// Why an uncle is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UncleFault {
    /// There are too many.
    #[error("{count} uncles, at most {MOST} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A block has it already.
    #[error("uncle {hash} has a place already")]
    Known {
        /// The uncle.
        hash: B256,
    },
    /// It does not hang on a recent block, or on the parent itself.
    #[error("uncle {hash} hangs on no block of the last {GENERATIONS} before the parent")]
    Dangling {
        /// The uncle.
        hash: B256,
    },
}

/// Checks all uncles of the block after the head.
pub(super) fn check(view: &ChainView, uncles: &[Header]) -> Result<(), Unacceptable> {
    if uncles.len() > MOST {
        return Err(UncleFault::TooMany { count: uncles.len() }.into());
    }
    if uncles.is_empty() {
        return Ok(());
    }
    let mut family = Family::of(view)?;
    for uncle in uncles {
        let hash = uncle.hash_slow();
        if family.ancestors.contains_key(&hash) || !family.uncles.insert(hash) {
            return Err(UncleFault::Known { hash }.into());
        }
        let parent = family.ancestors.get(&uncle.parent_hash);
        let parent = parent.filter(|parent| parent.hash() != view.head().hash());
        let parent = parent.ok_or(UncleFault::Dangling { hash })?;
        check_against_parent(view.spec(), parent, uncle)?;
    }
    Ok(())
}

/// The blocks on which uncles may hang, and the uncles that have a place.
struct Family {
    ancestors: BTreeMap<B256, Sealed<Header>>,
    uncles: BTreeSet<B256>,
}

impl Family {
    fn of(view: &ChainView) -> Result<Self, ReadError> {
        let mut family = Self { ancestors: BTreeMap::new(), uncles: BTreeSet::new() };
        let head = view.height().0;
        for height in head.saturating_sub(GENERATIONS.saturating_sub(1))..=head {
            let Some(block) = view.body(Height(height))? else { continue };
            family.uncles.extend(block.ommers.iter().map(Sealable::hash_slow));
            family.ancestors.insert(block.hash(), block.header);
        }
        Ok(family)
    }
}
