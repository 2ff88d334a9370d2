//! Keeps the simulated chain's blocks, pool and recorded transactions.

use super::Faults;
use crate::{BlockRef, Fees, Receipt, RpcError};
use alloy_consensus::{Transaction, TxEnvelope, transaction::SignerRecoverable};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, TxHash, TxKind, U256, keccak256};
use alloy_rpc_types_eth::{Filter, Log};
use jsonrpsee::core::ClientError;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use utnet_primitives::{Gas, Height, Seconds};

/// A transaction that the canonical chain executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Its hash.
    pub hash: TxHash,
    /// Who signed it.
    pub sender: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Who was called.
    pub to: TxKind,
    /// Calldata.
    pub input: Bytes,
    /// Wei sent along.
    pub value: U256,
}

#[derive(Clone, Debug)]
struct Block {
    header: BlockRef,
    transactions: Vec<(Executed, TxEnvelope)>,
    logs: Vec<alloy_primitives::Log>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) chain_id: u64,
    pub(super) faults: Faults,
    pub(super) fees: Fees,
    /// What every account has; nothing that is executed changes it.
    pub(super) balance: U256,
    /// Blocks below, but the first, are removed.
    pub(super) pruned_below: Height,
    /// What the next transactions are refused with.
    pub(super) refusals: VecDeque<(i32, String)>,
    blocks: Vec<Block>,
    pool: BTreeMap<(Address, u64), TxEnvelope>,
    pending_logs: Vec<alloy_primitives::Log>,
    /// Makes the hashes of two blocks of one height differ.
    salt: u64,
    random: u64,
}

impl State {
    pub(super) fn new(chain_id: u64, faults: Faults) -> Self {
        let header = BlockRef {
            number: Height(0),
            hash: keccak256(chain_id.to_be_bytes()),
            parent_hash: B256::ZERO,
            timestamp: Seconds(0),
        };
        Self {
            chain_id,
            faults,
            fees: Fees { base_fee: 1_000_000_000, tip: 1_000_000_000 },
            blocks: vec![Block { header, transactions: Vec::new(), logs: Vec::new() }],
            pool: BTreeMap::new(),
            pending_logs: Vec::new(),
            balance: U256::MAX,
            pruned_below: Height(0),
            refusals: VecDeque::new(),
            salt: 0,
            random: faults.seed,
        }
    }

    pub(super) fn head(&self) -> BlockRef {
        self.blocks.last().expect("block 0 is never taken back").header
    }

    pub(super) fn kept_block_at(&self, height: Height) -> Result<Option<BlockRef>, RpcError> {
        if self.is_pruned(height) {
            return Err(Self::pruned("eth_getBlockByNumber"));
        }
        Ok(self.blocks.iter().map(|block| block.header).find(|header| header.number == height))
    }

    fn is_pruned(&self, height: Height) -> bool {
        (Height(1)..self.pruned_below).contains(&height)
    }

    fn pruned(method: &'static str) -> RpcError {
        Self::refused(method, 4444, "pruned history unavailable".to_owned())
    }

    pub(super) fn mined_nonce(&self, account: Address) -> u64 {
        let own = self.mined().filter(|(_, executed)| executed.sender == account);
        own.map(|(_, executed)| executed.nonce.saturating_add(1)).max().unwrap_or_default()
    }

    pub(super) fn executed(&self) -> Vec<Executed> {
        self.mined().map(|(_, executed)| executed.clone()).collect()
    }

    pub(super) fn pooled(&self) -> usize {
        self.pool.len()
    }

    pub(super) fn forget_pool(&mut self) {
        self.pool.clear();
    }

    pub(super) fn emit(&mut self, log: alloy_primitives::Log) {
        self.pending_logs.push(log);
    }

    pub(super) fn mine(&mut self) -> BlockRef {
        let parent = self.head();
        self.salt += 1;
        let number = parent.number.saturating_add(Height(1));
        let seed = [parent.hash.as_slice(), &self.salt.to_be_bytes()].concat();
        let header = BlockRef {
            number,
            hash: keccak256(seed),
            parent_hash: parent.hash,
            timestamp: parent.timestamp.saturating_add(Seconds(1)),
        };
        let mut transactions = Vec::new();
        let mut next: BTreeMap<Address, u64> = BTreeMap::new();
        for ((sender, nonce), envelope) in std::mem::take(&mut self.pool) {
            let expected = next.entry(sender).or_insert_with(|| self.mined_nonce(sender));
            let is_priced = envelope.max_fee_per_gas() >= self.fees.base_fee;
            if nonce == *expected && is_priced {
                *expected += 1;
                transactions.push((record(sender, &envelope), envelope));
            } else if nonce >= *expected {
                self.pool.insert((sender, nonce), envelope);
            }
        }
        let logs = std::mem::take(&mut self.pending_logs);
        self.blocks.push(Block { header, transactions, logs });
        header
    }

    pub(super) fn reorganise(&mut self, blocks: usize, loses: bool) {
        for _ in 0..blocks.min(self.blocks.len().saturating_sub(1)) {
            let Some(block) = self.blocks.pop() else { return };
            if !loses {
                let back = block.transactions.into_iter();
                self.pool.extend(back.map(|(done, raw)| ((done.sender, done.nonce), raw)));
            }
        }
    }

