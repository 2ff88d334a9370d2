//! What the judge refuses under POCI, even of a block that its producer sealed.

use super::support::{START, TestChain, foreign, on_store};
use crate::{
    clock::Clock,
    engine::{EngineError, EngineOptions, Unacceptable, judge},
    execution::{BlockRecord, ChainView, Foreign},
    genesis::ChainSpec,
    poci::{
        PociFault,
        test_support::{on_poci, sealer, spec, story},
    },
};
use alloy_consensus::{Header, proofs::calculate_withdrawals_root};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B64, B256, Bloom, Bytes, U256};
use std::{path::Path, time::Duration};
use utnet_db::Store;
use utnet_primitives::{DrawnSidecar, Height, Round, Seconds, Sidecar};

/// A chain that earned up to its last block but one, and its last block, which a drawn chip sealed
/// and which pays a reward.
fn judged(test: impl AsyncFnOnce(&Path, ChainView, BlockRecord)) {
    let folder = tempfile::tempdir().unwrap();
    let (spec, mut blocks) = story(folder.path());
    let last = blocks.pop().unwrap();
    assert_eq!(last.withdrawals.as_ref().map(Vec::len), Some(1), "the last block pays");
    on_store(Store::in_memory(), spec, EngineOptions::default(), async |t: TestChain| {
        for block in &blocks {
            t.chain.import(foreign(block)).await.unwrap();
        }
        test(folder.path(), t.chain.view().unwrap(), last).await;
    });
}

/// Lets the drawn chip seal a changed block, as a dishonest producer would.
fn resealed(folder: &Path, view: &ChainView, mut changed: Foreign) -> Foreign {
    let spec = view.spec();
    let (schedule, time) = (spec.poci.as_ref().unwrap(), Seconds(changed.block.header.timestamp));
    let mut sealer = sealer(folder);
    // A dishonest producer keeps no notes.
    sealer.forget_at_the_end();
    let plan = sealer.plan(view, schedule, time).unwrap();
    changed.sidecar = Some(sealer.seal(&plan, spec, &mut changed.block.header).unwrap());
    changed
}

type Change = fn(&mut Header);

/// Every field of the header: what its change is called when a drawn chip sealed it, and when nobody
/// did.
const FIELDS: [(&str, &str, Change); 21] = [
    ("parentHash", "parentHash", |h| h.parent_hash = B256::repeat_byte(1)),
    ("sha3Uncles", "sha3Uncles", |h| h.ommers_hash = B256::repeat_byte(1)),
    ("miner", "miner", |h| h.beneficiary = Address::repeat_byte(1)),
    ("stateRoot", "seal", |h| h.state_root = B256::repeat_byte(1)),
    ("transactionsRoot", "transactionsRoot", |h| h.transactions_root = B256::repeat_byte(1)),
    ("receiptsRoot", "seal", |h| h.receipts_root = B256::repeat_byte(1)),
    ("logsBloom", "seal", |h| h.logs_bloom = Bloom::repeat_byte(1)),
    ("difficulty", "difficulty", |h| h.difficulty = U256::from(1)),
    ("number", "number", |h| h.number += 1),
    ("gasLimit", "gasLimit", |h| h.gas_limit *= 2),
    ("gasUsed", "seal", |h| h.gas_used += 1),
    ("timestamp", "timestamp", |h| h.timestamp = 0),
    ("mixHash", "mixHash", |h| h.mix_hash = B256::repeat_byte(1)),
    ("nonce", "nonce", |h| h.nonce = B64::repeat_byte(1)),
    ("baseFeePerGas", "baseFeePerGas", |h| h.base_fee_per_gas = Some(1)),
    ("withdrawalsRoot", "withdrawalsRoot", |h| h.withdrawals_root = Some(B256::ZERO)),
    ("blobGasUsed", "seal", |h| h.blob_gas_used = Some(131_072)),
    ("excessBlobGas", "excessBlobGas", |h| h.excess_blob_gas = Some(1)),
    ("parentBeaconBlockRoot", "parentBeaconBlockRoot", |h| {
        h.parent_beacon_block_root = Some(B256::repeat_byte(1));
    }),
    ("requestsHash", "seal", |h| h.requests_hash = Some(B256::repeat_byte(1))),
    ("extraData", "extraData", |h| h.extra_data = Bytes::from_static(&[1; 33])),
];

