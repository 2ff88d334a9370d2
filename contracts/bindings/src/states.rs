//! Names the values of the contracts' enums, which the generated structs hold as `u8`.

macro_rules! state {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $value:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$vdoc])* $variant = $value),+
        }

        impl TryFrom<u8> for $name {
            type Error = OutOfRange;

            fn try_from(value: u8) -> Result<Self, OutOfRange> {
                match value {
                    $($value => Ok(Self::$variant),)+
                    _ => Err(OutOfRange { kind: stringify!($name), value }),
                }
            }
        }

        impl From<$name> for u8 {
            fn from(it: $name) -> Self {
                match it {
                    $($name::$variant => $value),+
                }
            }
        }
    };
}

/// A byte that names no value of a contract's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{value} is no {kind}")]
pub struct OutOfRange {
    /// The enum.
    pub kind: &'static str,
    /// The byte.
    pub value: u8,
}

state! {
    /// Where the dispute of an interval stands.
    DisputeState {
        /// There is none, or the last one is over.
        None = 0,
        /// The operator owes an answer.
        Open = 1,
        /// The renter may ask a committee.
        Contested = 2,
        /// A committee owes a verdict.
        Judging = 3,
    }
}

state! {
    /// How far an operator is in a round of the environment proof.
    AnswerState {
        /// It has no part in it.
        None = 0,
        /// It is bound to an answer.
        Committed = 1,
        /// Its answer is open.
        Revealed = 2,
    }
}

state! {
    /// Where a chip stands.
    ChipState {
        /// Never registered.
        None = 0,
        /// Registered in this epoch; counts from the next on.
        Pending = 1,
        /// Counts.
        Active = 2,
        /// Missed three epochs in a row.
        Suspended = 3,
        /// No power, still slashable.
        Exiting = 4,
        /// Bond free; may be registered again.
        Exited = 5,
        /// Slashed, for ever.
        Slashed = 6,
        /// Its vendor batch was revoked.
        Quarantined = 7,
    }
}
state! {
    /// What the court finds in a hand-over; every fault is the operator's.
    HandoverFault {
        /// An access, signed by the operator for this rental.
        None = 0,
        /// No access in canonical form.
        Malformed = 1,
        /// The signature is not the operator's over this access for this rental.
        NotSigned = 2,
    }
}
state! {
    /// Which side of the market an order is on.
    Side {
        /// Sells.
        Ask = 0,
        /// Buys.
        Bid = 1,
    }
}
state! {
    /// What an order is for.
    OrderKind {
        /// Machine time by the second (eq. 24).
        MachineTime = 0,
        /// Answered requests (eq. 25).
        Inference = 1,
    }
}
state! {
    /// Where a rental stands.
    RentalState {
        /// Unknown.
        None = 0,
        /// Money locked; the operator owes the hand-over.
        Open = 1,
        /// The renter owes an acknowledgement.
        HandedOver = 2,
        /// Time runs.
        Active = 3,
        /// Both owe a commitment to a rating.
        Ended = 4,
        /// Both committed, both owe the reveal.
        Revealing = 5,
        /// Paid.
        Settled = 6,
        /// Never started.
        Cancelled = 7,
    }
}
state! {
    /// How two results of one job are compared.
    Tolerance {
        /// Same bytes (WASM, integers).
        Exact = 0,
        /// Same bytes on the same kernels.
        Reproducible = 1,
        /// Within a declared distance.
        Approximate = 2,
    }
}
state! {
    /// Where a job stands.
    JobState {
        /// Unknown.
        None = 0,
        /// The worker owes a commitment.
        Open = 1,
        /// The worker owes the reveal.
        Committed = 2,
        /// Waits for a final batch.
        Revealed = 3,
        /// Paid to the worker.
        Paid = 4,
        /// Paid back to the client.
        Refunded = 5,
    }
}
state! {
    /// Where the dispute over a leaf stands.
    ChallengeState {
        /// None was made.
        None = 0,
        /// Before the committee.
        Open = 1,
        /// The committee agreed with the result.
        Upheld = 2,
        /// The committee found another result, or none was served: the leaf has fallen.
        Overturned = 3,
        /// No committee could say: the leaf has fallen without anybody's fault.
        Void = 4,
    }
}
state! {
    /// Where a request for a leaf's data stands.
    RequestState {
        /// None was made.
        None = 0,
        /// The poster owes the data.
        Open = 1,
        /// The data was served.
        Served = 2,
        /// The data was not served in time: the leaf has fallen.
        Lapsed = 3,
    }
}
state! {
    /// Where a committee's case stands.
    CaseState {
        /// Never asked.
        None = 0,
        /// Waits for the beacon that draws the members.
        Waiting = 1,
        /// Members owe commitments.
        Committing = 2,
        /// Members who committed owe the opening.
        Revealing = 3,
        /// A majority agrees; anybody may appeal.
        Ruled = 4,
        /// Over, with a verdict.
        Decided = 5,
        /// Over, without.
        Undecided = 6,
    }
}
state! {
    /// What a member of a committee has done.
    SeatState {
        /// Owes a commitment.
        Drawn = 0,
        /// Owes the opening.
        Committed = 1,
        /// Has opened its verdict.
        Revealed = 2,
        /// Was drawn while other seats held all its bonds.
        Busy = 3,
    }
}
state! {
    /// Where the sale of a dataset stands.
    SaleState {
        /// Unknown.
        None = 0,
        /// Money locked; the seller owes the key.
        Paid = 1,
        /// The buyer owes an acknowledgement.
        Delivered = 2,
        /// Paid to the seller.
        Settled = 3,
        /// Paid back to the buyer.
        Refunded = 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_out_of_range_is_an_error_with_the_byte_in_it() {
        assert_eq!(RentalState::try_from(8), Err(OutOfRange { kind: "RentalState", value: 8 }));
    }

    #[test]
    fn states_survive_the_way_through_a_byte() {
        for value in 0..=7 {
            assert_eq!(ChipState::try_from(value).map(u8::from), Ok(value));
        }
    }
}
