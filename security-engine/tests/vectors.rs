//! Pins what a seeded chip answers, for `utnet-precompiles` to verify: `test/vectors/security_engine.json`.

use std::{fs, path::PathBuf};

use alloy_primitives::hex;
use serde_json::{Value, json};
use tempfile::tempdir;
use utnet_se::{SecurityEngine, SeededEntropy, SoftwareChip, aggregate, aggregate_keys};

/// What a chip made from a seed of 32 equal bytes says about fixed messages.
fn answers(chip: &SoftwareChip, seed: u8) -> Value {
    let (digest, context, alpha) = ([0xd1; 32], [0xc0; 32], b"utnet draw");
    let signed = chip.sign_digest(&digest).expect("signs");
    let drawn = chip.vrf_prove(alpha).expect("draws");
    let identity = chip.identity();
    json!({
        "seed": hex::encode_prefixed([seed; 32]),
        "chipId": chip.chip_id().to_string(),
        "x": identity.x,
        "y": identity.y,
        "blsKey": hex::encode_prefixed(chip.bls_key()),
        "vrfKey": hex::encode_prefixed(chip.vrf_key().expect("made")),
        "wrappedKeys": hex::encode_prefixed(chip.wrapped_keys().to_bytes()),
        "digest": hex::encode_prefixed(digest),
        "r": signed.r,
        "s": signed.s,
        "message": hex::encode_prefixed(digest),
        "blsSignature": hex::encode_prefixed(chip.bls_sign(&digest).expect("signs")),
        "context": hex::encode_prefixed(context),
        "possession": hex::encode_prefixed(chip.bls_prove_possession(&context).expect("signs")),
        "alpha": hex::encode_prefixed(alpha),
        "pi": hex::encode_prefixed(drawn.pi),
        "beta": hex::encode_prefixed(drawn.beta),
    })
}

#[test]
fn seeded_chips_answer_as_recorded() {
    let dir = tempdir().expect("a temporary folder");
    let chips: Vec<SoftwareChip> = (1..=3_u8)
        .map(|seed| {
            let mut entropy = SeededEntropy::new([seed; 32]);
            let path = dir.path().join(seed.to_string());
            let mut chip = SoftwareChip::create(&path, "UT-1", 1, &mut entropy).expect("made");
            chip.create_vrf_key(&mut entropy).expect("made");
            chip
        })
        .collect();
    let signatures: Vec<_> =
        chips.iter().map(|chip| chip.bls_sign(&[0xd1; 32]).expect("signs")).collect();
    let keys: Vec<_> = chips.iter().map(SecurityEngine::bls_key).collect();
    let built = json!({
        "source": "chips of SeededEntropy, deterministic signatures",
        "chips": chips.iter().zip(1..).map(|(chip, seed)| answers(chip, seed)).collect::<Vec<_>>(),
        "aggregate": hex::encode_prefixed(aggregate(&signatures).expect("three")),
        "apk": hex::encode_prefixed(aggregate_keys(&keys).expect("three")),
    });
    let built = serde_json::to_string_pretty(&built).expect("encodes") + "\n";

    let file = "security_engine.json";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test/vectors").join(file);
    let recorded = fs::read_to_string(path).unwrap_or_default();
    if built != recorded {
        let left = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
        fs::write(left, &built).expect("the temporary folder takes files");
    }
    assert!(built == recorded, "{file} is out of date: review the one in CARGO_TARGET_TMPDIR");
}
