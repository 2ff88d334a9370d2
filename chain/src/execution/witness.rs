//! Collects what somebody without the state needs to run a block again: trie nodes, code, keys and headers.

use super::{
    BlockRecord, BlockRun, ChainView, ExecutionError, Overlay, ReadError, Rewards, Sandbox,
    StateView,
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, keccak256};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utnet_db::{AccountUpdate, StateChanges};
use utnet_primitives::Height;

/// What it takes to run a block again without the state, in reth's form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Witness {
    /// RLP of the trie nodes, by value.
    pub state: BTreeSet<Bytes>,
    /// Code that ran or was looked at.
    pub codes: BTreeSet<Bytes>,
    /// Addresses and slots whose hashes are the paths in the tries.
    pub keys: BTreeSet<Bytes>,
    /// RLP of the headers from the oldest whose hash was asked for to the parent.
    pub headers: Vec<Bytes>,
}

/// Why there is no witness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The rules go beyond Ethereum's.
    #[error(
        "under POCI a block pays its producer by rules that no stateless client of Ethereum knows"
    )]
    Poci,
    /// The state before the block is not that of the parent's root.
    #[error(
        "dev methods changed the state before block {height}: its parent's root proves nothing"
    )]
    ChangedOutside {
        /// The block.
        height: Height,
    },
    /// The block did not run again.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The witness of a block of the chain.
///
/// # Errors
/// [`WitnessError`].
pub fn witness(view: &ChainView, block: &BlockRecord) -> Result<Witness, WitnessError> {
    let height = block.height();
    if view.spec().poci.is_some() {
        return Err(WitnessError::Poci);
    }
    if !view.outside(height)?.accounts.is_empty() {
        return Err(WitnessError::ChangedOutside { height });
    }
    let mut sandbox = run(view, block)?;
    let changes = sandbox.changes()?;
    let before = sandbox.state.db.clone();
    let mut witness = Witness::default();
    for (address, slots) in touched(&sandbox.state) {
        witness.add(&before, address, &slots)?;
        witness.add_neighbours_of_gone_slots(&before, address, &changes)?;
    }
    witness.add_neighbours_of_gone_accounts(&before, &changes)?;
    witness.headers = headers(view, height, &mut sandbox.state)?;
    Ok(witness)
}

/// Runs the whole block; what it looked at stays in the overlay.
fn run(view: &ChainView, block: &BlockRecord) -> Result<Sandbox, ExecutionError> {
    let mut sandbox = Sandbox::before_block(view, &block.header)?;
    let env = sandbox.env.clone();
    let mut run = BlockRun::new(view.spec(), &mut sandbox.state, env);
    for transaction in &block.transactions {
        run.execute(transaction)?;
    }
    run.close(&block.ommers, Rewards::Given(block.withdrawals.as_deref()))?;
    Ok(sandbox)
}

fn touched(overlay: &Overlay) -> BTreeMap<Address, Vec<B256>> {
    let accounts = overlay.cache.accounts.iter();
    accounts
        .map(|(address, account)| {
            let mut slots: Vec<B256> = account.storage.keys().map(|slot| (*slot).into()).collect();
            slots.sort_unstable();
            (*address, slots)
        })
        .collect()
}

impl Witness {
    fn add(
        &mut self,
        state: &StateView,
        address: Address,
        slots: &[B256],
    ) -> Result<(), ReadError> {
        let proof = state.proof(address, slots)?;
        self.keys.insert(Bytes::copy_from_slice(address.as_slice()));
        self.keys.extend(slots.iter().map(|slot| Bytes::copy_from_slice(slot.as_slice())));
        self.state.extend(proof.proof);
        self.state.extend(proof.slots.into_iter().flat_map(|(_, _, nodes)| nodes));
        if proof.code_hash != KECCAK256_EMPTY {
            self.codes.insert(state.code(address)?);
        }
        Ok(())
    }

    /// A leaf that goes may let its branch fall together with the other child, whose node is then needed: that child
    /// holds the next key that stays, on one side or the other.
    fn add_neighbours_of_gone_slots(
        &mut self,
        state: &StateView,
        address: Address,
        changes: &StateChanges,
    ) -> Result<(), ReadError> {
        let Some(change) = changes.accounts.get(&address) else { return Ok(()) };
        let gone: BTreeSet<B256> = change
            .storage
            .iter()
            .filter(|(_, value)| value.is_zero())
            .map(|(slot, _)| *slot)
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let slots: Vec<B256> = state.slots(address)?.into_iter().map(|(slot, _)| slot).collect();
        self.add(state, address, &neighbours(&slots, &gone))
    }

    fn add_neighbours_of_gone_accounts(
        &mut self,
        state: &StateView,
        changes: &StateChanges,
    ) -> Result<(), ReadError> {
        let is_gone = |update| update == AccountUpdate::Deleted;
        let gone: BTreeSet<Address> = changes
            .accounts
            .iter()
            .filter(|(_, change)| is_gone(change.account))
            .map(|(address, _)| *address)
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let all: Vec<Address> = state.accounts()?.into_keys().collect();
        for address in neighbours(&all, &gone) {
            self.add(state, address, &[])?;
        }
        Ok(())
    }
}

/// The keys that stay, next to those that go, in the order of their hashes.
fn neighbours<K: AsRef<[u8]> + Copy + Ord>(all: &[K], gone: &BTreeSet<K>) -> Vec<K> {
    let mut hashed: Vec<(B256, K)> = all.iter().map(|key| (keccak256(key), *key)).collect();
    hashed.sort_unstable_by_key(|(hash, _)| *hash);
    let keys: Vec<K> = hashed.into_iter().map(|(_, key)| key).collect();
    let mut found = BTreeSet::new();
    for ordered in [keys.clone(), keys.into_iter().rev().collect()] {
        let mut last_stays = None;
        for key in ordered {
            if gone.contains(&key) {
                found.extend(last_stays);
            } else {
                last_stays = Some(key);
            }
        }
    }
    found.into_iter().collect()
}

fn headers(
    view: &ChainView,
    height: Height,
    overlay: &mut Overlay,
) -> Result<Vec<Bytes>, ReadError> {
    let parent = height.0.saturating_sub(1);
    let asked = overlay.cache.block_hashes.keys().map(|number| number.saturating_to::<u64>());
    let oldest = asked.min().unwrap_or(parent).min(parent);
    let mut headers = Vec::new();
    for number in oldest..=parent {
        if let Some(header) = view.header(Height(number))? {
            headers.push(alloy_rlp::encode(header.inner()).into());
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_stand_on_both_sides_of_a_run_of_gone_keys() {
        let mut keys: Vec<B256> = (0..8).map(B256::with_last_byte).collect();
        keys.sort_unstable_by_key(|key| keccak256(key));
        let gone = BTreeSet::from([keys[2], keys[3]]);
        let mut expected = vec![keys[1], keys[4]];
        expected.sort_unstable();
        assert_eq!(neighbours(&keys, &gone), expected);
        assert_eq!(neighbours(&keys, &BTreeSet::from([keys[0]])), [keys[1]]);
    }
}
