//! Stands for the escrow and the court of intervals: one operator, its renters.

use super::{World, log, operator};
use crate::rounds::view;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, Uint};
use alloy_sol_types::SolCall;
use std::collections::BTreeMap;
use utnet_bindings::{
    IntervalCourt, PociRegistry, RpoiEscrow,
    states::{DisputeState, RentalState},
};
use utnet_client::simulation::Executed;
use utnet_messages::{PublicKey, rating_commitment};
use utnet_primitives::{RentalId, Seconds};
use utnet_worker::agent::Home;

/// Bond of each side of a dispute, in wei.
pub(crate) const RATING_BOND: u128 = 1_000;

/// Seconds in which each side must move.
const ANSWER: u64 = 200;

struct Rental {
    state: RentalState,
    handover: Option<(Bytes, Bytes)>,
    commitment: B256,
    score: u8,
}

/// The dispute of a rental.
#[derive(Default)]
struct Dispute {
    state: u8,
    from: u64,
    to: u64,
    deadline: u64,
    made_at: u64,
    made_in: u64,
}

/// All rentals, and what is disputed of them.
#[derive(Default)]
pub(super) struct Rentals {
    all: BTreeMap<B256, Rental>,
    disputes: BTreeMap<B256, Dispute>,
    /// Of chips that miss whatever they are asked about: after how many epochs that is known.
    known_after: Option<u64>,
}

impl Rentals {
    /// Answers about what was opened; of other rentals nothing can be told.
    pub(super) fn answer(&self, input: &[u8], epoch: u64) -> Option<Bytes> {
        let id = input.get(4..36).map(B256::from_slice)?;
        if PociRegistry::missesInCall::abi_decode(input).is_ok() {
            return view::<PociRegistry::missesInCall>(input, |call| {
                let Some(after) = self.known_after else { return 0 };
                let missed = call.firstEpoch..=call.lastEpoch;
                u64::try_from(missed.filter(|missed| missed + after <= epoch).count()).expect("few")
            });
        }
        self.all.contains_key(&id).then_some(())?;
        view::<RpoiEscrow::rentalOfCall>(input, |call| self.rental(&call.id))
            .or_else(|| {
                view::<RpoiEscrow::stateOfCall>(input, |call| self.all[&call.rental].state.into())
            })
            .or_else(|| view::<RpoiEscrow::chipsOfCall>(input, |_| vec![B256::repeat_byte(3)]))
            .or_else(|| {
                view::<IntervalCourt::disputeOfCall>(input, |call| self.dispute(&call.rental))
            })
    }

    fn dispute(&self, id: &B256) -> IntervalCourt::Dispute {
        let none = Dispute::default();
        let kept = self.disputes.get(id).unwrap_or(&none);
        IntervalCourt::Dispute {
            state: kept.state,
            fromSecond: Uint::from(kept.from),
            toSecond: Uint::from(kept.to),
            deadline: Uint::from(kept.deadline),
            bond: Uint::from(RATING_BOND),
            madeIn: u32::try_from(kept.made_in).expect("early"),
            madeAt: Uint::from(kept.made_at),
        }
    }

    fn rental(&self, id: &B256) -> RpoiEscrow::Rental {
        let rental = &self.all[id];
        RpoiEscrow::Rental {
            state: rental.state.into(),
            renter: Address::repeat_byte(9),
            operator: operator().address(),
            chips: 1,
            token: Address::ZERO,
            deposit: 1,
            rent: 1,
            operatorBond: 0,
            ratingBond: 0,
            duration: 100,
            mostDuration: 100,
            startedAt: 0,
            endedAt: 0,
            deadline: 0,
            renterCommitment: B256::ZERO,
            operatorCommitment: rental.commitment,
            renterScore: 0,
            operatorScore: rental.score,
            handoverHash: B256::ZERO,
            payer: Address::ZERO,
            firstEpoch: 0,
            frozen: 0,
            forgiven: 0,
        }
    }

    /// What escrow and court would do; what they would refuse makes the test fail.
    pub(super) fn apply(&mut self, executed: &Executed, home: Home, now: u64) {
        if executed.to == TxKind::Call(home.court) {
            self.apply_to_dispute(executed, now);
        } else {
            self.apply_to_rental(&executed.input);
        }
    }

