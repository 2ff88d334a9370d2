//! Signs for the dev accounts, whose keys the node holds and everybody knows.

use super::error::RpcError;
use crate::execution::{PooledTransaction, Transaction};
use alloy_consensus::{
    EthereumTypedTransaction, SignableTransaction, TypedTransaction, transaction::Recovered,
};
use alloy_eips::eip7594::BlobTransactionSidecarVariant;
use alloy_primitives::{Address, B256, Signature, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;

/// The dev accounts in the order of their derivation.
#[derive(Clone, Debug, Default)]
pub struct Signers(Vec<PrivateKeySigner>);

impl Signers {
    /// Signs with these keys.
    pub const fn new(keys: Vec<PrivateKeySigner>) -> Self {
        Self(keys)
    }

    /// The accounts that can sign.
    pub fn accounts(&self) -> Vec<Address> {
        self.0.iter().map(PrivateKeySigner::address).collect()
    }

    pub(super) fn has(&self, account: Address) -> bool {
        self.find(account).is_ok()
    }

    fn find(&self, account: Address) -> Result<&PrivateKeySigner, RpcError> {
        self.0.iter().find(|key| key.address() == account).ok_or(RpcError::NoSigner(account))
    }

    /// Signs a 32-byte digest.
    pub(super) fn sign_hash(&self, account: Address, digest: B256) -> Result<Signature, RpcError> {
        Ok(self.find(account)?.sign_hash_sync(&digest)?)
    }

    /// Signs bytes with the prefix of EIP-191.
    pub(super) fn sign_message(
        &self,
        account: Address,
        message: &[u8],
    ) -> Result<Signature, RpcError> {
        Ok(self.find(account)?.sign_message_sync(message)?)
    }

    /// Signs a complete transaction.
    pub(super) fn sign(
        &self,
        account: Address,
        transaction: TypedTransaction,
    ) -> Result<Recovered<PooledTransaction>, RpcError> {
        let signature = self.sign_hash(account, transaction.signature_hash())?;
        attach(account, transaction, signature)
    }
}

/// A transaction of an impersonated account, under a signature that names the account and proves nothing.
///
/// `r` is the account, so that equal transactions of two accounts have different hashes.
pub(super) fn assert_sender(
    account: Address,
    transaction: TypedTransaction,
) -> Result<Recovered<PooledTransaction>, RpcError> {
    let signature = Signature::new(account.into_word().into(), U256::from(1), false);
    attach(account, transaction, signature)
}

fn attach(
    account: Address,
    transaction: TypedTransaction,
    signature: Signature,
) -> Result<Recovered<PooledTransaction>, RpcError> {
    let pooled = PooledTransaction::from((with_sidecar(transaction)?, signature));
    Ok(Recovered::new_unchecked(pooled, account))
}

type PooledTyped =
    EthereumTypedTransaction<alloy_consensus::TxEip4844WithSidecar<BlobTransactionSidecarVariant>>;

/// The form that the pool wants: a blob transaction must carry its sidecar.
fn with_sidecar(transaction: TypedTransaction) -> Result<PooledTyped, RpcError> {
    Ok(match transaction {
        TypedTransaction::Legacy(tx) => PooledTyped::Legacy(tx),
        TypedTransaction::Eip2930(tx) => PooledTyped::Eip2930(tx),
        TypedTransaction::Eip1559(tx) => PooledTyped::Eip1559(tx),
        TypedTransaction::Eip7702(tx) => PooledTyped::Eip7702(tx),
        TypedTransaction::Eip4844(tx) => PooledTyped::Eip4844(
            tx.try_into_4844_with_sidecar()
                .map_err(|_no_sidecar| RpcError::IncompleteRequest("blobs are missing".into()))?,
        ),
    })
}

/// The form that blocks hold: without the sidecar.
pub(super) fn without_sidecar(transaction: Recovered<PooledTransaction>) -> Recovered<Transaction> {
    transaction.map(Transaction::from)
}
