//! Decides how chips that missed too many epochs come back into service.

use utnet_bindings::states::ChipState;
use utnet_primitives::ChipId;

/// What the registry says of one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The chip.
    pub chip: ChipId,
    /// State as stored.
    pub stored: ChipState,
    /// State to everybody: what time and others alone have done is in it.
    pub effective: ChipState,
    /// Whether its folder is here, so that it can sign.
    pub is_at_hand: bool,
}

/// What the operator sends for its chips.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returns {
    /// Overdue, still on the line: `suspendSilent`, which an honest operator calls itself.
    pub suspend: Vec<ChipId>,
    /// Off the line, at hand: `resume`.
    pub resume: Vec<ChipId>,
}

/// The way back of every suspended chip: off the line first, then, some epochs later, on it again. A chip that is not at
/// hand leaves the line as well, so that no proof need name it, and stays away.
pub fn returns(chips: &[Standing]) -> Returns {
    let is_off = |chip: &Standing| chip.stored == ChipState::Suspended;
    let (off, overdue): (Vec<Standing>, Vec<Standing>) = chips
        .iter()
        .filter(|chip| chip.effective == ChipState::Suspended)
        .partition(|chip| is_off(chip));
    let back = off.iter().filter(|chip| chip.is_at_hand);
    Returns {
        suspend: overdue.iter().map(|chip| chip.chip).collect(),
        resume: back.map(|chip| chip.chip).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;

    fn chip(n: u8, stored: ChipState, effective: ChipState) -> Standing {
        Standing { chip: ChipId(B256::repeat_byte(n)), stored, effective, is_at_hand: true }
    }

    #[test]
    fn an_overdue_chip_leaves_the_line_before_it_comes_back() {
        let silent = [chip(1, ChipState::Active, ChipState::Suspended)];
        assert_eq!(returns(&silent), Returns { suspend: vec![silent[0].chip], resume: vec![] });
        let off = [chip(1, ChipState::Suspended, ChipState::Suspended)];
        assert_eq!(returns(&off), Returns { suspend: vec![], resume: vec![off[0].chip] });
    }

    #[test]
    fn chips_in_service_or_gone_for_good_need_nothing() {
        let chips = [
            chip(1, ChipState::Active, ChipState::Active),
            chip(2, ChipState::Suspended, ChipState::Quarantined),
            chip(3, ChipState::Exiting, ChipState::Exiting),
        ];
        assert_eq!(returns(&chips), Returns::default());
    }

    #[test]
    fn a_chip_that_is_not_at_hand_leaves_the_line_and_waits() {
        let away = |stored| Standing { is_at_hand: false, ..chip(1, stored, ChipState::Suspended) };
        let overdue = away(ChipState::Active);
        assert_eq!(returns(&[overdue]), Returns { suspend: vec![overdue.chip], resume: vec![] });
        assert_eq!(returns(&[away(ChipState::Suspended)]), Returns::default());
    }
}
