//! Decides what is done about an interval in which a renter says that the machine was not there: silence agrees.

use crate::records::IntervalRecord;
use utnet_bindings::states::DisputeState;
use utnet_primitives::{Epoch, Seconds};

/// What was seen of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where the rental's latest dispute stands.
    pub state: DisputeState,
    /// First second of the rental's latest dispute.
    pub from: Seconds,
    /// When that was made.
    pub made_at: Seconds,
    /// Last second, inclusive, of what the state waits for.
    pub deadline: Seconds,
    /// Chain time.
    pub now: Seconds,
    /// Who would win.
    pub odds: Odds,
}

impl Seen {
    /// Whether half of the answer time is left: what is sent then is on the chain in time.
    const fn has_time(&self) -> bool {
        let spent = self.now.0.saturating_sub(self.made_at.0);
        spent < self.deadline.0.saturating_sub(self.now.0)
    }
}

/// What a contradiction would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odds {
    /// The registry knows that no chip was there: the bond would be lost.
    OnRecord,
    /// It may still come to know it.
    Unknown,
    /// The operator cannot pay the bond.
    Unpayable,
    /// It does not and will not know it, and the bond is there.
    Good,
}

/// What a dispute needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// `contest`.
    Contest,
    /// A person: the bond is not there, and the deadline runs.
    CallForHelp,
    /// `poke`: the renter, or its committee, is late.
    Poke,
    /// Nothing, ever.
    Close(&'static str),
}

/// The next step of one dispute.
pub fn next_step(record: &IntervalRecord, seen: &Seen) -> Step {
    if record.outcome.is_some() {
        return Step::Wait;
    }
    if seen.from < record.from {
        // The node is behind, or the dispute was taken back with its block.
        let is_gone = seen.now > record.deadline;
        return if is_gone { Step::Close("never was") } else { Step::Wait };
    }
    let is_late = seen.now > seen.deadline;
    match seen.state {
        _ if seen.from > record.from => Step::Close("over"),
        DisputeState::None => Step::Close("over"),
        DisputeState::Open if is_late => Step::Close("not contradicted"),
        DisputeState::Open => match seen.odds {
            Odds::OnRecord => Step::Wait,
            Odds::Unknown if seen.has_time() => Step::Wait,
            Odds::Unknown | Odds::Good => Step::Contest,
            Odds::Unpayable if record.is_told => Step::Wait,
            Odds::Unpayable => Step::CallForHelp,
        },
        DisputeState::Contested | DisputeState::Judging if is_late => Step::Poke,
        DisputeState::Contested | DisputeState::Judging => Step::Wait,
    }
}

/// The line on which `IntervalCourt` turns seconds into epochs: from the rental's start to the dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// When the use began.
    pub start: Seconds,
    /// The epoch in which it began.
    pub first: Epoch,
    /// When the dispute was made.
    pub made_at: Seconds,
    /// The epoch in which it was made.
    pub made_in: Epoch,
}

impl Line {
    /// The first and the last epoch that an interval may touch, as the court finds them: the line is early by one
    /// at most where blocks came evenly.
    pub fn epochs_of(&self, interval: &IntervalRecord) -> (Epoch, Epoch) {
        let last = self.epoch_at(interval.to.saturating_sub(Seconds(1))).0.saturating_add(1);
        (self.epoch_at(interval.from), Epoch(last.min(self.made_in.0)))
    }

