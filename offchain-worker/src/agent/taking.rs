//! Says which jobs are taken: anybody may open one that names this operator, and would have it computed for nothing.

use crate::records::RentalRecord;
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

    /// Whether a job is of a rental of ours, or under an order of ours, or well paid.
    pub(super) fn is_taken(
        &mut self,
        transaction: Option<B256>,
        spec: &JobSpec,
        rental: Option<&RentalRecord>,
    ) -> bool {
        let is_rented = rental.is_some_and(|it| it.renter == spec.client && it.closed_at.is_none());
        if is_rented || spec.price >= self.least_price {
            return true;
        }
        let (filled_in, units) = &mut self.filled;
        if *filled_in != transaction || *units == 0 {
            return false;
        }
        *units -= 1;
        true
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
        assert!(!offers().is_taken(HERE, &job(0), None));
        assert!(!offers().is_taken(HERE, &job(9), None));
        assert!(offers().is_taken(HERE, &job(10), None));
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
        assert!(offers().is_taken(HERE, &job(0), Some(&rental)));
        let others = RentalRecord { renter: OPERATOR, ..rental.clone() };
        assert!(!offers().is_taken(HERE, &job(0), Some(&others)));
        let closed = RentalRecord { closed_at: Some(Seconds(1)), ..rental };
        assert!(!offers().is_taken(HERE, &job(0), Some(&closed)));
    }

    #[test]
    fn each_unit_of_our_order_is_one_job_of_the_same_transaction() {
        let mut offers = offers();
        offers.note(HERE, &filled(OPERATOR, 2));
        offers.note(HERE, &filled(CLIENT, 9));
        assert!(!offers.is_taken(ELSEWHERE, &job(0), None));
        assert!(offers.is_taken(HERE, &job(0), None));
        assert!(offers.is_taken(HERE, &job(0), None));
        assert!(!offers.is_taken(HERE, &job(0), None));
    }

    #[test]
    fn what_others_sell_is_not_our_offer() {
        let mut offers = offers();
        offers.note(HERE, &filled(CLIENT, 1));
        assert!(!offers.is_taken(HERE, &job(0), None));
    }
}
