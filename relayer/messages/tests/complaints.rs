//! Writes the known answers that the court's tests in Solidity and those of the precompile read:
//! `test/vectors/handovers.json`. Faults are those that opening by `hpke` finds.

use alloy_primitives::{Address, B256, Bytes, U256, address, b256, hex, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolValue as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};
use utnet_bindings::states::HandoverFault;
use utnet_messages::{
    Access, Escrow, Handover, OpenError, Sealed, SecretKey, complain, decipher, open_handover,
    prove_shared_point, sign,
};
use utnet_primitives::RentalId;

const ESCROW: Escrow =
    Escrow { chain_id: 31_337, address: address!("0x0000000000000000000000000000000000555416") };

/// Bytes that are a function of a label.
fn seeded(label: &str) -> [u8; 32] {
    Sha256::digest(label).into()
}

fn operator() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&seeded("operator").into()).expect("in the group")
}

fn renter() -> SecretKey {
    key("renter")
}

/// A sealing key that is a function of a label: keys of the system's randomness come from files only.
fn key(label: &str) -> SecretKey {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    fs::write(&path, hex::encode(seeded(label))).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("one's own file");
    SecretKey::load(&path).expect("below the order, and not zero")
}

fn encode(access: &Access, signature: Bytes) -> Vec<u8> {
    (access.url.as_str(), access.cert_fingerprint, access.secret, signature).abi_encode_params()
}

fn access(i: usize) -> Access {
    Access {
        url: format!("https://worker-{i}.example:7443/{}", "path/".repeat(i % 7)),
        cert_fingerprint: seeded(&format!("certificate {i}")).into(),
        secret: seeded(&format!("secret {i}")).into(),
    }
}

fn rental(i: usize) -> RentalId {
    RentalId(seeded(&format!("rental {i}")).into())
}

fn signature(access: &Access, rental: RentalId, signer: &PrivateKeySigner) -> Bytes {
    let message = Handover { rental: rental.0, accessHash: access.hash() };
    sign(&message, &ESCROW.domain(), signer).expect("in memory")
}

/// What a good operator seals.
fn good(i: usize) -> Vec<u8> {
    encode(&access(i), signature(&access(i), rental(i), &operator()))
}

/// Texts by name; the number says whose rental they are for.
fn texts() -> Vec<(String, usize, Vec<u8>)> {
    let mut texts = Vec::new();
    let mut add = |name: String, i: usize, text: Vec<u8>| texts.push((name, i, text));
    for i in 0..6 {
        add("good".to_owned(), i, good(i));
    }
    add("signed for another rental".to_owned(), 6, good(7));
    let stranger = PrivateKeySigner::from_bytes(&seeded("stranger").into()).expect("in the group");
    add(
        "signed by another".to_owned(),
        7,
        encode(&access(7), signature(&access(7), rental(7), &stranger)),
    );
    for (name, change) in changed_signatures() {
        let signed = signature(&access(8), rental(8), &operator());
        add(format!("signature {name}"), 8, encode(&access(8), change(&signed)));
    }
    for url in ["", "https://a b", "https://a\u{7f}", "https://\u{e4}", "https://a\0", "~!"] {
        let access = Access { url: url.to_owned(), ..access(9) };
        let signature = signature(&access, rental(9), &operator());
        add(format!("url {url:?}"), 9, encode(&access, signature));
    }
    for i in 0..24 {
        let mut text = good(10);
        let [high, low, ..] = seeded(&format!("place {i}"));
        let place = usize::from(u16::from_be_bytes([high, low])) % text.len();
        text[place] ^= 1 << (i % 8);
        add(format!("bit flipped in byte {place}"), 10, text);
    }
    for length in [1, 32, 159, 160, 191, 192, 352] {
        let mut text = good(11);
        text.truncate(length);
        add(format!("cut to {length} bytes"), 11, text);
    }
    add("a byte longer".to_owned(), 11, [good(11), vec![0]].concat());
    add("a word longer".to_owned(), 11, [good(11), vec![0; 32]].concat());
    for word in [U256::ZERO, U256::from(31), U256::from(128), U256::ONE << 255, U256::MAX] {
        add(format!("all words {word:#x}"), 12, word.to_be_bytes::<32>().repeat(9));
    }
    for i in 0..8 {
        let text: Vec<u8> = (0..=i * 3).flat_map(|j| seeded(&format!("noise {i} {j}"))).collect();
        add(format!("{} bytes of noise", text.len()), 13, text);
    }
    let longest = Access { url: "x".repeat(736), ..access(14) };
    add("as long as the escrow takes".to_owned(), 14, {
        encode(&longest, signature(&longest, rental(14), &operator()))
    });
    texts
}

type Change = fn(&Bytes) -> Bytes;