    /// The epoch of a second, rounded down as the court does.
    fn epoch_at(&self, second: Seconds) -> Epoch {
        let passed = u128::from(self.made_at.0.saturating_sub(self.start.0));
        let epochs = u128::from(self.made_in.0.saturating_sub(self.first.0));
        let into = u128::from(second.0.saturating_sub(self.start.0));
        let whole = epochs.saturating_mul(into).checked_div(passed).unwrap_or_default();
        Epoch(self.first.0.saturating_add(u64::try_from(whole).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;
    use utnet_primitives::RentalId;

    fn record() -> IntervalRecord {
        IntervalRecord {
            rental: RentalId::default(),
            from: Seconds(100),
            to: Seconds(110),
            bond: U256::from(5),
            deadline: Seconds(150),
            is_told: false,
            outcome: None,
            noted_at: Seconds(120),
        }
    }

    const OPEN: Seen = Seen {
        state: DisputeState::Open,
        from: Seconds(100),
        made_at: Seconds(120),
        deadline: Seconds(150),
        now: Seconds(150),
        odds: Odds::Good,
    };

    const LINE: Line =
        Line { start: Seconds(100), first: Epoch(7), made_at: Seconds(200), made_in: Epoch(11) };

    #[test]
    fn a_dispute_is_contradicted_up_to_its_last_second() {
        assert_eq!(next_step(&record(), &OPEN), Step::Contest);
        let late = Seen { now: Seconds(151), ..OPEN };
        assert_eq!(next_step(&record(), &late), Step::Close("not contradicted"));
    }

    #[test]
    fn what_the_registry_knows_is_not_contradicted() {
        assert_eq!(next_step(&record(), &Seen { odds: Odds::OnRecord, ..OPEN }), Step::Wait);
    }

    /// It used to contradict at once what the registry came to know an epoch later: the bond was lost.
    #[test]
    fn what_the_registry_may_come_to_know_is_contradicted_when_half_of_the_time_is_over() {
        let step = |now, odds| next_step(&record(), &Seen { now: Seconds(now), odds, ..OPEN });
        assert_eq!(step(120, Odds::Good), Step::Contest);
        assert_eq!(step(134, Odds::Unknown), Step::Wait);
        assert_eq!(step(135, Odds::Unknown), Step::Contest);
        assert_eq!(step(150, Odds::Unknown), Step::Contest);
    }

    #[test]
    fn a_bond_that_is_not_there_is_told_once() {
        let poor = Seen { odds: Odds::Unpayable, ..OPEN };
        assert_eq!(next_step(&record(), &poor), Step::CallForHelp);
        assert_eq!(next_step(&IntervalRecord { is_told: true, ..record() }, &poor), Step::Wait);
        let rich = IntervalRecord { is_told: true, ..record() };
        assert_eq!(next_step(&rich, &OPEN), Step::Contest);
    }

    #[test]
    fn a_renter_or_a_committee_that_is_late_is_poked() {
        for state in [DisputeState::Contested, DisputeState::Judging] {
            let waits = Seen { state, ..OPEN };
            assert_eq!(next_step(&record(), &waits), Step::Wait);
            let late = Seen { now: Seconds(151), ..waits };
            assert_eq!(next_step(&record(), &late), Step::Poke);
        }
    }

    #[test]
    fn a_dispute_is_over_when_the_court_says_so_or_has_a_later_one() {
        let none = Seen { state: DisputeState::None, ..OPEN };
        assert_eq!(next_step(&record(), &none), Step::Close("over"));
        let later = Seen { from: Seconds(120), ..OPEN };
        assert_eq!(next_step(&record(), &later), Step::Close("over"));
    }

    #[test]
    fn a_dispute_that_the_node_does_not_show_is_waited_for_until_its_deadline() {
        let unknown =
            Seen { state: DisputeState::None, from: Seconds(0), deadline: Seconds(0), ..OPEN };
        assert_eq!(next_step(&record(), &unknown), Step::Wait);
        let late = Seen { now: Seconds(151), ..unknown };
        assert_eq!(next_step(&record(), &late), Step::Close("never was"));
    }

    #[test]
    fn seconds_become_epochs_on_the_line_from_the_start_to_the_dispute() {
        let line = LINE;
        let found = [100, 124, 125, 199, 200].map(|second| line.epoch_at(Seconds(second)).0);
        assert_eq!(found, [7, 7, 8, 10, 11]);
        let begun = Line { made_at: Seconds(100), ..line };
        assert_eq!(begun.epoch_at(Seconds(100)), Epoch(7));
    }

    #[test]
    fn an_interval_may_touch_the_epoch_after_its_last_but_none_after_the_dispute() {
        let epochs = |line: &Line, from, to| {
            let interval = IntervalRecord { from: Seconds(from), to: Seconds(to), ..record() };
            let (first, last) = line.epochs_of(&interval);
            (first.0, last.0)
        };
        assert_eq!(epochs(&LINE, 100, 125), (7, 8));
        assert_eq!(epochs(&LINE, 124, 126), (7, 9));
        assert_eq!(epochs(&LINE, 150, 200), (9, 11));
        let same = Line { made_in: Epoch(7), ..LINE };
        assert_eq!(epochs(&same, 100, 200), (7, 7));
    }
}
