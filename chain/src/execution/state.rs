//! Reads the accounts as of one moment, from the store and from the chain below a fork.

use super::{
    Fork, ReadError,
    fork::{routine::Slot, tombs},
    memo::Memo,
};
use alloy_evm::revm::{DatabaseRef, bytecode::Bytecode, state::AccountInfo};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use utnet_db::{Account, HistoricalView, View};
use utnet_primitives::Height;

/// The accounts as of one moment; a database for the EVM. Clones are cheap.
#[derive(Clone, Debug)]
pub struct StateView {
    pub(super) source: Source,
    /// What lies below.
    fork: Option<Arc<Fork>>,
    /// Slots of which it does not matter what lies below: blocks to come overwrite them unread.
    overwritten: BTreeSet<Slot>,
    /// What the EVM has read of it, if that is kept.
    memo: Option<Arc<Memo>>,
}

/// Where a state is read.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Latest(View),
    After(HistoricalView),
    /// A block of the chain that this one forked off from.
    Below(View, Height),
}

impl StateView {
    /// A state over the chain that this one forked off from, if it did.
    pub(super) const fn new(source: Source, fork: Option<Arc<Fork>>) -> Self {
        Self { source, fork, overwritten: BTreeSet::new(), memo: None }
    }

    /// The same state, which keeps what the EVM reads of it: for a block, whose changes are told from what
    /// stood there before.
    pub fn remembering(self) -> Self {
        Self { memo: Some(Arc::default()), ..self }
    }

