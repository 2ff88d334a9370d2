//! What the judge accepts and refuses.

use super::support::{Tx, foreign, on_chain, on_store, plain_spec};
use crate::{
    engine::{EngineError, EngineOptions, Unacceptable, UncleFault, judge},
    execution::{BlockRecord, Foreign, Transaction},
    genesis::{ChainSpec, Limits},
    miner::MiningMode,
};
use alloy_consensus::{Block, Header, TxReceipt, proofs::calculate_ommers_root};
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use alloy_rlp::Decodable;
use utnet_db::Store;
use utnet_primitives::Height;

/// Blocks of a chain that has some of everything.
fn blocks() -> Vec<BlockRecord> {
    let mut blocks = Vec::new();
    on_chain(MiningMode::Manual, async |t| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();
        t.chain
            .submit(Tx::from(1).create(Bytes::from_static(&[0x60, 7, 0x60, 1, 0x55])).signed())
            .await
            .unwrap();
        t.chain.mine(1, None).await.unwrap();
        t.chain.mine(1, None).await.unwrap();
        let view = t.chain.view().unwrap();
        blocks.extend((1..=2).map(|h| view.block(Height(h)).unwrap().unwrap()));
    });
    blocks
}

#[test]
fn what_one_node_proposes_another_accepts() {
    let made = blocks();
    on_store(Store::in_memory(), plain_spec(), EngineOptions::default(), async |t| {
        for block in &made {
            let hash = t.chain.import(foreign(block)).await.unwrap();
            assert_eq!(hash, block.hash());
        }
        let kept = t.chain.view().unwrap().block(Height(1)).unwrap().unwrap();
        assert_eq!(&kept, &made[0]);
    });
}

type Change = fn(&mut Header);

#[test]
fn each_changed_field_is_refused_by_its_name() {
    let changes: [(&str, Change); 22] = [
        ("parentHash", |h| h.parent_hash = B256::repeat_byte(1)),
        ("sha3Uncles", |h| h.ommers_hash = B256::repeat_byte(1)),
        ("stateRoot", |h| h.state_root = B256::repeat_byte(1)),
        ("transactionsRoot", |h| h.transactions_root = B256::repeat_byte(1)),
        ("receiptsRoot", |h| h.receipts_root = B256::repeat_byte(1)),
        ("logsBloom", |h| h.logs_bloom = Bloom::repeat_byte(1)),
        ("difficulty", |h| h.difficulty = U256::from(1)),
        ("number", |h| h.number += 1),
        ("gasLimit", |h| h.gas_limit *= 2),
        ("gasUsed", |h| h.gas_used += 1),
        ("timestamp", |h| h.timestamp -= 2),
        ("extraData", |h| h.extra_data = Bytes::from(vec![0; 33])),
        ("nonce", |h| h.nonce = B64::repeat_byte(1)),
        ("baseFeePerGas", |h| h.base_fee_per_gas = Some(1)),
        ("withdrawalsRoot", |h| h.withdrawals_root = Some(B256::repeat_byte(1))),
        ("blobGasUsed", |h| h.blob_gas_used = Some(131_072)),
        ("excessBlobGas", |h| h.excess_blob_gas = Some(1)),
        ("requestsHash", |h| h.requests_hash = Some(B256::repeat_byte(1))),
        ("parentBeaconBlockRoot", |h| h.parent_beacon_block_root = None),
        // What a maker may choose on a plain chain shows in the state.
        ("stateRoot", |h| h.beneficiary = Address::repeat_byte(7)),
        ("blockAccessListHash", |h| h.block_access_list_hash = Some(B256::ZERO)),
        ("slotNumber", |h| h.slot_number = Some(2)),
    ];
    let made = blocks();
    on_store(Store::in_memory(), plain_spec(), EngineOptions::default(), async |t| {
        let view = t.chain.view().unwrap();
        for (name, change) in changes {
            let mut changed = foreign(&made[0]);
            change(&mut changed.block.header);

            let verdict = judge(&view, &changed);

            let Err(Unacceptable::Field { field, .. }) = verdict else {
                panic!("{name}: {verdict:?}");
            };
            assert_eq!(field, name);
        }
        assert_eq!(t.chain.view().unwrap().height(), Height(0));
    });
}

type BodyChange = fn(&mut Block<Transaction>);

