//! Opens and checks inbox messages with the wrong everything.

use super::*;
use alloy_signer_local::PrivateKeySigner;
use proptest::prelude::*;

fn escrow() -> Escrow {
    Escrow { chain_id: 31_337, address: Address::repeat_byte(0x55) }
}

fn rental() -> RentalId {
    RentalId(B256::repeat_byte(9))
}

fn key(byte: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).expect("in the group")
}

fn parties() -> Parties {
    Parties { renter: key(1).address(), operator: key(2).address() }
}

fn ratings(renter: &PrivateKeySigner, operator: &PrivateKeySigner) -> Ratings {
    let parts = RatingsParts {
        rental: rental(),
        renter_commitment: rating_commitment(rental(), renter.address(), 90, B256::ZERO),
        operator_commitment: rating_commitment(rental(), operator.address(), 80, B256::ZERO),
    };
    let domain = escrow().domain();
    Ratings {
        rental: parts.rental,
        renter_commitment: parts.renter_commitment,
        renter_signature: sign(&parts.renter_half(), &domain, renter).expect("in memory"),
        operator_commitment: parts.operator_commitment,
        operator_signature: sign(&parts.operator_half(), &domain, operator).expect("in memory"),
    }
}

fn messages() -> [InboxMessage; 4] {
    let word = |made: Result<RenterWord, SignError>| made.expect("in memory");
    [
        InboxMessage::Ratings(ratings(&key(1), &key(2))),
        InboxMessage::Acknowledge(word(RenterWord::acknowledge(&escrow(), rental(), &key(1)))),
        InboxMessage::End(word(RenterWord::end(&escrow(), rental(), &key(1)))),
        InboxMessage::Reveal(Reveal {
            rental: rental(),
            rater: key(2).address(),
            score: 80,
            salt: B256::ZERO,
        }),
    ]
}

#[test]
fn every_message_survives_sealing_and_passes_its_check() {
    let relayer = SecretKey::generate();
    for message in messages() {
        let sealed = seal_inbox(&message, &escrow(), &relayer.public()).expect("sealed");
        assert_eq!(open_inbox(&sealed, &escrow(), &relayer), Ok(message.clone()));
        assert_eq!(message.check(&escrow(), &parties()), Ok(()));
    }
}

#[test]
fn another_key_chain_or_escrow_opens_nothing() {
    let relayer = SecretKey::generate();
    let [message, ..] = messages();
    let sealed = seal_inbox(&message, &escrow(), &relayer.public()).expect("sealed");
    let elsewhere = Escrow { chain_id: 1, ..escrow() };
    let other_escrow = Escrow { address: Address::ZERO, ..escrow() };
    let stranger = SecretKey::generate();
    assert_eq!(open_inbox(&sealed, &elsewhere, &relayer), Err(OpenError::NotForUs));
    assert_eq!(open_inbox(&sealed, &other_escrow, &relayer), Err(OpenError::NotForUs));
    assert_eq!(open_inbox(&sealed, &escrow(), &stranger), Err(OpenError::NotForUs));
}

#[test]
fn a_half_signed_by_a_stranger_names_the_field() {
    let by_stranger = InboxMessage::Ratings(ratings(&key(1), &key(3)));
    let refused = by_stranger.check(&escrow(), &parties());
    assert!(matches!(refused, Err(Invalid::Signature { field: "operatorSignature", .. })));
}

#[test]
fn the_operators_half_holds_only_over_the_renters_half() {
    let mut swapped = ratings(&key(1), &key(2));
    let other = RatingsParts { renter_commitment: B256::ZERO, ..swapped.parts() };
    swapped.renter_commitment = B256::ZERO;
    swapped.renter_signature =
        sign(&other.renter_half(), &escrow().domain(), &key(1)).expect("in memory");
    let refused = InboxMessage::Ratings(swapped).check(&escrow(), &parties());
    assert!(matches!(refused, Err(Invalid::Signature { field: "operatorSignature", .. })));
}

