//! Checks a transaction against the rules of the next block and its sender's account.

use super::Rejected;
use crate::execution::PooledTransaction;
use alloy_consensus::{Transaction, Typed2718, transaction::Recovered};
use alloy_eips::{
    eip4844::c_kzg::ethereum_kzg_settings, eip7594::BlobTransactionSidecarVariant,
    eip7840::BlobParams,
};
use alloy_evm::revm::{
    context_interface::cfg::gas::calculate_initial_tx_gas, primitives::hardfork::SpecId,
    state::AccountInfo,
};
use alloy_primitives::{Bytes, U256};

/// The tables of 128 MiB that KZG can have speed up the making of proofs, not their check.
const NO_TABLES: u64 = 0;

/// What the next block asks of a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Rules of the EVM.
    pub(crate) spec_id: SpecId,
    /// EIP-155 chain id.
    pub(crate) chain_id: u64,
    /// Gas limit of the block.
    pub(crate) block_gas_limit: u64,
    /// Cap on the gas of one transaction.
    pub(crate) gas_cap: Option<u64>,
    /// Longest creation code in bytes, from Shanghai on.
    pub(crate) init_code_bytes: usize,
    /// Base fee, in wei; zero before London.
    pub(crate) base_fee: u64,
    /// Whether a fee cap below the base fee is refused at once.
    pub(crate) is_base_fee_needed: bool,
    /// Least price that this node accepts, in wei.
    pub(crate) min_gas_price: u128,
    /// Blob parameters and blob base fee; `None` before Cancun.
    pub(crate) blobs: Option<(BlobParams, u128)>,
}

/// A sender's account, with code if it has any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payer {
    /// Balance and nonce.
    pub(crate) account: AccountInfo,
    /// Code; empty for most.
    pub(crate) code: Bytes,
}

impl Rules {
    /// Checks everything that does not depend on the pool's other transactions, but for the blobs' proofs. An
    /// impersonated sender may have any code.
    pub(crate) fn check(
        &self,
        tx: &Recovered<PooledTransaction>,
        payer: &Payer,
        is_impersonated: bool,
    ) -> Result<(), Rejected> {
        self.check_type(tx)?;
        self.check_gas(tx)?;
        self.check_prices(tx)?;
        if let PooledTransaction::Eip4844(blob_tx) = tx.inner() {
            self.check_blobs(tx, &blob_tx.tx().sidecar)?;
        }
        check_payer(tx, payer, is_impersonated)
    }

    fn check_type(&self, tx: &Recovered<PooledTransaction>) -> Result<(), Rejected> {
        let transaction_type = tx.ty();
        let since = match transaction_type {
            0 => SpecId::FRONTIER,
            1 => SpecId::BERLIN,
            2 => SpecId::LONDON,
            3 => SpecId::CANCUN,
            _ => SpecId::PRAGUE,
        };
        if !self.spec_id.is_enabled_in(since) {
            return Err(Rejected::TypeNotSupported { transaction_type });
        }
        if tx.authorization_list().is_some_and(<[_]>::is_empty) {
            return Err(Rejected::NoAuthorizations);
        }
        match tx.chain_id() {
            Some(have) if have != self.chain_id => {
                Err(Rejected::WrongChainId { have, want: self.chain_id })
            }
            _ => Ok(()),
        }
    }

    fn check_gas(&self, tx: &Recovered<PooledTransaction>) -> Result<(), Rejected> {
        let have = tx.gas_limit();
        if have > self.block_gas_limit {
            return Err(Rejected::AboveBlockGasLimit { have, limit: self.block_gas_limit });
        }
        if let Some(cap) = self.gas_cap.filter(|cap| have > *cap) {
            return Err(Rejected::AboveTransactionGasCap { have, cap });
        }
        let (bytes, limit) = (tx.input().len(), self.init_code_bytes);
        if tx.is_create() && self.spec_id.is_enabled_in(SpecId::SHANGHAI) && bytes > limit {
            return Err(Rejected::InitCodeTooLong { bytes, limit });
        }
        let (accounts, slots) = tx.access_list().map_or((0, 0), |list| {
            let slots: usize = list.iter().map(|item| item.storage_keys.len()).sum();
            (count(list.len()), count(slots))
        });
        let authorizations = tx.authorization_count().unwrap_or_default();
        let gas = calculate_initial_tx_gas(
            self.spec_id,
            tx.input(),
            tx.is_create(),
            accounts,
            slots,
            authorizations,
            None,
        );
        let want = gas.initial_regular_gas().max(gas.floor_gas());
        if have < want {
            return Err(Rejected::IntrinsicGas { have, want });
        }
        Ok(())
    }