#[test]
fn each_changed_part_of_the_body_is_refused_by_its_name() {
    let changes: [(&str, BodyChange); 5] = [
        ("transactionsRoot", |b| b.body.transactions.swap(0, 1)),
        ("transactionsRoot", |b| drop(b.body.transactions.pop())),
        ("sha3Uncles", |b| b.body.ommers.push(Header::default())),
        ("withdrawals", |b| b.body.withdrawals = None),
        ("withdrawalsRoot", |b| b.body.withdrawals = Some(vec![Withdrawal::default()].into())),
    ];
    let made = blocks();
    on_store(Store::in_memory(), plain_spec(), EngineOptions::default(), async |t| {
        let view = t.chain.view().unwrap();
        for (name, change) in changes {
            let mut changed = foreign(&made[0]);
            change(&mut changed.block);

            let verdict = judge(&view, &changed);

            let Err(Unacceptable::Field { field, .. }) = verdict else {
                panic!("{name}: {verdict:?}");
            };
            assert_eq!(field, name);
        }
    });
}

#[test]
fn a_refused_block_is_remembered_and_changes_nothing() {
    let made = blocks();
    on_store(Store::in_memory(), plain_spec(), EngineOptions::default(), async |t| {
        let mut changed = foreign(&made[0]);
        changed.block.header.gas_used += 1;

        let refused = t.chain.import(changed.clone()).await;

        assert!(matches!(refused, Err(EngineError::Unacceptable(_))), "{refused:?}");
        assert_eq!(t.chain.refused_blocks(), [changed]);
        assert_eq!(t.chain.view().unwrap().height(), Height(0));
    });
}

/// The blocks of the public tests' chain.
fn hive() -> (ChainSpec, Vec<Foreign>) {
    let genesis = include_str!("../../../tests/data/hive-genesis.json");
    let mut rlp: &[u8] = include_bytes!("../../../tests/data/hive-chain.rlp");
    let mut blocks = Vec::new();
    while !rlp.is_empty() {
        let block = Block::<Transaction>::decode(&mut rlp).unwrap();
        blocks.push(Foreign { block, sidecar: None });
    }
    (ChainSpec::from_json(genesis, Limits::ETHEREUM).unwrap(), blocks)
}

#[test]
fn an_uncle_must_be_recent_new_and_well_formed() {
    let (spec, blocks) = hive();
    let options = EngineOptions { mining: MiningMode::Manual, ..EngineOptions::default() };
    on_store(Store::in_memory(), spec, options, async |t| {
        let at = blocks.iter().position(|b| !b.block.body.ommers.is_empty()).unwrap();
        for block in &blocks[..at] {
            t.chain.import(block.clone()).await.unwrap();
        }
        let view = t.chain.view().unwrap();
        let with = |uncles: Vec<Header>| {
            let mut changed = blocks[at].clone();
            changed.block.header.ommers_hash = calculate_ommers_root(&uncles);
            changed.block.body.ommers = uncles;
            judge(&view, &changed).unwrap_err()
        };
        let uncle = blocks[at].block.body.ommers[0].clone();
        let ancestor = blocks[at - 1].block.header.clone();
        let child = Header { parent_hash: view.head().hash(), ..uncle.clone() };
        let easy = Header { difficulty: uncle.difficulty - U256::ONE, ..uncle.clone() };

        let many = with(vec![uncle.clone(), easy.clone(), child.clone()]);
        let twice = with(vec![uncle.clone(), uncle]);

        assert!(matches!(many, Unacceptable::Uncle(UncleFault::TooMany { count: 3 })), "{many}");
        assert!(matches!(twice, Unacceptable::Uncle(UncleFault::Known { .. })), "{twice}");
        let known = with(vec![ancestor]);
        assert!(matches!(known, Unacceptable::Uncle(UncleFault::Known { .. })), "{known}");
        let dangling = with(vec![child]);
        assert!(matches!(dangling, Unacceptable::Uncle(UncleFault::Dangling { .. })), "{dangling}");
        let easy = with(vec![easy]);
        assert!(matches!(easy, Unacceptable::Field { field: "difficulty", .. }), "{easy}");
        t.chain.import(blocks[at].clone()).await.unwrap();
    });
}

/// The chain of the execution-apis tests: every fork from Frontier to BPO2, uncles, blobs, 7702.
#[test]
fn hives_chain_of_all_forks_is_accepted() {
    let (spec, blocks) = hive();
    let options = EngineOptions { mining: MiningMode::Manual, ..EngineOptions::default() };
    on_store(Store::in_memory(), spec, options, async |t| {
        for block in blocks {
            let number = block.block.header.number;
            let imported = t.chain.import(block).await;
            assert!(imported.is_ok(), "block {number}: {}", imported.unwrap_err());
        }
        let view = t.chain.view().unwrap();
        assert_eq!(view.height(), Height(54));
        let early = view.block(Height(1)).unwrap().unwrap();
        assert!(early.receipts.iter().all(|r| r.status_or_post_state().is_post_state()));
    });
}