/// What a refusal is about.
fn name(refused: &Unacceptable) -> &str {
    match refused {
        Unacceptable::Field { field, .. } => field,
        Unacceptable::Poci(PociFault::Beneficiary { .. }) => "miner",
        Unacceptable::Poci(PociFault::Beacon { .. }) => "mixHash",
        Unacceptable::Poci(PociFault::Seal { .. }) => "seal",
        Unacceptable::Poci(PociFault::Commitment { .. }) => "extraData",
        Unacceptable::Poci(PociFault::DrawProof { .. }) => "proof",
        Unacceptable::Poci(PociFault::WrongChip { .. }) => "chip",
        Unacceptable::Poci(PociFault::RoundTooHigh { .. }) => "round",
        Unacceptable::Poci(PociFault::NoSidecar) => "no sidecar",
        Unacceptable::Poci(PociFault::Malformed(_)) => "malformed sidecar",
        _ => "something else",
    }
}

#[test]
fn each_field_that_a_producer_falsifies_is_named() {
    judged(async |folder, view, last| {
        assert!(judge(&view, &foreign(&last)).is_ok());
        for (expected, _, change) in FIELDS {
            let mut changed = foreign(&last);
            change(&mut changed.block.header);
            // Its own extra data is the one thing that a seal puts right.
            if expected != "extraData" && expected != "timestamp" {
                changed = resealed(folder, &view, changed);
            }

            let refused = judge(&view, &changed).unwrap_err();

            assert_eq!(name(&refused), expected, "{refused}");
        }
    });
}

#[test]
fn each_field_that_is_changed_on_the_way_is_named_or_breaks_the_seal() {
    judged(async |_, view, last| {
        for (_, expected, change) in FIELDS {
            let mut changed = foreign(&last);
            change(&mut changed.block.header);

            let refused = judge(&view, &changed).unwrap_err();

            assert_eq!(name(&refused), expected, "{refused}");
        }
    });
}

#[test]
fn an_unearned_reward_is_refused_whatever_the_seal_says() {
    judged(async |folder, view, last| {
        let paid = last.withdrawals.clone().unwrap()[0];
        let more = alloy_eips::eip4895::Withdrawal { amount: paid.amount + 1, ..paid };
        let other = alloy_eips::eip4895::Withdrawal { address: Address::repeat_byte(9), ..paid };
        for false_reward in [vec![more], vec![other], vec![paid, paid], vec![]] {
            let mut changed = foreign(&last);
            changed.block.header.withdrawals_root = Some(calculate_withdrawals_root(&false_reward));
            changed.block.body.withdrawals = Some(Withdrawals::new(false_reward));

            let refused = judge(&view, &resealed(folder, &view, changed)).unwrap_err();

            assert_eq!(name(&refused), "withdrawalsRoot", "{refused}");
        }
    });
}

#[test]
fn each_byte_of_the_sidecar_counts() {
    judged(async |_, view, last| {
        let whole = last.sidecar.clone().unwrap();
        for index in 0..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[index] ^= 1;
            let changed = Foreign { sidecar: Some(bytes.into()), ..foreign(&last) };

            let refused = judge(&view, &changed).unwrap_err();

            let expected = if index == 0 { "malformed sidecar" } else { "extraData" };
            assert_eq!(name(&refused), expected, "byte {index}: {refused}");
        }
    });
}

type SidecarChange = fn(&mut DrawnSidecar);

