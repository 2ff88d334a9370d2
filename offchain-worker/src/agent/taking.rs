//! Says which jobs are taken: anybody may open one that names this operator, and would have it computed for nothing.

use crate::records::{RentalRecord, Terms};
use alloy_primitives::{Address, B256};
use utnet_bindings::{OrderBook::OrderFilled, signed::JobSpec};

/// What was agreed on in one block, and from which price on a stranger's job is taken.
#[derive(Debug)]
pub(super) struct Offers {
    operator: Address,
    least_price: u128,
    /// The transaction in which orders of ours were filled last, and the units that are left.
    filled: (Option<B256>, u32),
}

impl Offers {
    pub(super) const fn new(operator: Address, least_price: u128) -> Self {
        Self { operator, least_price, filled: (None, 0) }
    }

    /// Notes that an order was filled: each unit of ours is one job that the same transaction opens.
    pub(super) fn note(&mut self, transaction: Option<B256>, event: &OrderFilled) {
        if event.maker == self.operator {
            self.filled = (transaction, event.units);
        }
    }

    /// Notes that a rental of ours was opened: what its transaction filled last was for chips.
    pub(super) fn note_rental(&mut self, transaction: Option<B256>) {
        if self.filled.0 == transaction {
            self.filled.1 = 0;
        }
    }

    /// On which terms a job is taken, if it is: under an order of ours, or well paid, or else as one of a rental of ours.
    pub(super) fn terms_of(
        &mut self,
        transaction: Option<B256>,
        spec: &JobSpec,
        rental: Option<&RentalRecord>,
    ) -> Option<Terms> {
        let is_ordered = self.take_unit(transaction);
        if is_ordered || spec.price >= self.least_price {
            return Some(Terms::Job);
        }
        let is_rented = rental.is_some_and(|it| it.renter == spec.client && it.closed_at.is_none());
        is_rented.then_some(Terms::Rental)
    }

    /// A unit is for the next job of its transaction, whatever that one pays: else well paid ones would leave it to others.
    fn take_unit(&mut self, transaction: Option<B256>) -> bool {
        let (filled_in, units) = &mut self.filled;
        let is_left = *filled_in == transaction && *units > 0;
        if is_left {
            *units -= 1;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Bytes;
    use utnet_primitives::{RentalId, Seconds};

    const OPERATOR: Address = Address::repeat_byte(1);
    const CLIENT: Address = Address::repeat_byte(2);
    const HERE: Option<B256> = Some(B256::repeat_byte(3));
    const ELSEWHERE: Option<B256> = Some(B256::repeat_byte(4));

    fn offers() -> Offers {
        Offers::new(OPERATOR, 10)
    }

    fn job(price: u128) -> JobSpec {
        JobSpec { client: CLIENT, worker: OPERATOR, price, ..crate::testing::spec() }
    }

    fn filled(maker: Address, units: u32) -> OrderFilled {
        OrderFilled { order: B256::ZERO, maker, units, filled: units }
    }

    #[test]
    fn a_strangers_job_is_taken_only_if_it_pays() {
        assert_eq!(offers().terms_of(HERE, &job(0), None), None);
        assert_eq!(offers().terms_of(HERE, &job(9), None), None);
        assert_eq!(offers().terms_of(HERE, &job(10), None), Some(Terms::Job));
    }

    #[test]
    fn a_renters_job_is_taken_at_any_price_until_the_rental_is_closed() {
        let rental = RentalRecord {
            id: RentalId::default(),
            renter: CLIENT,
            renter_key: Bytes::new(),
            secret: None,
            closed_at: None,
        };
        assert_eq!(offers().terms_of(HERE, &job(0), Some(&rental)), Some(Terms::Rental));
        assert_eq!(offers().terms_of(HERE, &job(10), Some(&rental)), Some(Terms::Job));
        let others = RentalRecord { renter: OPERATOR, ..rental.clone() };
        assert_eq!(offers().terms_of(HERE, &job(0), Some(&others)), None);
        let closed = RentalRecord { closed_at: Some(Seconds(1)), ..rental };
        assert_eq!(offers().terms_of(HERE, &job(0), Some(&closed)), None);
    }

    #[test]
    fn each_unit_of_our_order_is_one_job_of_the_same_transaction() {
        let mut offers = offers();
        offers.note(HERE, &filled(OPERATOR, 2));
        offers.note(HERE, &filled(CLIENT, 9));
        assert_eq!(offers.terms_of(ELSEWHERE, &job(0), None), None);
        assert_eq!(offers.terms_of(HERE, &job(0), None), Some(Terms::Job));
        assert_eq!(offers.terms_of(HERE, &job(0), None), Some(Terms::Job));
        assert_eq!(offers.terms_of(HERE, &job(0), None), None);
    }

    /// Jobs at the price used to leave their units to as many more, for nothing.
    #[test]
    fn a_unit_is_taken_by_a_well_paid_job_too() {
        let mut offers = offers();
        offers.note(HERE, &filled(OPERATOR, 2));
        assert_eq!(offers.terms_of(HERE, &job(10), None), Some(Terms::Job));
        assert_eq!(offers.terms_of(HERE, &job(0), None), Some(Terms::Job));
        assert_eq!(offers.terms_of(HERE, &job(0), None), None);
    }

    #[test]
    fn what_others_sell_is_not_our_offer() {
        let mut offers = offers();
        offers.note(HERE, &filled(CLIENT, 1));
        assert_eq!(offers.terms_of(HERE, &job(0), None), None);
    }

    #[test]
    fn units_of_a_rental_are_chips_and_no_jobs() {
        let mut offers = offers();
        offers.note(HERE, &filled(OPERATOR, 1));
        offers.note_rental(HERE);
        assert_eq!(offers.terms_of(HERE, &job(0), None), None);
    }
}
