//! Who makes blocks, what they earn, and what a judge says about it.

use super::support::{
    OPERATOR, answer, default_spec, earn, make_chips, on_poci, prove, reach, register, sealer,
    story,
};
use crate::{
    engine::{
        EngineError, EngineOptions, Unacceptable, judge,
        test_support::{Tx, account, foreign, on_store},
    },
    execution::{At, BlockRecord, ChainView, Foreign, Sandbox},
    genesis::sealer_address,
    poci::PociFault,
};
use alloy_consensus::Header;
use alloy_evm::revm::{context::TxEnv, inspector::NoOpInspector};
use alloy_primitives::{Address, B256, TxKind, U256, uint};
use alloy_sol_types::SolCall;
use utnet_bindings::BeaconHistory;
use utnet_db::Store;
use utnet_primitives::{Epoch, Height, SealerSidecar, Sidecar, SystemContract, system_address};

fn sidecar(block: &BlockRecord) -> Sidecar {
    Sidecar::decode(block.sidecar.as_ref().unwrap()).unwrap()
}

#[test]
fn without_power_the_genesis_sealer_makes_blocks_without_reward() {
    let folder = tempfile::tempdir().unwrap();
    on_poci(folder.path(), default_spec(), async |t| {
        t.chain.submit(Tx::from(0).signed()).await.unwrap();

        let block = t.chain.view().unwrap().block(Height(1)).unwrap().unwrap();
        assert!(matches!(sidecar(&block), Sidecar::Sealer(_)));
        assert_eq!(block.header.extra_data.as_ref(), sidecar(&block).commitment().as_slice());
        assert_eq!(block.header.beneficiary, sealer_address());
        assert_eq!(block.withdrawals, Some(Vec::new()));
    });
}

#[test]
fn the_beacon_of_every_block_is_kept_by_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    on_poci(folder.path(), default_spec(), async |t| {
        t.chain.mine(3, None).await.unwrap();

        let view = t.chain.view().unwrap();
        for height in 1..=3 {
            let kept = beacon_at(&view, height);
            assert_eq!(kept, view.header(Height(height)).unwrap().unwrap().mix_hash);
        }
    });
}

/// What the contract keeps as the beacon of a height.
fn beacon_at(view: &ChainView, height: u64) -> B256 {
    let tx = TxEnv {
        kind: TxKind::Call(system_address(SystemContract::BeaconHistory)),
        data: BeaconHistory::beaconAtCall { height }.abi_encode().into(),
        gas_limit: 1_000_000,
        chain_id: None,
        ..TxEnv::default()
    };
    let mut sandbox = Sandbox::on(view, At::Latest).unwrap().relaxed();
    let ran = sandbox.run(tx, NoOpInspector).unwrap();
    BeaconHistory::beaconAtCall::abi_decode_returns(ran.result.output().unwrap()).unwrap()
}

#[test]
fn drawn_chips_seal_and_earn_once_they_were_proven_present() {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    on_poci(folder.path(), default_spec(), async |t| {
        earn(&t, &chips).await;
        t.chain.mine(3, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let operator = account(OPERATOR).address();
        let drawn = view.block(view.height()).unwrap().unwrap();
        assert!(matches!(sidecar(&drawn), Sidecar::Drawn(_)));
        assert_eq!(drawn.header.beneficiary, operator);
        let paid = drawn.withdrawals.unwrap();
        assert_eq!(paid.len(), 1, "a proven chip earns");
        assert_eq!(paid[0].address, operator);
        assert_eq!(paid[0].amount, 100_000_000_000, "100 UNC in gwei");
        assert_eq!(paid[0].index, view.height().0);
        let early = view.block(Height(20)).unwrap().unwrap();
        assert_eq!(early.withdrawals, Some(Vec::new()), "epoch 1 has no proof of epoch -1");
    });
}

#[test]
fn what_is_proven_and_not_opened_earns_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    on_poci(folder.path(), default_spec(), async |t| {
        register(&t, &chips).await;
        for epoch in 1..=3 {
            reach(&t, Epoch(epoch)).await;
            prove(&t, &chips).await;
            answer(&t, (epoch > 1).then(|| Epoch(epoch - 1))).await;
        }
        reach(&t, Epoch(4)).await;

        t.chain.mine(1, None).await.unwrap();

        let view = t.chain.view().unwrap();
        let block = view.block(view.height()).unwrap().unwrap();
        assert!(matches!(sidecar(&block), Sidecar::Drawn(_)));
        assert_eq!(block.withdrawals, Some(Vec::new()), "epoch 2 was not opened in epoch 3");
    });
}

#[test]
fn a_chip_whose_folder_is_gone_is_absent() {
    let folder = tempfile::tempdir().unwrap();
    let chips = make_chips(folder.path(), 2);
    on_poci(folder.path(), default_spec(), async |t| {
        register(&t, &chips).await;
        reach(&t, Epoch(2)).await;
        let drawer = tempfile::tempdir().unwrap();
        std::fs::rename(folder.path().join("chip-1"), drawer.path().join("chip-1")).unwrap();

        t.chain.mine(10, None).await.unwrap();

        let view = t.chain.view().unwrap();
        for height in view.height().0 - 9..=view.height().0 {
            let block = view.block(Height(height)).unwrap().unwrap();
            if let Sidecar::Drawn(drawn) = sidecar(&block) {
                assert_ne!(drawn.chip(), utnet_se::SecurityEngine::chip_id(&chips[1]));
            }
        }
    });
}