#[test]
fn a_false_sidecar_is_refused_by_what_is_false_although_the_header_commits_to_it() {
    let changes: [(&str, SidecarChange); 5] = [
        ("round", |s| s.round = Round(u32::MAX - 1)),
        ("chip", |s| s.x[0] ^= 1),
        ("chip", |s| s.y[31] ^= 1),
        ("proof", |s| s.pi[40] ^= 1),
        ("seal", |s| s.s[31] ^= 1),
    ];
    judged(async |_, view, last| {
        for (expected, change) in changes {
            let mut changed = foreign(&last);
            let Sidecar::Drawn(mut drawn) =
                Sidecar::decode(last.sidecar.as_ref().unwrap()).unwrap()
            else {
                panic!("not drawn");
            };
            change(&mut drawn);
            let sidecar = Sidecar::Drawn(drawn);
            changed.block.header.extra_data = sidecar.commitment().into();
            changed.sidecar = Some(sidecar.encode());

            let refused = judge(&view, &changed).unwrap_err();

            assert_eq!(name(&refused), expected, "{refused}");
        }
        let none = Foreign { sidecar: None, ..foreign(&last) };
        assert_eq!(name(&judge(&view, &none).unwrap_err()), "no sidecar");
    });
}

/// Rules of a chain of which more than one node makes blocks.
fn shared() -> ChainSpec {
    spec(|dev| {
        let schedule = dev.poci.as_mut().unwrap();
        (schedule.sole_sealer, schedule.lookback_epochs) = (false, 2);
    })
}

/// A producer could put the time of all that follows as far ahead as it liked.
#[test]
fn a_block_from_a_time_to_come_is_refused_where_others_make_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let mut ahead = Vec::new();
    on_poci(folder.path(), shared(), async |t| {
        for seconds in [16, 3_600] {
            let view = t.chain.view().unwrap();
            t.chain.set_next_timestamp(Seconds(START.0 + seconds)).await.unwrap();
            t.chain.mine(1, None).await.unwrap();
            ahead
                .push(t.chain.view().unwrap().block(Height(view.height().0 + 1)).unwrap().unwrap());
        }
    });
    on_store(Store::in_memory(), shared(), EngineOptions::default(), async |t: TestChain| {
        let early = t.chain.import(foreign(&ahead[0])).await;
        t.clock.advance(Duration::from_secs(1));
        t.chain.import(foreign(&ahead[0])).await.unwrap();
        let late = t.chain.import(foreign(&ahead[1])).await;

        for refused in [early, late] {
            let is_told =
                matches!(refused, Err(EngineError::Unacceptable(Unacceptable::TooNew { .. })));
            assert!(is_told, "{refused:?}");
        }
        assert!(t.chain.refused_blocks().is_empty(), "they may be good later");
    });
}

/// Each block is at least a second after the one before, however fast they are made.
#[test]
fn no_block_is_made_that_others_refuse_as_too_new() {
    let folder = tempfile::tempdir().unwrap();
    let (mut made, mut waited) = (Vec::new(), 0);
    on_poci(folder.path(), shared(), async |t| {
        while made.len() < 40 {
            match t.chain.mine(1, None).await {
                Ok(height) => {
                    let block = t.chain.view().unwrap().block(height).unwrap().unwrap();
                    made.push((block, t.clock.seconds()));
                }
                Err(EngineError::Poci(PociFault::TooFast { .. })) => {
                    waited += 1;
                    t.clock.advance(Duration::from_secs(1));
                }
                Err(other) => panic!("{other}"),
            }
        }
    });
    assert_eq!(waited, 25, "15 s ahead, then one a second");
    on_store(Store::in_memory(), shared(), EngineOptions::default(), async |t: TestChain| {
        for (block, at) in &made {
            let passed = at.checked_sub(t.clock.seconds()).unwrap();
            t.clock.advance(Duration::from_secs(passed.0));
            t.chain.import(foreign(block)).await.unwrap();
        }
    });
}
