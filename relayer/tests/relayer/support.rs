//! Plays the chain and the parties of one rental for the relayer's tests.

use alloy_primitives::{Address, B256, Bytes};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use std::sync::Arc;
use utnet_bindings::{
    RpoiEscrow::{Rental, rentalOfCall},
    states::RentalState,
};
use utnet_client::{
    CallRequest, ManualClock, Outbox,
    simulation::{Faults, RecordingChain},
    storage,
};
use utnet_messages::{
    Escrow, InboxMessage, PublicKey, Ratings, RatingsParts, RenterWord, Reveal, Sealed, SecretKey,
    rating_commitment, seal_inbox, sign,
};
use utnet_primitives::{RentalId, Seconds};
use utnet_relayer::{Relayer, Setup, inbox::Room};

/// Chain id of all tests.
pub(crate) const CHAIN_ID: u64 = 31_337;

/// A key that is the same in every run.
pub(crate) fn key(byte: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).expect("in the group")
}

/// The renter.
pub(crate) fn renter() -> PrivateKeySigner {
    key(1)
}

/// The operator.
pub(crate) fn operator() -> PrivateKeySigner {
    key(2)
}

/// The relayer's account.
pub(crate) fn account() -> PrivateKeySigner {
    key(3)
}

/// The escrow that everything is for.
pub(crate) fn escrow() -> Escrow {
    Escrow { chain_id: CHAIN_ID, address: Address::repeat_byte(0x55) }
}

/// A rental that the chain knows.
pub(crate) fn rental(number: u8) -> RentalId {
    RentalId(B256::with_last_byte(number))
}

/// A chain whose escrow knows rentals 1 to 99.
pub(crate) fn chain(faults: Faults) -> RecordingChain {
    let chain = RecordingChain::new(CHAIN_ID, faults);
    chain.answer_calls(answer);
    chain
}

/// Whether a call asks for a rental.
pub(crate) fn is_question(request: &CallRequest) -> bool {
    rentalOfCall::abi_decode(&request.input).is_ok()
}

/// The escrow's answers; everything that is no question would succeed.
pub(crate) fn answer(request: &CallRequest) -> Result<Bytes, String> {
    let Ok(call) = rentalOfCall::abi_decode(&request.input) else { return Ok(Bytes::new()) };
    let (id,): (B256,) = call.into();
    let is_known = id[..31] == [0; 31] && (1..100).contains(&id[31]);
    let known = || Rental {
        state: RentalState::Ended.into(),
        renter: renter().address(),
        operator: operator().address(),
        renterCommitment: rating_commitment(RentalId(id), renter().address(), 90, B256::ZERO),
        ..empty_rental()
    };
    let rental = if is_known { known() } else { empty_rental() };
    Ok(rentalOfCall::abi_encode_returns(&rental).into())
}

fn empty_rental() -> Rental {
    let zeros = vec![0; 32 * 32];
    rentalOfCall::abi_decode_returns(&zeros).expect("a static struct of at most 32 words")
}

/// The renter's word that ends a rental.
pub(crate) fn end(number: u8) -> InboxMessage {
    InboxMessage::End(RenterWord::end(&escrow(), rental(number), &renter()).expect("in memory"))
}

/// Opens the renter's commitment, rightly only with the score of 90.
pub(crate) fn reveal(number: u8, score: u8) -> InboxMessage {
    let (rental, rater) = (rental(number), renter().address());
    InboxMessage::Reveal(Reveal { rental, rater, score, salt: B256::ZERO })
}

/// Both halves of a rental's ratings.
pub(crate) fn ratings(number: u8, second: &PrivateKeySigner) -> InboxMessage {
    let (rental, domain) = (rental(number), escrow().domain());
    let parts = RatingsParts {
        rental,
        renter_commitment: rating_commitment(rental, renter().address(), 90, B256::ZERO),
        operator_commitment: rating_commitment(rental, second.address(), 80, B256::ZERO),
    };
    InboxMessage::Ratings(Ratings {
        rental,
        renter_commitment: parts.renter_commitment,
        renter_signature: sign(&parts.renter_half(), &domain, &renter()).expect("in memory"),
        operator_commitment: parts.operator_commitment,
        operator_signature: sign(&parts.operator_half(), &domain, second).expect("in memory"),
    })
}

/// A message sealed for the relayer.
pub(crate) fn sealed(message: &InboxMessage, relayer: &PublicKey) -> Sealed {
    seal_inbox(message, &escrow(), relayer).expect("sealed")
}

/// A relayer in memory; another one over the same outbox is the same relayer after a crash.
pub(crate) fn relayer(
    chain: &RecordingChain,
    clock: &ManualClock,
    secret: &SecretKey,
    outbox: &Outbox,
) -> Relayer<RecordingChain> {
    Relayer::new(Setup {
        chain: chain.clone(),
        escrow: escrow(),
        secret: secret.clone(),
        outbox: outbox.clone(),
        room: Room { waiting: 20, remembered: 3 },
        clock: Arc::new(clock.clone()),
    })
    .expect("in memory")
}

/// An empty outbox of the relayer's account.
pub(crate) fn outbox() -> Outbox {
    let db = storage::in_memory().expect("in memory");
    Outbox::open(db, account().address()).expect("in memory")
}

/// A clock that stands at some second.
pub(crate) fn clock() -> ManualClock {
    ManualClock::at(Seconds(1_000))
}

/// An http client. reqwest asks for a TLS provider even for plain http; only the first one is installed.
pub(crate) fn client() -> reqwest::Client {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    reqwest::Client::new()
}
