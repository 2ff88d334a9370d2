//! Signs the transactions of the load ahead of time.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use alloy_signer::SignerSync;
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use anyhow::Result;
use rayon::prelude::*;

/// The phrase that every dev node's accounts come from; known to everybody.
const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// Chain id of a dev node.
const CHAIN_ID: u64 = 31_337;

/// Wei per gas that a transaction pays at most, and the tip in it.
const FEE_CAP: u128 = 1_000_000_000_000;
const TIP: u128 = 1_000_000_000;

/// What a transaction does.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// Whom it calls or pays; nobody: it creates a contract.
    pub(crate) to: TxKind,
    pub(crate) value: U256,
    pub(crate) input: Bytes,
    pub(crate) gas: u64,
}

impl Action {
    /// A payment of one wei.
    pub(crate) fn pay(to: Address) -> Self {
        Self { to: to.into(), value: U256::from(1), input: Bytes::new(), gas: 21_000 }
    }
}

/// The first dev accounts.
pub(crate) fn dev_accounts(count: u32) -> Result<Vec<PrivateKeySigner>> {
    let key = |index| {
        Ok(MnemonicBuilder::<English>::default().phrase(DEV_MNEMONIC).index(index)?.build()?)
    };
    (0..count).map(key).collect()
}

/// A transaction as hex text with `0x`.
pub(crate) fn sign(key: &PrivateKeySigner, nonce: u64, action: &Action) -> Result<String> {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: action.gas,
        max_fee_per_gas: FEE_CAP,
        max_priority_fee_per_gas: TIP,
        to: action.to,
        value: action.value,
        access_list: Default::default(),
        input: action.input.clone(),
    };
    let signature = key.sign_hash_sync(&transaction.signature_hash())?;
    let envelope = TxEnvelope::Eip1559(transaction.into_signed(signature));
    Ok(hex::encode_prefixed(envelope.encoded_2718()))
}

/// `count` transactions of one account, nonces from `first` on; `act` says what the n-th does.
pub(crate) fn sign_many(
    key: &PrivateKeySigner,
    first: u64,
    count: u64,
    act: impl Fn(u64) -> Action + Sync,
) -> Result<Vec<String>> {
    (0..count).into_par_iter().map(|n| sign(key, first + n, &act(n))).collect()
}
