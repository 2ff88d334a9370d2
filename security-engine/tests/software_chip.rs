//! Holds a software chip to what a chip promises: one burn, no key outside, right signatures.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use alloy_primitives::B256;
use blst::{
    BLST_ERROR::BLST_SUCCESS,
    min_pk::{PublicKey, Signature as BlsSignature},
};
use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};
use utnet_se::{
    Fault, P256Signature, POSSESSION_DST, SIGNATURE_DST, SecurityEngine, SeededEntropy, Slot,
    SoftwareChip, SystemEntropy, aggregate, aggregate_keys, open_all,
};
use vrf_rfc9381::{
    Proof, Verifier,
    ec::p256::{EcVrfProof, tai::EcVrfP256TaiPublicKey},
};

/// A folder with one chip, `chip`, made from a seed.
fn seeded(seed: u8) -> (TempDir, SoftwareChip) {
    let dir = tempdir().expect("a temporary folder");
    let mut entropy = SeededEntropy::new([seed; 32]);
    let mut chip = SoftwareChip::create(&dir.path().join("chip"), "UT-1", 7, &mut entropy)
        .expect("an empty place");
    chip.create_vrf_key(&mut entropy).expect("the first VRF key");
    (dir, chip)
}

fn is_signed(chip: &SoftwareChip, digest: &[u8; 32], signature: &P256Signature) -> bool {
    let identity = chip.identity();
    let point = [&[4][..], identity.x.as_slice(), identity.y.as_slice()].concat();
    let key = VerifyingKey::from_sec1_bytes(&point).expect("an identity is a point");
    let signature = Signature::from_scalars(signature.r.0, signature.s.0).expect("in range");
    signature.normalize_s() == signature && key.verify_prehash(digest, &signature).is_ok()
}

fn is_bls_signed(key: &[u8; 48], msg: &[u8], dst: &[u8], signature: &[u8; 96]) -> bool {
    let key = PublicKey::key_validate(key).expect("a key in the group");
    let signature = BlsSignature::sig_validate(signature, true).expect("a point in the group");
    signature.verify(false, msg, dst, &[], &key, false) == BLST_SUCCESS
}