    fn apply_to_dispute(&mut self, executed: &Executed, now: u64) {
        if let Ok(call) = IntervalCourt::contestCall::abi_decode(&executed.input) {
            let kept = self.disputes.get_mut(&call.rental).expect("disputed");
            assert_eq!(kept.state, u8::from(DisputeState::Open), "contested twice");
            assert_eq!(executed.value, U256::from(RATING_BOND), "another bond");
            assert!(now <= kept.deadline, "too late");
            (kept.state, kept.deadline) = (DisputeState::Contested.into(), now + ANSWER);
        } else if let Ok(call) = IntervalCourt::pokeCall::abi_decode(&executed.input) {
            let kept = self.disputes.get_mut(&call.rental).expect("disputed");
            assert_eq!(kept.state, u8::from(DisputeState::Contested), "poked twice");
            assert!(now > kept.deadline, "too early");
            kept.state = DisputeState::None.into();
        }
    }

    fn apply_to_rental(&mut self, input: &[u8]) {
        if let Ok(call) = RpoiEscrow::commitHandoverCall::abi_decode(input) {
            let rental = self.all.get_mut(&call.rental).expect("opened");
            assert!(rental.handover.is_none(), "handed over twice");
            rental.handover = Some((call.enc, call.ciphertext));
            rental.state = RentalState::HandedOver;
        } else if let Ok(call) = RpoiEscrow::commitRatingCall::abi_decode(input) {
            self.all.get_mut(&call.rental).expect("opened").commitment = call.commitment;
        } else if let Ok(call) = RpoiEscrow::revealCall::abi_decode(input) {
            let rental = self.all.get_mut(&call.rental).expect("opened");
            let found = rating_commitment(RentalId(call.rental), call.rater, call.score, call.salt);
            assert_eq!(found, rental.commitment, "another rating");
            rental.score = call.score;
        }
    }
}

impl World {
    pub(crate) fn open_rental(&self, key: &PublicKey) -> RentalId {
        let id = RentalId(B256::repeat_byte(5));
        self.announce(id, key);
        let rental =
            Rental { state: RentalState::Open, handover: None, commitment: B256::ZERO, score: 0 };
        self.locked().rentals.all.insert(id.0, rental);
        id
    }

    pub(crate) fn set_rental(&self, id: RentalId, state: RentalState) {
        self.locked().rentals.all.get_mut(&id.0).expect("opened").state = state;
    }

    pub(crate) fn handover(&self, id: RentalId) -> Option<(Bytes, Bytes)> {
        self.locked().rentals.all[&id.0].handover.clone()
    }

    pub(crate) fn commitment(&self, id: RentalId) -> B256 {
        self.locked().rentals.all[&id.0].commitment
    }

    pub(crate) fn score(&self, id: RentalId) -> u8 {
        self.locked().rentals.all[&id.0].score
    }

    /// Announces a rental; until it is opened nothing can be told of it.
    pub(crate) fn announce(&self, id: RentalId, key: &PublicKey) {
        let event = RpoiEscrow::RentalOpened {
            rental: id.0,
            renter: Address::repeat_byte(9),
            operator: self.home.operator,
            chips: Vec::new(),
            duration: 100,
            deposit: 1,
            rent: 1,
            token: Address::ZERO,
            renterKey: key.to_bytes().to_vec().into(),
            handoverDeadline: 1_000,
        };
        self.chain.emit(log(self.home.escrow, &event));
    }

    /// Disputes an interval of a rental.
    pub(crate) fn dispute(&self, id: RentalId, from: Seconds, to: Seconds) {
        let (made_at, made_in) = {
            let contracts = self.locked();
            (contracts.now, contracts.rounds.epoch())
        };
        let deadline = made_at + ANSWER;
        let event = IntervalCourt::IntervalDisputed {
            rental: id.0,
            fromSecond: from.0,
            toSecond: to.0,
            amount: 1,
            bond: RATING_BOND,
            deadline,
            evidence: Bytes::new(),
        };
        self.chain.emit(log(self.home.court, &event));
        let state = DisputeState::Open.into();
        let dispute = Dispute { state, from: from.0, to: to.0, deadline, made_at, made_in };
        self.locked().rentals.disputes.insert(id.0, dispute);
    }

    pub(crate) fn dispute_state(&self, id: RentalId) -> DisputeState {
        DisputeState::try_from(self.locked().rentals.disputes[&id.0].state).expect("a state")
    }

    /// From now on the registry says, so many epochs later, that every chip missed every epoch.
    pub(crate) fn lose_chips(&self, known_after: u64) {
        self.locked().rentals.known_after = Some(known_after);
    }
}