#[test]
fn an_acknowledgement_cannot_end_a_rental() {
    let [_, acknowledge, ..] = messages();
    let InboxMessage::Acknowledge(word) = acknowledge else { panic!("the second message") };
    assert!(InboxMessage::End(word).check(&escrow(), &parties()).is_err());
}

#[test]
fn a_reveal_needs_a_party_and_a_score_in_range() {
    let reveal = |rater, score| {
        InboxMessage::Reveal(Reveal { rental: rental(), rater, score, salt: B256::ZERO })
            .check(&escrow(), &parties())
    };
    assert_eq!(reveal(key(1).address(), 0), Err(Invalid::Score { score: 0 }));
    assert_eq!(reveal(key(1).address(), 101), Err(Invalid::Score { score: 101 }));
    assert_eq!(reveal(Address::ZERO, 50), Err(Invalid::NotParty { rater: Address::ZERO }));
    assert_eq!(reveal(key(1).address(), 100), Ok(()));
}

#[test]
fn unknown_fields_and_versions_are_refused_by_name() {
    let relayer = SecretKey::generate();
    let open = |text: &str| {
        let (enc, ciphertext) = single_shot_seal::<AesGcm128, HkdfSha256, Kem>(
            &OpModeS::Base,
            relayer.public().as_hpke(),
            &escrow().inbox_info(),
            text.as_bytes(),
            &[],
        )
        .expect("sealed");
        let enc = Bytes::copy_from_slice(&enc.to_bytes());
        let sealed = Sealed { enc, ciphertext: ciphertext.into() };
        open_inbox(&sealed, &escrow(), &relayer).expect_err("refused").to_string()
    };
    let zero = B256::ZERO;
    let word = format!(r#""rental":"{zero}","signature":"0x""#);
    let with = |version: u32, extra: &str| {
        format!(r#"{{"version":{version},"message":{{"end":{{{word}{extra}}}}}}}"#)
    };
    assert!(open(&with(2, "")).contains("version"));
    assert!(open(&with(1, r#","tip":1"#)).contains("tip"));
    assert!(open(r#"{"version":1,"message":{"transfer":{}}}"#).contains("transfer"));
}

/// RFC 9180, appendix A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, first message.
#[test]
fn the_suite_gives_the_rfcs_answer() {
    let bytes = |text: &str| hex::decode(text).expect("hex");
    let secret = bytes("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2");
    let enc = bytes(concat!(
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9",
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    ));
    let ciphertext = bytes(concat!(
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f",
        "9076ac232e3ab2523f39513434",
    ));
    let text = single_shot_open::<AesGcm128, HkdfSha256, Kem>(
        &OpModeR::Base,
        &<Kem as hpke::Kem>::PrivateKey::from_bytes(&secret).expect("a scalar"),
        &<Kem as hpke::Kem>::EncappedKey::from_bytes(&enc).expect("a point"),
        b"Ode on a Grecian Urn",
        &ciphertext,
        b"Count-0",
    );
    assert_eq!(text.expect("opens"), b"Beauty is truth, truth beauty");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_bit_is_noticed(at in 0usize..5_000, bit in 0u8..8) {
        let relayer = SecretKey::generate();
        let [message, ..] = messages();
        let sealed = seal_inbox(&message, &escrow(), &relayer.public()).expect("sealed");
        let (mut enc, mut text) = (sealed.enc.to_vec(), sealed.ciphertext.to_vec());
        let place = at % (enc.len() + text.len());
        match place.checked_sub(enc.len()) {
            None => enc[place] ^= 1 << bit,
            Some(place) => text[place] ^= 1 << bit,
        }
        let spoilt = Sealed { enc: enc.into(), ciphertext: text.into() };
        prop_assert!(open_inbox(&spoilt, &escrow(), &relayer).is_err());
    }

    #[test]
    fn no_bytes_make_the_opener_panic(
        enc in proptest::collection::vec(any::<u8>(), 0..100),
        ciphertext in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let sealed = Sealed { enc: enc.into(), ciphertext: ciphertext.into() };
        prop_assert!(open_inbox(&sealed, &escrow(), &SecretKey::generate()).is_err());
    }
}
