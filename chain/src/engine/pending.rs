//! Builds the block that would come next, for readers: nothing is kept.

use super::{
    api::{Chain, EngineError},
    header::{Attributes, next_base_fee},
    propose::{AtMost, Proposal, no_withdrawals, propose},
};
use crate::{
    clock::Clock,
    execution::{ChainView, Rewards},
    pool::PooledEntry,
};
use alloy_eips::eip4895::Withdrawal;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use std::sync::Arc;
use utnet_primitives::Seconds;

impl Chain {
    /// The block that would come next, with the pool's ready transactions. Under POCI it has no
    /// seal, and its beacon and beneficiary are placeholders. Computed anew at each call: run it
    /// where blocking is allowed.
    ///
    /// # Errors
    /// When the state cannot be read or a system call fails.
    pub fn pending(&self) -> Result<(ChainView, Proposal), EngineError> {
        self.pending_of(|_| true)
    }

    /// The same without what a sender has waiting from a nonce on: the block in which another transaction takes
    /// that nonce.
    ///
    /// # Errors
    /// As [`Self::pending`].
    pub fn pending_before(
        &self,
        sender: Address,
        nonce: u64,
    ) -> Result<(ChainView, Proposal), EngineError> {
        self.pending_of(|entry| entry.sender() != sender || entry.nonce() < nonce)
    }

    fn pending_of(
        &self,
        is_wanted: impl Fn(&PooledEntry) -> bool,
    ) -> Result<(ChainView, Proposal), EngineError> {
        let view = self.view()?;
        let attributes = self.next_attributes(&view);
        let base_fee = attributes.base_fee.or_else(|| next_base_fee(view.spec(), view.head()));
        let settings = self.settings();
        let mut ready = self.pool_view().ready_in(settings.order, base_fee.unwrap_or_default());
        ready.retain(|entry| is_wanted(entry));
        let is_shanghai = view.spec().is_shanghai_active_at_timestamp(attributes.timestamp.0);
        let rewards = Rewards::Given(no_withdrawals(is_shanghai));
        let most = settings.max_transactions.unwrap_or(u64::MAX);
        let mut source = AtMost { source: &mut ready.into_iter(), most };
        let proposal = propose(&view, &attributes, rewards, &mut source, None)?;
        Ok((view, proposal))
    }

    /// Builds the block after the head as asked, from given transactions or from the pool's ready
    /// ones; nothing is kept. Transactions that cannot be applied are left out.
    ///
    /// # Errors
    /// When the state cannot be read or a system call fails.
    pub fn build(
        &self,
        view: &ChainView,
        attributes: &Attributes,
        withdrawals: &[Withdrawal],
        given: Option<Vec<Arc<PooledEntry>>>,
    ) -> Result<Proposal, EngineError> {
        let base_fee = attributes.base_fee.or_else(|| next_base_fee(view.spec(), view.head()));
        let transactions = given.unwrap_or_else(|| {
            let order = self.settings().order;
            self.pool_view().ready_in(order, base_fee.unwrap_or_default())
        });
        let is_shanghai = view.spec().is_shanghai_active_at_timestamp(attributes.timestamp.0);
        let rewards = Rewards::Given(is_shanghai.then_some(withdrawals));
        Ok(propose(view, attributes, rewards, &mut transactions.into_iter(), None)?)
    }

    /// What the next block would be made with.
    pub fn next_attributes(&self, view: &ChainView) -> Attributes {
        let settings = self.settings();
        let head = view.head();
        let wall = self.clock().seconds();
        let seed = [head.mix_hash.as_slice(), &head.number.to_be_bytes()].concat();
        Attributes {
            timestamp: settings.time.next(Seconds(head.timestamp), wall),
            beneficiary: settings.coinbase,
            beacon: settings.next_prevrandao.unwrap_or_else(|| keccak256(seed)),
            gas_limit: settings.gas_limit,
            base_fee: settings.next_base_fee,
            parent_beacon_block_root: B256::ZERO,
            extra_data: Bytes::new(),
        }
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}