fn copy_file(from: &Path, to: &Path, name: &str) {
    fs::copy(from.join(name), to.join(name)).expect("the file is there");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn a_chip_opens_as_it_was_made() {
    let (dir, made) = seeded(1);

    let opened = SoftwareChip::open_read_only(&dir.path().join("chip")).expect("a chip");

    assert_eq!(opened.chip_id(), made.chip_id());
    assert_eq!(opened.identity(), made.identity());
    assert_eq!(opened.bls_key(), made.bls_key());
    assert_eq!(opened.vrf_key(), made.vrf_key());
    assert_eq!(opened.wrapped_keys(), made.wrapped_keys());
    assert_eq!((opened.serial(), opened.model()), ("UT-1", 7));
}

#[test]
fn the_id_is_the_one_everybody_computes() {
    let (_dir, chip) = seeded(1);
    let identity = chip.identity();

    assert_eq!(chip.chip_id(), utnet_primitives::chip_id(&identity.x, &identity.y));
}

#[test]
fn a_folder_is_burned_once() {
    let (dir, chip) = seeded(1);
    let before = chip.identity();

    let again = SoftwareChip::create(chip.dir(), "UT-2", 1, &mut SystemEntropy);

    assert!(matches!(again, Err(Fault::AlreadyBurned { .. })), "{again:?}");
    let opened = SoftwareChip::open(chip.dir()).expect("still the chip it was");
    assert_eq!(opened.identity(), before);
    assert_eq!(fs::read_dir(dir.path()).expect("lists").count(), 1, "no draft is left behind");
}

#[test]
fn a_folder_with_anything_in_it_is_not_burned() {
    let dir = tempdir().expect("a temporary folder");
    fs::write(dir.path().join("notes.txt"), "mine").expect("writes");

    let refused = SoftwareChip::create(dir.path(), "UT-1", 1, &mut SystemEntropy);

    assert!(matches!(refused, Err(Fault::AlreadyBurned { .. })), "{refused:?}");
    assert!(dir.path().join("notes.txt").exists());
}

#[test]
fn two_chips_share_nothing() {
    let (_one, one) = seeded(1);
    let (_two, two) = seeded(2);

    assert_ne!(one.chip_id(), two.chip_id());
    assert_ne!(one.bls_key(), two.bls_key());
    assert_ne!(one.vrf_key(), two.vrf_key());
}

#[test]
fn keys_do_not_open_under_the_key_of_another_chip() {
    let (_one, one) = seeded(1);
    let (_two, two) = seeded(2);
    copy_file(two.dir(), one.dir(), "efuse");

    let refused = SoftwareChip::open(one.dir());

    assert!(matches!(refused, Err(Fault::WrongChip { slot: Slot::Identity })), "{refused:?}");
}

#[test]
fn a_vrf_key_does_not_move_to_another_chip() {
    let (_one, one) = seeded(1);
    let (_two, two) = seeded(2);
    copy_file(two.dir(), one.dir(), "vrf.json");

    let refused = SoftwareChip::open(one.dir());

    assert!(matches!(refused, Err(Fault::WrongChip { slot: Slot::Vrf })), "{refused:?}");
}

#[test]
fn a_wrapped_key_in_another_keys_place_is_noticed() {
    let (_dir, chip) = seeded(1);
    let path = chip.dir().join("vrf.json");
    let wrapped = chip.wrapped_keys();
    let (vrf, identity) = (wrapped.vrf.expect("there is one"), wrapped.identity);
    let text = fs::read_to_string(&path).expect("reads");
    let text = text.replace(&hex::encode(vrf), &hex::encode(identity));
    fs::write(&path, text).expect("writes");

    let refused = SoftwareChip::open(chip.dir());

    assert!(matches!(refused, Err(Fault::KeyMismatch { slot: Slot::Vrf })), "{refused:?}");
}

#[test]
fn only_the_owner_may_read() {
    let (_dir, chip) = seeded(1);

    assert_eq!(mode(chip.dir()), 0o700);
    for name in ["efuse", "chip.json", "vrf.json"] {
        assert_eq!(mode(&chip.dir().join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let (_dir, chip) = seeded(1);
    let path = chip.dir().join("efuse");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("one's own file");

    let refused = SoftwareChip::open(chip.dir());

    assert!(matches!(refused, Err(Fault::Exposed { mode: 0o640, .. })), "{refused:?}");
}

#[test]
fn nothing_secret_is_in_a_debug_text_or_in_a_public_file() {
    let (_dir, chip) = seeded(1);
    let efuse = fs::read(chip.dir().join("efuse")).expect("reads");
    let shown = format!("{chip:?} {chip:#?} {:?}", SeededEntropy::new([1; 32]));
    let stored = ["chip.json", "vrf.json"]
        .map(|name| fs::read_to_string(chip.dir().join(name)).expect("reads"))
        .concat();
    let mut entropy = SeededEntropy::new([1; 32]);
    // S, the identity, the BLS key's material and the VRF key, as the chip drew them.
    let drawn = [16, 32, 32, 32].map(|length| {
        let mut bytes = vec![0; length];
        utnet_se::Entropy::fill(&mut entropy, &mut bytes).expect("never fails");
        bytes
    });
    assert_eq!(efuse, drawn[0], "the seed gives the bytes that were burned");

    for secret in drawn {
        let decimal = format!("{secret:?}");
        let decimal = decimal.trim_matches(['[', ']']);
        assert!(!shown.contains(decimal) && !shown.contains(&hex::encode(&secret)));
        assert!(!stored.contains(&hex::encode(&secret)));
    }
}

#[test]
fn a_chip_carries_one_vrf_key_ever() {
    let (_dir, mut chip) = seeded(1);
    let before = chip.vrf_key();

    let again = chip.create_vrf_key(&mut SystemEntropy);

    assert!(matches!(again, Err(Fault::VrfKeyExists)), "{again:?}");
    assert_eq!(SoftwareChip::open(chip.dir()).expect("a chip").vrf_key(), before);
}

#[test]
fn a_chip_without_a_vrf_key_does_not_draw() {
    let dir = tempdir().expect("a temporary folder");
    let chip = SoftwareChip::create(&dir.path().join("a"), "UT-1", 1, &mut SystemEntropy);
    let chip = chip.expect("an empty place");

    assert_eq!(chip.vrf_key(), None);
    assert!(matches!(chip.vrf_prove(b"alpha"), Err(Fault::NoVrfKey)));
    assert_eq!(chip.wrapped_keys().to_bytes().len(), 80);
}

#[test]
fn a_chip_open_for_reading_is_not_changed() {
    let dir = tempdir().expect("a temporary folder");
    let path = dir.path().join("a");
    SoftwareChip::create(&path, "UT-1", 1, &mut SystemEntropy).expect("an empty place");
    let mut chip = SoftwareChip::open_read_only(&path).expect("a chip");

    assert!(matches!(chip.create_vrf_key(&mut SystemEntropy), Err(Fault::ReadOnly)));
    assert!(!path.join("vrf.json").exists());
    assert!(chip.sign_digest(&[1; 32]).is_ok(), "it still signs");
}

#[test]
fn a_folder_of_chips_opens_in_the_order_of_names() {
    let dir = tempdir().expect("a temporary folder");
    for name in ["b", "a", "c"] {
        SoftwareChip::create(&dir.path().join(name), name, 1, &mut SystemEntropy).expect("made");
    }
    fs::write(dir.path().join("readme.txt"), "not a chip").expect("writes");
    fs::create_dir(dir.path().join(".d.1.tmp")).expect("what a crash leaves");

    let chips = open_all(dir.path()).expect("three chips");

    let serials: Vec<&str> = chips.iter().map(SecurityEngine::serial).collect();
    assert_eq!(serials, ["a", "b", "c"]);
}

#[test]
fn a_folder_that_is_gone_is_a_chip_that_is_absent() {
    let dir = tempdir().expect("a temporary folder");
    for name in ["a", "b"] {
        SoftwareChip::create(&dir.path().join(name), name, 1, &mut SystemEntropy).expect("made");
    }
    fs::remove_dir_all(dir.path().join("a")).expect("one's own folder");

    assert_eq!(open_all(dir.path()).expect("one chip").len(), 1);
}

#[test]
fn an_open_chip_whose_folder_goes_stops_signing() {
    let (_dir, chip) = seeded(1);
    assert!(chip.sign_digest(&[1; 32]).is_ok());

    fs::remove_dir_all(chip.dir()).expect("one's own folder");

    assert!(chip.sign_digest(&[1; 32]).is_err_and(|fault| fault.is_absence()));
    assert!(chip.bls_sign(b"epoch").is_err_and(|fault| fault.is_absence()));
    assert!(chip.bls_prove_possession(&[1; 32]).is_err_and(|fault| fault.is_absence()));
    assert!(chip.vrf_prove(b"alpha").is_err_and(|fault| fault.is_absence()));
}

#[test]
fn a_folder_with_another_chip_in_it_does_not_sign_for_the_first() {
    let (_one, one) = seeded(1);
    let (_two, two) = seeded(2);
    fs::remove_dir_all(one.dir()).expect("one's own folder");
    fs::rename(two.dir(), one.dir()).expect("one's own folders");

    let refused = one.sign_digest(&[1; 32]);

    assert!(matches!(refused, Err(Fault::WrongChip { .. })), "{refused:?}");
}

#[test]
fn a_folder_that_is_no_chip_says_what_is_missing() {
    let dir = tempdir().expect("a temporary folder");
    let refused = SoftwareChip::open(dir.path());
    assert!(matches!(refused, Err(Fault::NotAChip { missing: "chip.json", .. })), "{refused:?}");

    let (_other, chip) = seeded(1);
    fs::remove_file(chip.dir().join("efuse")).expect("one's own file");
    let refused = SoftwareChip::open(chip.dir());
    assert!(matches!(refused, Err(Fault::NotAChip { missing: "efuse", .. })), "{refused:?}");
}

#[test]
fn a_damaged_file_is_told_apart() {
    let (_dir, chip) = seeded(1);
    fs::write(chip.dir().join("chip.json"), "{}").expect("writes");
    assert!(matches!(
        SoftwareChip::open(chip.dir()),
        Err(Fault::Malformed { source: Some(_), .. })
    ));

    let (_dir, chip) = seeded(1);
    fs::write(chip.dir().join("efuse"), [1; 15]).expect("writes");
    assert!(matches!(SoftwareChip::open(chip.dir()), Err(Fault::Malformed { source: None, .. })));
}

#[test]
fn possession_is_bound_to_key_and_context() {
    let (_dir, chip) = seeded(1);
    let proof = chip.bls_prove_possession(&[5; 32]).expect("signs");

    let message = [&chip.bls_key()[..], &[5; 32]].concat();
    assert!(is_bls_signed(&chip.bls_key(), &message, POSSESSION_DST, &proof));
    assert!(!is_bls_signed(&chip.bls_key(), &message, SIGNATURE_DST, &proof));
    let elsewhere = [&chip.bls_key()[..], &[6; 32]].concat();
    assert!(!is_bls_signed(&chip.bls_key(), &elsewhere, POSSESSION_DST, &proof));
}

#[test]
fn the_aggregate_verifies_under_the_sum_of_keys() {
    let chips: Vec<_> = (1..=4).map(seeded).collect();
    let signatures: Vec<[u8; 96]> =
        chips.iter().map(|(_, chip)| chip.bls_sign(b"epoch").expect("signs")).collect();
    let keys: Vec<[u8; 48]> = chips.iter().map(|(_, chip)| chip.bls_key()).collect();

    let whole = aggregate(&signatures).expect("four signatures");
    let sum = aggregate_keys(&keys).expect("four keys");
    let without_one = aggregate_keys(&keys[1..]).expect("three keys");

    assert!(is_bls_signed(&sum, b"epoch", SIGNATURE_DST, &whole));
    assert!(!is_bls_signed(&without_one, b"epoch", SIGNATURE_DST, &whole));
}

#[test]
fn an_aggregate_of_nothing_or_of_no_points_is_refused() {
    assert!(matches!(aggregate(&[]), Err(Fault::NothingToAggregate)));
    assert!(matches!(aggregate_keys(&[]), Err(Fault::NothingToAggregate)));
    let (_dir, chip) = seeded(1);
    let good = chip.bls_sign(b"epoch").expect("signs");
    assert!(matches!(aggregate(&[good, [0; 96]]), Err(Fault::BadOperand { position: 1 })));
    assert!(matches!(aggregate_keys(&[[0; 48]]), Err(Fault::BadOperand { position: 0 })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_is_signed_verifies(seed: u8, digest: [u8; 32], msg in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (_dir, chip) = seeded(seed);

        let signature = chip.sign_digest(&digest).expect("signs");
        prop_assert!(is_signed(&chip, &digest, &signature));
        prop_assert!(!is_signed(&chip, &B256::from(digest).0.map(|byte| !byte), &signature));
        prop_assert_eq!(chip.sign_digest(&digest).expect("signs"), signature);

        let signature = chip.bls_sign(&msg).expect("signs");
        prop_assert!(is_bls_signed(&chip.bls_key(), &msg, SIGNATURE_DST, &signature));

        let drawn = chip.vrf_prove(&msg).expect("draws");
        let key = EcVrfP256TaiPublicKey::from_slice(&chip.vrf_key().expect("made")).expect("a key");
        let proof = EcVrfProof::decode_pi(&drawn.pi).expect("a proof");
        let beta: [u8; 32] = key.verify(&msg, proof).expect("holds").into();
        prop_assert_eq!(beta, drawn.beta);
        prop_assert_eq!(chip.vrf_prove(&msg).expect("draws"), drawn);
    }
}
