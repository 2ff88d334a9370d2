//! Makes transactions of calls that nobody signed.

use super::{SimulateFault, unsigned};
use crate::{execution::Transaction, genesis::ChainSpec};
use alloy_consensus::{
    Header, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy, transaction::Recovered,
};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;

/// What a block asks of calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallRules {
    chain_id: u64,
    base_fee: Option<u64>,
    pub(super) is_validated: bool,
}

impl CallRules {
    pub(super) fn new(spec: &ChainSpec, next: &Header, is_validated: bool) -> Self {
        Self { chain_id: spec.chain_id, base_fee: next.base_fee_per_gas, is_validated }
    }

    /// The gas limit of a call: what it asks for, else what the block has left, but never more than
    /// the whole simulation has left.
    pub(super) fn gas(
        &self,
        index: usize,
        call: &TransactionRequest,
        left: u64,
        left_in_all: u64,
    ) -> Result<u64, SimulateFault> {
        let asked = call.gas.unwrap_or(left);
        if asked > left {
            return Err(SimulateFault::BlockGas { index, asked, left });
        }
        Ok(asked.min(left_in_all))
    }

    /// The transaction of a call, with a signature of zeros.
    pub(super) fn transaction(
        &self,
        index: usize,
        call: &TransactionRequest,
        nonce: u64,
        gas_limit: u64,
    ) -> Result<Recovered<Transaction>, SimulateFault> {
        let unfit = |why| SimulateFault::Unfit { index, why };
        if let Some(asked) = call.chain_id.filter(|asked| *asked != self.chain_id) {
            return Err(SimulateFault::OtherChain { index, asked, own: self.chain_id });
        }
        let is_priced = call.max_fee_per_gas.is_some() || call.max_priority_fee_per_gas.is_some();
        if call.gas_price.is_some() && is_priced {
            return Err(unfit(
                "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) are given",
            ));
        }
        let sender = call.from.unwrap_or_default();
        self.check_nonce(sender, call.nonce.unwrap_or(nonce), nonce)?;
        self.check_fee(call)?;
        let parts = Parts {
            chain_id: self.chain_id,
            nonce: call.nonce.unwrap_or(nonce),
            gas_limit,
            input: input(call).map_err(unfit)?,
            call,
        };
        let transaction = parts.build(self.base_fee.is_some()).map_err(unfit)?;
        Ok(Recovered::new_unchecked(transaction, sender))
    }

    fn check_nonce(&self, sender: Address, asked: u64, next: u64) -> Result<(), SimulateFault> {
        let is_next = asked == next && next < u64::MAX;
        if self.is_validated && !is_next {
            return Err(SimulateFault::Nonce { sender, asked, next });
        }
        Ok(())
    }

    /// Without validation, too, a price that is named must reach the base fee.
    fn check_fee(&self, call: &TransactionRequest) -> Result<(), SimulateFault> {
        let offered = call.gas_price.or(call.max_fee_per_gas).unwrap_or_default();
        let tip = call.max_priority_fee_per_gas.unwrap_or_default();
        let is_free = !self.is_validated && offered == 0 && tip == 0;
        let sender = call.from.unwrap_or_default();
        match self.base_fee {
            Some(base_fee) if !is_free && offered < u128::from(base_fee) => {
                Err(SimulateFault::BelowBaseFee { sender, offered, base_fee })
            }
            _ => Ok(()),
        }
    }
}

/// What transactions of all types have.
struct Parts<'a> {
    chain_id: u64,
    nonce: u64,
    gas_limit: u64,
    input: Bytes,
    call: &'a TransactionRequest,
}

impl Parts<'_> {
    /// The type follows from the fields that are there; EIP-1559's is the default.
    fn build(self, is_london: bool) -> Result<Transaction, &'static str> {
        let call = self.call;
        if call.gas_price.is_some() || !is_london {
            return Ok(match call.access_list {
                Some(_) if call.gas_price.is_none() => unsigned::typed(self.listed()),
                _ => unsigned::legacy(self.legacy()),
            });
        }
        if call.authorization_list.is_some() {
            return Ok(unsigned::typed(self.delegating()?));
        }
        if call.blob_versioned_hashes.is_some() {
            return Ok(unsigned::typed(self.with_blobs()?));
        }
        Ok(unsigned::typed(self.priced()))
    }

    fn legacy(self) -> TxLegacy {
        TxLegacy {
            chain_id: None,
            nonce: self.nonce,
            gas_price: self.call.gas_price.unwrap_or_default(),
            gas_limit: self.gas_limit,
            to: self.kind(),
            value: self.value(),
            input: self.input,
        }
    }

    fn listed(self) -> TxEip2930 {
        TxEip2930 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_price: 0,
            gas_limit: self.gas_limit,
            to: self.kind(),
            value: self.value(),
            access_list: self.call.access_list.clone().unwrap_or_default(),
            input: self.input,
        }
    }

    fn priced(self) -> TxEip1559 {
        TxEip1559 {
            chain_id: self.chain_id,
            nonce: self.nonce,
            gas_limit: self.gas_limit,
            max_fee_per_gas: self.call.max_fee_per_gas.unwrap_or_default(),
            max_priority_fee_per_gas: self.call.max_priority_fee_per_gas.unwrap_or_default(),
            to: self.kind(),
            value: self.value(),
            access_list: self.call.access_list.clone().unwrap_or_default(),
            input: self.input,
        }
    }

    /// The same with blobs.
    fn with_blobs(self) -> Result<TxEip4844, &'static str> {
        let to = self.target().ok_or("a blob transaction needs `to`")?;
        let blob_versioned_hashes = self.call.blob_versioned_hashes.clone().unwrap_or_default();
        let max_fee_per_blob_gas = self.call.max_fee_per_blob_gas.unwrap_or_default();
        let base = self.priced();
        Ok(TxEip4844 {
            chain_id: base.chain_id,
            nonce: base.nonce,
            gas_limit: base.gas_limit,
            max_fee_per_gas: base.max_fee_per_gas,
            max_priority_fee_per_gas: base.max_priority_fee_per_gas,
            to,
            value: base.value,
            access_list: base.access_list,
            blob_versioned_hashes,
            max_fee_per_blob_gas,
            input: base.input,
        })
    }

    /// The same with authorizations.
    fn delegating(self) -> Result<TxEip7702, &'static str> {
        let to = self.target().ok_or("a transaction with authorizations needs `to`")?;
        let authorization_list = self.call.authorization_list.clone().unwrap_or_default();
        let base = self.priced();
        Ok(TxEip7702 {
            chain_id: base.chain_id,
            nonce: base.nonce,
            gas_limit: base.gas_limit,
            max_fee_per_gas: base.max_fee_per_gas,
            max_priority_fee_per_gas: base.max_priority_fee_per_gas,
            to,
            value: base.value,
            access_list: base.access_list,
            authorization_list,
            input: base.input,
        })
    }

    fn kind(&self) -> TxKind {
        self.call.to.unwrap_or(TxKind::Create)
    }

    fn target(&self) -> Option<Address> {
        self.kind().to().copied()
    }

    fn value(&self) -> U256 {
        self.call.value.unwrap_or_default()
    }
}

fn input(call: &TransactionRequest) -> Result<Bytes, &'static str> {
    let input = call.input.unique_input().map_err(|_differ| "`data` and `input` differ")?;
    Ok(input.cloned().unwrap_or_default())
}