fn changed_signatures() -> [(&'static str, Change); 6] {
    [
        ("none", |_| Bytes::new()),
        ("without v", |signature| signature.slice(..64)),
        ("a byte longer", |signature| [&signature[..], &[0]].concat().into()),
        ("with v 0 or 1", |signature| {
            let mut changed = signature.to_vec();
            changed[64] -= 27;
            changed.into()
        }),
        ("mirrored, s high", |signature| {
            let order = b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
            let s = U256::from_be_bytes(order.0) - U256::from_be_slice(&signature[32..64]);
            [&signature[..32], &s.to_be_bytes::<32>(), &[55 - signature[64]]].concat().into()
        }),
        ("all zero", |_| vec![0; 65].into()),
    ]
}

fn record((number, (name, i, text)): (usize, (String, usize, Vec<u8>))) -> Value {
    let enc = key(&format!("ephemeral {number}")).public().to_bytes();
    let plain = Sealed { enc, ciphertext: text.into() };
    let ciphertext = decipher(&plain, &ESCROW, rental(i), &renter()).expect("short").to_vec();
    let sealed = Sealed { ciphertext: ciphertext.into(), ..plain };
    let opened = open_handover(&sealed, &ESCROW, rental(i), operator().address(), &renter());
    let fault = match opened.as_ref().map_err(OpenError::fault) {
        Ok(_) => "None",
        Err(Some(HandoverFault::Malformed)) => "Malformed",
        Err(Some(HandoverFault::NotSigned)) => "NotSigned",
        Err(Some(HandoverFault::None) | None) => {
            unreachable!("{name}: the escrow would not take it")
        }
    };
    let complaint = complain(&sealed, &ESCROW, rental(i), &renter()).expect("a point");
    json!({
        "name": name,
        "rental": rental(i),
        "enc": complaint.enc,
        "ciphertext": complaint.ciphertext,
        "parity": complaint.shared.parity[0],
        "x": complaint.shared.x,
        "challenge": complaint.proof.challenge,
        "response": complaint.proof.response,
        "fault": fault,
    })
}

#[test]
fn the_known_answers_are_up_to_date() {
    let cases: Vec<Value> = texts().into_iter().enumerate().map(record).collect();
    for fault in ["None", "Malformed", "NotSigned"] {
        assert!(cases.iter().filter(|case| case["fault"] == fault).count() > 6, "{fault}");
    }
    let file = json!({
        "chainId": ESCROW.chain_id,
        "escrow": ESCROW.address,
        "operator": operator().address(),
        "renterKey": renter().public(),
        "cases": cases,
    });
    let built = serde_json::to_string_pretty(&file).expect("plain values") + "\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test/vectors/handovers.json");
    if built != fs::read_to_string(path).unwrap_or_default() {
        let left = std::env::temp_dir().join("handovers.json");
        fs::write(&left, built).expect("the temporary folder takes files");
        panic!("test/vectors/handovers.json is out of date: review {}", left.display());
    }
}

#[test]
fn a_complaint_names_what_was_handed_over() {
    let enc = key("ephemeral").public().to_bytes();
    let sealed = Sealed { enc, ciphertext: vec![7; 100].into() };

    let complaint = complain(&sealed, &ESCROW, rental(0), &renter()).expect("a point");

    assert_eq!(complaint.rental, rental(0).0);
    assert_eq!((&complaint.enc, &complaint.ciphertext), (&sealed.enc, &sealed.ciphertext));
    assert_eq!(keccak256(&complaint.renterKey), renter().public().hash());
}

#[test]
fn a_proof_is_the_same_again_and_another_for_another_rental() {
    let other = key("ephemeral").public();
    let prove = |context: B256| prove_shared_point(&renter(), &other, context);

    assert_eq!(prove(B256::ZERO), prove(B256::ZERO));
    let (one, two) = (prove(B256::ZERO), prove(B256::repeat_byte(1)));
    assert_eq!(one.point, two.point);
    assert_ne!(one.challenge, two.challenge);
    assert_ne!(one.response, two.response);
}

#[test]
fn both_keys_share_one_point() {
    let other = key("other");
    let here = prove_shared_point(&renter(), &other.public(), B256::ZERO);
    let there = prove_shared_point(&other, &renter().public(), B256::ZERO);
    assert_eq!(here.point, there.point);
}

#[test]
fn no_point_is_no_complaint() {
    let sealed = Sealed { enc: vec![4].into(), ciphertext: Bytes::new() };

    assert!(complain(&sealed, &ESCROW, rental(0), &renter()).is_err());
    let refused =
        open_handover(&sealed, &ESCROW, rental(0), Address::ZERO, &renter()).expect_err("no point");
    assert_eq!(refused.fault(), None, "no escrow has taken it");
}