    /// The pool's rules.
    pub(super) fn accept(&mut self, raw: &Bytes) -> Result<TxHash, RpcError> {
        let method = "eth_sendRawTransaction";
        if let Some((code, message)) = self.refusals.pop_front() {
            return Err(Self::refused(method, code, message));
        }
        let refused = |message: &str| Self::refused(method, -32_000, message.to_owned());
        let envelope = TxEnvelope::decode_2718(&mut raw.as_ref())
            .map_err(|_malformed| refused("rlp: not a transaction"))?;
        let sender =
            envelope.recover_signer().map_err(|_malformed| refused("invalid signature"))?;
        if envelope.chain_id() != Some(self.chain_id) {
            return Err(refused("invalid chain id for signer"));
        }
        let (nonce, hash) = (envelope.nonce(), *envelope.tx_hash());
        if nonce < self.mined_nonce(sender) {
            return Err(refused("nonce too low"));
        }
        if cost(&envelope) > self.balance {
            return Err(refused("insufficient funds for gas * price + value"));
        }
        if let Some(old) = self.pool.get(&(sender, nonce)) {
            if *old.tx_hash() == hash {
                return Err(refused("already known"));
            }
            if !is_raised(old, &envelope) {
                return Err(refused("replacement transaction underpriced"));
            }
        }
        let chance = self.faults.forgotten;
        if !self.draws(chance) {
            self.pool.insert((sender, nonce), envelope);
        }
        Ok(hash)
    }

    /// Of a transaction in no kept block a node that prunes cannot tell whether it was ever mined.
    pub(super) fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, RpcError> {
        let mut kept = self.mined().filter(|(header, _)| !self.is_pruned(header.number));
        let Some((header, executed)) = kept.find(|(_, executed)| executed.hash == hash) else {
            let waits = self.pool.values().any(|envelope| *envelope.tx_hash() == hash);
            let is_told = waits || self.pruned_below == Height(0);
            return if is_told { Ok(None) } else { Err(Self::pruned("eth_getTransactionReceipt")) };
        };
        Ok(Some(Receipt {
            transaction_hash: executed.hash,
            block_hash: header.hash,
            block_number: header.number,
            status: 1,
            gas_used: Gas(21_000),
            contract_address: None,
            logs: Vec::new(),
        }))
    }

    pub(super) fn logs_of(&self, block: B256, filter: &Filter) -> Result<Vec<Log>, RpcError> {
        let mut found = self.blocks.iter().map(|block| block.header);
        if found.any(|header| header.hash == block && self.is_pruned(header.number)) {
            return Err(Self::pruned("eth_getLogs"));
        }
        let blocks = self.blocks.iter().filter(|found| found.header.hash == block);
        let logs = blocks.flat_map(|found| found.logs.iter().map(move |log| (found.header, log)));
        let matching = logs
            .filter(|(_, log)| filter.matches(log))
            .map(|(header, log)| Log {
                inner: log.clone(),
                block_hash: Some(header.hash),
                block_number: Some(header.number.0),
                ..Log::default()
            })
            .collect();
        Ok(matching)
    }

    /// One draw of `SplitMix64`.
    pub(super) fn draws(&mut self, percent: u8) -> bool {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 100 < u64::from(percent)
    }

    pub(super) fn unreachable(method: &'static str) -> RpcError {
        let url = "sim://chain".into();
        RpcError::Unreachable { method, url, source: Arc::new(ClientError::RequestTimeout) }
    }

    pub(super) fn refused(method: &'static str, code: i32, message: String) -> RpcError {
        RpcError::Refused { method, url: "sim://chain".into(), code, message, data: None }
    }

    fn mined(&self) -> impl Iterator<Item = (BlockRef, &Executed)> {
        self.blocks
            .iter()
            .flat_map(|block| block.transactions.iter().map(|(done, _)| (block.header, done)))
    }
}

fn record(sender: Address, envelope: &TxEnvelope) -> Executed {
    Executed {
        hash: *envelope.tx_hash(),
        sender,
        nonce: envelope.nonce(),
        to: envelope.kind(),
        input: envelope.input().clone(),
        value: envelope.value(),
    }
}

/// The most that a transaction can take from its sender.
fn cost(envelope: &TxEnvelope) -> U256 {
    let gas = U256::from(envelope.gas_limit());
    envelope.value().saturating_add(gas.saturating_mul(U256::from(envelope.max_fee_per_gas())))
}

/// A replacement must raise both fees by ten percent.
fn is_raised(old: &TxEnvelope, new: &TxEnvelope) -> bool {
    let is_raised = |old: u128, new: u128| new >= old.saturating_add(old.div_ceil(10));
    let tip = |envelope: &TxEnvelope| envelope.max_priority_fee_per_gas().unwrap_or_default();
    is_raised(old.max_fee_per_gas(), new.max_fee_per_gas()) && is_raised(tip(old), tip(new))
}