    fn check_prices(&self, tx: &Recovered<PooledTransaction>) -> Result<(), Rejected> {
        let cap = tx.max_fee_per_gas();
        if let Some(tip) = tx.max_priority_fee_per_gas().filter(|tip| *tip > cap) {
            return Err(Rejected::TipAboveFeeCap { tip, cap });
        }
        if self.is_base_fee_needed && cap < u128::from(self.base_fee) {
            return Err(Rejected::FeeCapBelowBaseFee { cap, base_fee: self.base_fee });
        }
        if cap < self.min_gas_price {
            return Err(Rejected::BelowMinimum { got: cap, least: self.min_gas_price });
        }
        Ok(())
    }

    fn check_blobs(
        &self,
        tx: &Recovered<PooledTransaction>,
        sidecar: &BlobTransactionSidecarVariant,
    ) -> Result<(), Rejected> {
        let Some((params, fee)) = self.blobs else {
            return Err(Rejected::TypeNotSupported { transaction_type: 3 });
        };
        let hashes = tx.blob_versioned_hashes().unwrap_or_default();
        let (count, most) = (hashes.len(), params.max_blobs_per_tx.min(params.max_blob_count));
        if count == 0 || u64::try_from(count).unwrap_or(u64::MAX) > most {
            return Err(Rejected::BlobCount { count, most });
        }
        let cap = tx.max_fee_per_blob_gas().unwrap_or_default();
        if self.is_base_fee_needed && cap < fee {
            return Err(Rejected::BlobFeeCapTooLow { cap, fee });
        }
        let cells_expected = self.spec_id.is_enabled_in(SpecId::OSAKA);
        if matches!(sidecar, BlobTransactionSidecarVariant::Eip7594(_)) != cells_expected {
            return Err(Rejected::BlobSidecarVersion { cells_expected });
        }
        Ok(())
    }
}

/// Whether a transaction's blobs are those that its hashes and proofs name; true where it has none.
pub(crate) fn are_blobs_proven(tx: &PooledTransaction) -> bool {
    let PooledTransaction::Eip4844(blob_tx) = tx else { return true };
    let hashes = tx.blob_versioned_hashes().unwrap_or_default();
    blob_tx.tx().sidecar.validate(hashes, ethereum_kzg_settings(NO_TABLES)).is_ok()
}

fn check_payer(
    tx: &Recovered<PooledTransaction>,
    payer: &Payer,
    is_impersonated: bool,
) -> Result<(), Rejected> {
    let is_delegation = payer.code.starts_with(&[0xef, 0x01, 0x00]);
    if !payer.code.is_empty() && !is_delegation && !is_impersonated {
        return Err(Rejected::SenderIsContract { sender: tx.signer() });
    }
    let (got, next) = (tx.nonce(), payer.account.nonce);
    if got < next {
        return Err(Rejected::NonceTooLow { got, next });
    }
    let (have, want) = (payer.account.balance, most_that_it_costs(tx));
    if have < want {
        return Err(Rejected::InsufficientFunds { have, want });
    }
    Ok(())
}

/// A length as a number of gas-priced items.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Value, gas at the fee cap and blob gas at the blob fee cap, at most 2^256 - 1.
fn most_that_it_costs(tx: &Recovered<PooledTransaction>) -> U256 {
    let gas = U256::from(tx.gas_limit()).saturating_mul(U256::from(tx.max_fee_per_gas()));
    let blob_gas = U256::from(tx.blob_gas_used().unwrap_or_default());
    let blobs = blob_gas.saturating_mul(U256::from(tx.max_fee_per_blob_gas().unwrap_or_default()));
    tx.value().saturating_add(gas).saturating_add(blobs)
}
