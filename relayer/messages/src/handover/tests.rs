//! Opens hand-overs with the wrong everything.

use super::*;
use crate::MOST_CIPHERTEXT_BYTES;
use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;
use proptest::prelude::*;

struct Case {
    escrow: Escrow,
    rental: RentalId,
    operator: PrivateKeySigner,
    renter: SecretKey,
    sealed: Sealed,
}

fn access() -> Access {
    Access {
        url: "https://127.0.0.1:7443".to_owned(),
        cert_fingerprint: B256::repeat_byte(2),
        secret: B256::repeat_byte(3),
    }
}

fn case() -> Case {
    let escrow = Escrow { chain_id: 31_337, address: Address::repeat_byte(0x55) };
    let rental = RentalId(B256::repeat_byte(9));
    let operator = PrivateKeySigner::random();
    let renter = SecretKey::generate();
    let sealed = seal_handover(&access(), &escrow, rental, &operator, &renter.public())
        .expect("a short url");
    Case { escrow, rental, operator, renter, sealed }
}

impl Case {
    fn open(&self) -> Result<Access, OpenError> {
        let operator = self.operator.address();
        open_handover(&self.sealed, &self.escrow, self.rental, operator, &self.renter)
    }
}

#[test]
fn the_renter_gets_the_access_that_the_operator_sealed() {
    assert_eq!(case().open(), Ok(access()));
}

#[test]
fn another_key_rental_chain_or_escrow_opens_nothing() {
    let cases = [
        Case { renter: SecretKey::generate(), ..case() },
        Case { rental: RentalId(B256::ZERO), ..case() },
        Case { escrow: Escrow { chain_id: 1, ..case().escrow }, ..case() },
        Case { escrow: Escrow { address: Address::ZERO, ..case().escrow }, ..case() },
    ];
    for case in cases {
        assert_eq!(case.open(), Err(OpenError::NotForUs));
    }
}

#[test]
fn an_access_that_somebody_else_signed_is_refused() {
    let case = Case { operator: PrivateKeySigner::random(), ..case() };
    assert!(matches!(case.open(), Err(OpenError::BadSignature(_))));
}

#[test]
fn a_url_that_does_not_fit_is_refused_before_sealing() {
    let case = case();
    let access = Access { url: "x".repeat(MOST_CIPHERTEXT_BYTES), ..access() };
    let sealed =
        seal_handover(&access, &case.escrow, case.rental, &case.operator, &case.renter.public());
    assert!(matches!(sealed, Err(SealError::TooLong { .. })));
}

#[test]
fn a_url_that_is_none_is_refused_before_sealing_and_after_opening() {
    for url in ["", "https://a b", "https://\u{e4}", "https://a\n"] {
        let case = case();
        let access = Access { url: url.to_owned(), ..access() };
        let key = case.renter.public();
        let refused = seal_handover(&access, &case.escrow, case.rental, &case.operator, &key);
        assert!(matches!(refused, Err(SealError::BadUrl { .. })), "{url}");

        let message = Handover { rental: case.rental.0, accessHash: access.hash() };
        let signature = sign(&message, &case.escrow.domain(), &case.operator).expect("in memory");
        let text = encode(&access, signature);
        let sealed = seal_text(&text, &case.escrow, case.rental, &key).expect("short");
        let case = Case { sealed, ..case };
        assert_eq!(case.open(), Err(OpenError::NotForUs), "{url}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_short_url_survives(url in "[!-~]{1,500}", secret: [u8; 32]) {
        let case = case();
        let access = Access { url, cert_fingerprint: B256::ZERO, secret: secret.into() };
        let key = case.renter.public();
        let sealed = seal_handover(&access, &case.escrow, case.rental, &case.operator, &key);
        let case = Case { sealed: sealed.expect("short"), ..case };
        prop_assert_eq!(case.open(), Ok(access));
    }

    #[test]
    fn a_flipped_bit_is_noticed(at in 0usize..2_000, bit in 0u8..8) {
        let mut case = case();
        let (mut enc, mut text) = (case.sealed.enc.to_vec(), case.sealed.ciphertext.to_vec());
        let place = at % (enc.len() + text.len());
        match place.checked_sub(enc.len()) {
            None => enc[place] ^= 1 << bit,
            Some(place) => text[place] ^= 1 << bit,
        }
        case.sealed = Sealed { enc: enc.into(), ciphertext: text.into() };
        prop_assert!(case.open().is_err());
    }

    #[test]
    fn no_bytes_make_the_opener_panic(
        enc in proptest::collection::vec(any::<u8>(), 0..100),
        ciphertext in proptest::collection::vec(any::<u8>(), 0..1_200),
    ) {
        let case = Case { sealed: Sealed { enc: enc.into(), ciphertext: ciphertext.clone().into() }, ..case() };
        prop_assert!(case.open().is_err());
        prop_assert!(decode(&ciphertext).is_none());
    }
}
