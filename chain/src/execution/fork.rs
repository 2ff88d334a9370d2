//! Reads a chain that lives elsewhere, up to the block at which ours forks off from it.
//!
//! Everything is asked for at one block, never changes there, and is therefore kept. Where the
//! chain of our own has changed something is the store's matter (`tombs`): this is what lies below.

mod blocks;
mod cache;
mod http;
mod kept;
mod open;
mod place;
pub(super) mod routine;
pub(super) mod tombs;
mod upstream;

pub use blocks::BlockStart;
pub use http::{HttpUpstream, Manners};
pub use open::{ForkConfig, Origin};
pub use upstream::{Answer, Call, ForkError, Upstream};

use alloy_consensus::{Header, Sealed};
use alloy_evm::revm::{bytecode::Bytecode, state::AccountInfo};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use kept::Kept;
use parking_lot::RwLock;
use serde_json::json;
use std::collections::HashMap;
use upstream::parse;

/// Another chain, as of the block at which ours forks off.
#[derive(Debug)]
pub struct Fork {
    kept: Kept,
    origin: Origin,
    head: Sealed<Header>,
    /// What the first block of our own begins with.
    start: Option<BlockStart>,
    accounts: RwLock<HashMap<(u64, Address), Option<AccountInfo>>>,
    slots: RwLock<HashMap<(u64, Address, U256), U256>>,
    hashes: RwLock<HashMap<u64, B256>>,
}

impl Fork {
    fn new(kept: Kept, origin: Origin, head: Sealed<Header>) -> Self {
        let hashes = HashMap::from([(origin.number, head.hash())]);
        Self {
            kept,
            origin,
            head,
            start: None,
            accounts: RwLock::default(),
            slots: RwLock::default(),
            hashes: RwLock::new(hashes),
        }
    }

    /// Where the fork begins.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The last block that both chains share.
    pub const fn head(&self) -> &Sealed<Header> {
        &self.head
    }

    /// What the first block of our own begins with, if the fork is within a block of the other chain.
    pub const fn start(&self) -> Option<&BlockStart> {
        self.start.as_ref()
    }

    /// The number of the last block that both chains share.
    pub const fn number(&self) -> u64 {
        self.origin.number
    }

    /// Where the other chain is asked.
    pub fn url(&self) -> String {
        self.kept.upstream().url()
    }

    /// Asks another node of the other chain from now on.
    ///
    /// # Errors
    /// When that is no URL.
    pub fn set_url(&self, url: &str) -> Result<(), ForkError> {
        self.kept.upstream().set_url(url)
    }

    /// An account after a block, its code with it; `None` if it has nothing.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn account(&self, address: Address, at: u64) -> Result<Option<AccountInfo>, ForkError> {
        if let Some(found) = self.accounts.read().get(&(at, address)) {
            return Ok(found.clone());
        }
        self.fetch(at, &[address], &[])?;
        Ok(self.accounts.read().get(&(at, address)).cloned().flatten())
    }

    /// A slot after a block.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn storage(&self, address: Address, slot: U256, at: u64) -> Result<U256, ForkError> {
        if let Some(found) = self.slots.read().get(&(at, address, slot)) {
            return Ok(*found);
        }
        self.fetch(at, &[], &[(address, slot)])?;
        Ok(self.slots.read().get(&(at, address, slot)).copied().unwrap_or_default())
    }

    /// Asks for what is not known yet of these accounts and slots, with one request.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn prefetch(
        &self,
        at: u64,
        accounts: &[Address],
        slots: &[(Address, U256)],
    ) -> Result<(), ForkError> {
        let is_new = |address: &&Address| !self.accounts.read().contains_key(&(at, **address));
        let accounts: Vec<_> = accounts.iter().filter(is_new).copied().collect();
        let is_new = |(address, slot): &&(Address, U256)| {
            !self.slots.read().contains_key(&(at, *address, *slot))
        };
        let slots: Vec<_> = slots.iter().filter(is_new).copied().collect();
        self.fetch(at, &accounts, &slots)
    }

    fn fetch(
        &self,
        at: u64,
        accounts: &[Address],
        slots: &[(Address, U256)],
    ) -> Result<(), ForkError> {
        let tag = U64::from(at);
        let of_account = |address: &Address| {
            ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"]
                .map(|method| Call::kept(method, json!([address, tag])))
        };
        let of_slot = |(address, slot): &(Address, U256)| {
            Call::kept("eth_getStorageAt", json!([address, B256::from(*slot), tag]))
        };
        let calls: Vec<_> =
            accounts.iter().flat_map(of_account).chain(slots.iter().map(of_slot)).collect();
        if calls.is_empty() {
            return Ok(());
        }
        let mut answers = self.kept.ask(&calls)?.into_iter();
        let mut next = || answers.next().ok_or(ForkError::Unpaired);
        for address in accounts {
            let balance: U256 = parse("eth_getBalance", &next()?)?;
            let nonce: U64 = parse("eth_getTransactionCount", &next()?)?;
            let code: Bytes = parse("eth_getCode", &next()?)?;
            let found = account(balance, nonce.to(), code);
            self.accounts.write().insert((at, *address), found);
        }
        for (address, slot) in slots {
            let value: U256 = parse("eth_getStorageAt", &next()?)?;
            self.slots.write().insert((at, *address, *slot), value);
        }
        Ok(())
    }

    /// The hash of a block; `None` if there is none up to the fork.
    ///
    /// # Errors
    /// When the upstream does not answer.
    pub fn block_hash(&self, number: u64) -> Result<Option<B256>, ForkError> {
        if number > self.number() {
            return Ok(None);
        }
        if let Some(known) = self.hashes.read().get(&number) {
            return Ok(Some(*known));
        }
        let Some(header) = self.header(number)? else { return Ok(None) };
        self.hashes.write().insert(number, header.hash());
        Ok(Some(header.hash()))
    }
}

/// What an account is; `None` when it has nothing at all (EIP-161).
fn account(balance: U256, nonce: u64, code: Bytes) -> Option<AccountInfo> {
    let code = if code.is_empty() {
        Bytecode::default()
    } else {
        Bytecode::new_raw_checked(code.clone())
            .unwrap_or_else(|_malformed| Bytecode::new_legacy(code))
    };
    let info = AccountInfo {
        balance,
        nonce,
        code_hash: code.hash_slow(),
        code: Some(code),
        ..AccountInfo::default()
    };
    (!info.is_empty()).then_some(info)
}

#[cfg(test)]
mod tests;
