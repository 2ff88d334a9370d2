//! Which blob transactions the pool takes.

use super::support::{account, on_chain, stranger};
use crate::{
    engine::{EngineError, Origin, Submission},
    execution::PooledTransaction,
    miner::MiningMode,
    pool::Rejected,
};
use alloy_consensus::{
    SignableTransaction, TxEip4844, TxEip4844WithSidecar, transaction::Recovered,
};
use alloy_eips::{
    eip4844::{
        builder::{SidecarBuilder, SimpleCoder},
        c_kzg::ethereum_kzg_settings,
    },
    eip7594::{BlobTransactionSidecarEip7594, BlobTransactionSidecarVariant},
};
use alloy_signer::SignerSync;

fn sidecar(of: &str) -> BlobTransactionSidecarEip7594 {
    let builder = SidecarBuilder::<SimpleCoder>::from_slice(of.as_bytes());
    builder.build_7594_with_settings(ethereum_kzg_settings(0)).unwrap()
}

fn carrying(sidecar: BlobTransactionSidecarEip7594) -> Submission {
    let sidecar = BlobTransactionSidecarVariant::Eip7594(sidecar);
    let tx = TxEip4844 {
        chain_id: 31_337,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        max_fee_per_blob_gas: 10_000_000_000,
        to: stranger(0),
        blob_versioned_hashes: sidecar.versioned_hashes().collect(),
        ..TxEip4844::default()
    };
    let tx = TxEip4844WithSidecar { tx, sidecar };
    let signer = account(0);
    let signature = signer.sign_hash_sync(&tx.signature_hash()).unwrap();
    let signed = PooledTransaction::Eip4844(tx.into_signed(signature));
    let transaction = Recovered::new_unchecked(signed, signer.address());
    Submission { transaction, origin: Origin::Signed }
}

#[test]
fn a_blob_with_its_proofs_is_mined_and_one_with_those_of_another_is_refused() {
    on_chain(MiningMode::Instant, async |t| {
        let (one, mut forged) = (sidecar("one"), sidecar("another"));
        forged.cell_proofs.clone_from(&one.cell_proofs);

        let refused = t.chain.submit(carrying(forged)).await.unwrap_err();
        t.chain.submit(carrying(one)).await.unwrap();

        assert!(matches!(refused, EngineError::Rejected(Rejected::BlobProof)), "{refused:?}");
        let view = t.chain.view().unwrap();
        assert_eq!(view.head().blob_gas_used, Some(131_072));
    });
}