#[test]
fn a_node_without_chips_judges_what_another_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let (spec, blocks) = story(folder.path());
    on_store(Store::in_memory(), spec, EngineOptions::default(), async |t| {
        for block in &blocks {
            let judged = t.chain.import(foreign(block)).await;
            assert!(judged.is_ok(), "block {}: {}", block.height(), judged.unwrap_err());
        }
        assert_eq!(t.chain.view().unwrap().head().hash(), blocks.last().unwrap().hash());
    });
}

/// Puts a changed sidecar into a block, committed to as it should be.
fn resealed(block: &BlockRecord, change: impl FnOnce(&mut Sidecar, &mut Header)) -> Foreign {
    let mut changed = foreign(block);
    let mut proof = sidecar(block);
    change(&mut proof, &mut changed.block.header);
    changed.block.header.extra_data = proof.commitment().into();
    changed.sidecar = Some(proof.encode());
    changed
}

type Check = fn(&PociFault) -> bool;

#[test]
fn each_false_proof_is_refused_by_its_own_error() {
    let folder = tempfile::tempdir().unwrap();
    let (spec, mut blocks) = story(folder.path());
    let last = blocks.pop().unwrap();
    let drawn = |change: fn(&mut utnet_primitives::DrawnSidecar)| {
        resealed(&last, |proof, _| {
            let Sidecar::Drawn(drawn) = proof else { panic!("not drawn") };
            change(drawn);
        })
    };
    let none = Foreign { sidecar: None, ..foreign(&last) };
    let mut other_commitment = foreign(&last);
    other_commitment.block.header.extra_data = B256::repeat_byte(1).into();
    let cases: Vec<(&str, Foreign, Check)> = vec![
        ("no sidecar", none, |f| matches!(f, PociFault::NoSidecar)),
        ("commitment", other_commitment, |f| matches!(f, PociFault::Commitment { .. })),
        ("round", drawn(|s| s.round.0 = 8), |f| matches!(f, PociFault::RoundTooHigh { .. })),
        ("chip", drawn(|s| s.x = B256::repeat_byte(1)), |f| {
            matches!(f, PociFault::WrongChip { .. })
        }),
        ("proof", drawn(|s| s.pi[40] ^= 1), |f| matches!(f, PociFault::DrawProof { .. })),
        ("seal", drawn(|s| s.r = B256::repeat_byte(1)), |f| matches!(f, PociFault::Seal { .. })),
        ("beacon", resealed(&last, |_, header| header.mix_hash = B256::repeat_byte(1)), |f| {
            matches!(f, PociFault::Beacon { .. })
        }),
        (
            "beneficiary",
            resealed(&last, |_, header| header.beneficiary = Address::repeat_byte(1)),
            |f| matches!(f, PociFault::Beneficiary { .. }),
        ),
        ("any other field", resealed(&last, |_, header| header.gas_used ^= 1), |f| {
            matches!(f, PociFault::Seal { .. })
        }),
        (
            "false sealer",
            resealed(&last, |proof, header| {
                *proof = Sidecar::Sealer(SealerSidecar { signature: [1; 65] });
                header.beneficiary = sealer_address();
            }),
            |f| matches!(f, PociFault::Beacon { .. } | PociFault::SealerSeal { .. }),
        ),
    ];
    on_store(Store::in_memory(), spec, EngineOptions::default(), async |t| {
        for block in &blocks {
            t.chain.import(foreign(block)).await.unwrap();
        }
        let view = t.chain.view().unwrap();
        for (name, changed, is_expected) in cases {
            match judge(&view, &changed) {
                Err(Unacceptable::Poci(fault)) => assert!(is_expected(&fault), "{name}: {fault}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    });
}

/// The order of secp256k1's group.
const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

#[test]
fn a_sealers_seal_has_one_form() {
    let folder = tempfile::tempdir().unwrap();
    let (spec, blocks) = story(folder.path());
    let first = blocks.first().unwrap();
    let with = |change: fn(&mut [u8; 65])| {
        resealed(first, |proof, _| {
            let Sidecar::Sealer(sealer) = proof else { panic!("drawn") };
            change(&mut sealer.signature);
        })
    };
    let others = [
        with(|signature| signature[64] += 27),
        with(|signature| {
            let s = ORDER - U256::from_be_slice(&signature[32..64]);
            signature[32..64].copy_from_slice(&s.to_be_bytes::<32>());
            signature[64] ^= 1;
        }),
    ];
    on_store(Store::in_memory(), spec, EngineOptions::default(), async |t| {
        let view = t.chain.view().unwrap();
        for other in others {
            let refused = judge(&view, &other);
            assert!(
                matches!(refused, Err(Unacceptable::Poci(PociFault::SealerSeal { .. }))),
                "{refused:?}"
            );
        }
        judge(&view, &foreign(first)).unwrap();
    });
}

#[test]
fn a_node_without_any_key_cannot_make_blocks() {
    let folder = tempfile::tempdir().unwrap();
    on_store(Store::in_memory(), default_spec(), EngineOptions::default(), async |t| {
        let refused = t.chain.mine(1, None).await;

        assert!(matches!(refused, Err(EngineError::Poci(PociFault::NoKey))));
        drop(sealer(folder.path()));
    });
}

#[test]
fn what_poci_decides_cannot_be_set() {
    let folder = tempfile::tempdir().unwrap();
    on_poci(folder.path(), default_spec(), async |t| {
        let coinbase = t.chain.set_coinbase(Address::repeat_byte(1)).await;
        let beacon = t.chain.set_prevrandao(B256::repeat_byte(1)).await;

        assert!(matches!(coinbase, Err(EngineError::FixedByPoci { .. })));
        assert!(matches!(beacon, Err(EngineError::FixedByPoci { .. })));
    });
}