    /// Balance, nonce and code hash; `None` if the account does not exist.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn account(&self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        match (self.own_account(address)?, self.below()) {
            (None, Some((fork, at))) if !self.has_mark(address, tombs::GONE)? => {
                Ok(fork.account(address, at)?)
            }
            (account, _) => Ok(account.map(info)),
        }
    }

    /// The code of an account; empty if none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn code(&self, address: Address) -> Result<Bytes, ReadError> {
        match self.account(address)? {
            Some(AccountInfo { code: Some(code), .. }) => Ok(code.original_bytes()),
            Some(account) if account.code_hash != KECCAK256_EMPTY => {
                Ok(self.code_by_hash_ref(account.code_hash)?.original_bytes())
            }
            _ => Ok(Bytes::new()),
        }
    }

    /// A storage slot; zero if unset.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn storage(&self, address: Address, slot: U256) -> Result<U256, ReadError> {
        let value = self.own_storage(address, slot.into())?;
        match self.below_slot(address, slot)? {
            Some((fork, at)) if value.is_zero() => Ok(fork.storage(address, slot, at)?),
            _ => Ok(value),
        }
    }

    /// The other chain, unless the chain of our own emptied the slot, or is about to overwrite it.
    fn below_slot(&self, address: Address, slot: U256) -> Result<Option<(&Fork, u64)>, ReadError> {
        let Some(below) = self.below() else { return Ok(None) };
        let key = B256::from(slot);
        let is_ours = tombs::is_mark(key)
            || self.is_overwritten(address, slot)
            || self.has_mark(address, tombs::of(key))?
            || self.has_mark(address, tombs::WIPED)?;
        Ok((!is_ours).then_some(below))
    }

    /// An account as far as this chain's own store has it.
    fn own_account(&self, address: Address) -> Result<Option<Account>, ReadError> {
        Ok(match &self.source {
            Source::Latest(view) => view.account(address)?,
            Source::After(view) => view.account(address)?,
            Source::Below(..) => None,
        })
    }

    /// A slot as far as this chain's own store has it.
    fn own_storage(&self, address: Address, slot: B256) -> Result<U256, ReadError> {
        Ok(match &self.source {
            Source::Latest(view) => view.storage(address, slot)?,
            Source::After(view) => view.storage(address, slot)?,
            Source::Below(..) => U256::ZERO,
        })
    }

    fn has_mark(&self, address: Address, mark: B256) -> Result<bool, ReadError> {
        Ok(!self.own_storage(address, mark)?.is_zero())
    }

    /// The other chain, and the block after which it lies below this state.
    fn below(&self) -> Option<(&Fork, u64)> {
        let fork = self.fork.as_deref()?;
        Some(match self.source {
            Source::Below(_, height) => (fork, height.0),
            Source::Latest(_) | Source::After(_) => (fork, fork.number()),
        })
    }

    /// Asks the other chain no more what it has in some slots, which a block overwrites unread: they
    /// are zero unless the chain of our own has set them, and count as changed.
    pub(super) fn overwrite(&mut self, slots: Vec<Slot>) {
        self.overwritten.extend(slots);
        // They may have been read as they are below.
        self.memo = self.memo.take().map(|_outdated| Arc::default());
    }

    /// Whether a block overwrites this slot unread.
    pub(super) fn is_overwritten(&self, address: Address, slot: U256) -> bool {
        self.overwritten.contains(&(address, slot))
    }

    /// Whether another chain lies below.
    pub(super) const fn is_forked(&self) -> bool {
        self.fork.is_some()
    }

    /// Asks the other chain, if there is one, at once for what is about to be read.
    ///
    /// # Errors
    /// When the other chain cannot be read.
    pub fn prefetch(
        &self,
        accounts: &[Address],
        slots: &[(Address, U256)],
    ) -> Result<(), ReadError> {
        let Some((fork, at)) = self.below() else { return Ok(()) };
        let (mut missing, mut empty) = (Vec::new(), Vec::new());
        for address in accounts {
            if self.own_account(*address)?.is_none() {
                missing.push(*address);
            }
        }
        for (address, slot) in slots {
            if self.own_storage(*address, (*slot).into())?.is_zero()
                && self.below_slot(*address, *slot)?.is_some()
            {
                empty.push((*address, *slot));
            }
        }
        Ok(fork.prefetch(at, &missing, &empty)?)
    }

    /// All slots of an account that are not zero, ascending.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn slots(&self, address: Address) -> Result<Vec<(B256, U256)>, ReadError> {
        Ok(match &self.source {
            Source::Latest(view) => view.account_storage(address)?,
            Source::After(view) => view.account_storage(address)?,
            Source::Below(_, height) => return Err(ReadError::NoState { height: *height }),
        })
    }

    /// All accounts by address.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accounts(&self) -> Result<BTreeMap<Address, AccountInfo>, ReadError> {
        let accounts = match &self.source {
            Source::Latest(view) => view.accounts()?,
            Source::After(view) => view.accounts()?,
            Source::Below(_, height) => return Err(ReadError::NoState { height: *height }),
        };
        Ok(accounts.into_iter().map(|(address, account)| (address, info(account))).collect())
    }

    const fn view(&self) -> &View {
        match &self.source {
            Source::Latest(view) | Source::Below(view, _) => view,
            Source::After(view) => view.view(),
        }
    }
}

impl DatabaseRef for StateView {
    type Error = ReadError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        match &self.memo {
            Some(memo) => memo.account(address, || self.account(address)),
            None => self.account(address),
        }
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, ReadError> {
        if code_hash == KECCAK256_EMPTY {
            return Ok(Bytecode::default());
        }
        Ok(self.view().bytecode(code_hash)?.unwrap_or_default().0)
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, ReadError> {
        match &self.memo {
            Some(memo) => memo.slot(address, index, || self.storage(address, index)),
            None => self.storage(address, index),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, ReadError> {
        match (self.view().hash(number)?, &self.fork) {
            (None, Some(fork)) => Ok(fork.block_hash(number)?.unwrap_or_default()),
            (hash, _) => Ok(hash.unwrap_or_default()),
        }
    }
}

/// A stored account as the EVM takes it; the code comes by its hash.
pub(super) fn info(account: Account) -> AccountInfo {
    AccountInfo {
        balance: account.balance,
        nonce: account.nonce,
        code_hash: account.bytecode_hash.unwrap_or(KECCAK256_EMPTY),
        code: None,
        ..AccountInfo::default()
    }
}
