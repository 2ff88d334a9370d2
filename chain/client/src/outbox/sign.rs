//! Turns an intent, a nonce and fees into signed bytes.

use super::entry::{Attempt, Intent, Purpose};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Bytes, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use utnet_primitives::Gas;

/// Gas of a plain transfer.
const TRANSFER_GAS: Gas = Gas(21_000);

/// Everything of a transaction but what it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    pub(super) chain_id: u64,
    pub(super) nonce: u64,
    pub(super) gas: Gas,
    /// Most wei per gas, and tip.
    pub(super) fees: (u128, u128),
}

/// Signs an EIP-1559 transaction: the intent, or an empty transfer to the sender itself.
pub(super) fn sign(
    signer: &PrivateKeySigner,
    envelope: Envelope,
    intent: &Intent,
    purpose: Purpose,
) -> Result<Attempt, alloy_signer::Error> {
    let (max_fee, tip) = envelope.fees;
    let (gas, to, value, input) = match purpose {
        Purpose::Intent => (envelope.gas, intent.to, intent.value, intent.input.clone()),
        Purpose::Cancel => (TRANSFER_GAS, signer.address().into(), U256::ZERO, Bytes::new()),
    };
    let transaction = TxEip1559 {
        chain_id: envelope.chain_id,
        nonce: envelope.nonce,
        gas_limit: gas.0,
        max_fee_per_gas: max_fee,
        max_priority_fee_per_gas: tip,
        to,
        value,
        access_list: Default::default(),
        input,
    };
    let signature = signer.sign_hash_sync(&transaction.signature_hash())?;
    let signed = transaction.into_signed(signature);
    Ok(Attempt {
        hash: *signed.hash(),
        raw: signed.encoded_2718().into(),
        max_fee,
        tip,
        purpose,
        sent_at: None,
        offered_at: None,
    })
}
