//! What blocks contain.

use super::support::{START, Tx, account, on_chain, stranger};
use crate::{
    execution::{AccountPatch, At, ChainView},
    miner::MiningMode,
};
use alloy_consensus::constants::EMPTY_WITHDRAWALS;
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{B256, Bytes, U256, bytes, hex};
use alloy_trie::{
    KECCAK_EMPTY, TrieAccount,
    root::{state_root_unhashed, storage_root_unhashed},
};
use proptest::prelude::*;
use utnet_db::DbError;
use utnet_primitives::Height;

#[test]
fn a_transfer_is_mined_before_its_answer_comes() {
    on_chain(MiningMode::Instant, async |t| {
        let hash = t.chain.submit(Tx::from(0).signed()).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(1));
        assert_eq!(view.transaction(hash).unwrap(), Some((Height(1), 0)));
        let paid = view.state(At::Latest).unwrap().account(stranger(0)).unwrap().unwrap();
        assert_eq!(paid.balance, U256::from(1));
    });
}

#[test]
fn an_osaka_header_has_every_field_that_tools_expect() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.mine(1, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let head = view.head();
        assert_eq!(head.withdrawals_root, Some(EMPTY_WITHDRAWALS));
        assert_eq!(head.requests_hash, Some(EMPTY_REQUESTS_HASH));
        assert_eq!(head.parent_beacon_block_root, Some(B256::ZERO));
        assert_eq!((head.blob_gas_used, head.excess_blob_gas), (Some(0), Some(0)));
        assert_eq!(head.base_fee_per_gas, Some(875_000_000));
        assert_eq!(head.timestamp, START.0 + 1);
        assert_eq!(head.gas_limit, 30_000_000);
    });
}

#[test]
fn the_state_root_is_that_of_all_accounts_computed_from_nothing() {
    on_chain(MiningMode::Instant, async |t| {
        for nonce in 0..5 {
            t.chain.submit(Tx::from(0).nonce(nonce).to(stranger(nonce)).signed()).await.unwrap();
        }
        // stores 7 in slot 1, returns nothing
        let code = bytes!("0x600760015500");
        t.chain.submit(Tx::from(1).create(code).signed()).await.unwrap();

        let view = t.chain.view().unwrap();
        assert_eq!(view.head().state_root, root_from_nothing(&view));
    });
}

/// The state root, computed from all accounts and slots without the stored trie.
fn root_from_nothing(view: &ChainView) -> B256 {
    let mut accounts = Vec::new();
    let store = view.store();
    store
        .all_accounts(|address, stored| {
            let account = TrieAccount {
                nonce: stored.nonce,
                balance: stored.balance,
                storage_root: storage_root_unhashed(store.account_storage(address)?),
                code_hash: stored.bytecode_hash.unwrap_or(KECCAK_EMPTY),
            };
            accounts.push((address, account));
            Ok::<_, DbError>(())
        })
        .unwrap();
    state_root_unhashed(accounts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_state_root_survives_any_mix_of_payments_cheats_and_reverts(
        steps in proptest::collection::vec((0..4_u8, 0..6_u64, 1..1_000_u64), 1..25)
    ) {
        on_chain(MiningMode::Instant, async |t| {
            let mut nonce = 0;
            let mut kept = None;
            for (kind, who, wei) in steps {
                match kind {
                    0 | 1 => {
                        let tx = Tx::from(0).nonce(nonce).to(stranger(who)).value(wei);
                        t.chain.submit(tx.signed()).await.unwrap();
                        nonce += 1;
                    }
                    2 => {
                        let patch = AccountPatch {
                            balance: Some(U256::from(wei % 3)),
                            storage: [(U256::from(wei), U256::from(who))].into(),
                            ..AccountPatch::default()
                        };
                        t.chain.patch(vec![(stranger(who), patch)]).await.unwrap();
                        t.chain.mine(1, None).await.unwrap();
                    }
                    _ => match kept.take() {
                        None => kept = Some((t.chain.snapshot().await.unwrap(), nonce)),
                        Some((id, then)) => {
                            t.chain.revert(id).await.unwrap();
                            nonce = then;
                        }
                    },
                }
                let view = t.chain.view().unwrap();
                assert_eq!(view.head().state_root, root_from_nothing(&view));
            }
        });
    }
}

#[test]
fn a_contract_keeps_its_code_and_storage() {
    on_chain(MiningMode::Instant, async |t| {
        // constructor: sstore(1, 7), returns the byte 0xfe
        let code = hex!("600760015560fe60005360016000f3");
        t.chain.submit(Tx::from(0).create(Bytes::from(code)).signed()).await.unwrap();

        let view = t.chain.view().unwrap();
        let state = view.state(At::Latest).unwrap();
        let contract = account(0).address().create(0);
        assert_eq!(state.code(contract).unwrap(), bytes!("0xfe"));
        assert_eq!(state.storage(contract, U256::from(1)).unwrap(), U256::from(7));
        let block = view.block(Height(1)).unwrap().unwrap();
        assert!(block.receipts[0].status());
    });
}

#[test]
fn the_state_of_an_earlier_block_can_be_read() {
    on_chain(MiningMode::Instant, async |t| {
        for nonce in 0..4 {
            t.chain.submit(Tx::from(0).nonce(nonce).value(10).signed()).await.unwrap();
        }

        let view = t.chain.view().unwrap();
        for height in 1..=4 {
            let state = view.state(At::After(Height(height))).unwrap();
            let paid = state.account(stranger(0)).unwrap().unwrap();
            assert_eq!(paid.balance, U256::from(10 * height));
        }
        assert!(view.state(At::After(Height(5))).is_err());
    });
}

#[test]
fn the_hash_of_the_block_before_is_known_to_the_history_contract() {
    on_chain(MiningMode::Manual, async |t| {
        t.chain.mine(2, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let kept = view
            .state(At::Latest)
            .unwrap()
            .storage(alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS, U256::from(1))
            .unwrap();
        let hash = view.header(Height(1)).unwrap().unwrap().hash();
        assert_eq!(B256::from(kept), hash);
    });
}
