//! Remembers how far the chain went back, for who followed it too seldom to have seen it.

use std::collections::VecDeque;
use utnet_primitives::Height;

/// Entries kept at most; the two oldest become one then, which may tell of more than was taken back.
const MOST: usize = 65_536;

/// The blocks that were taken back, as far as none below them was taken back later.
#[derive(Debug, Default)]
pub(crate) struct Unwinds {
    count: u64,
    /// Counts and heights, both ascending.
    lowest: VecDeque<(u64, Height)>,
}

impl Unwinds {
    /// Blocks that were taken back so far.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Notes that the block of a height was taken back.
    pub(crate) fn note(&mut self, height: Height) {
        self.count = self.count.saturating_add(1);
        while self.lowest.back().is_some_and(|(_, other)| *other >= height) {
            self.lowest.pop_back();
        }
        self.lowest.push_back((self.count, height));
        if self.lowest.len() > MOST
            && let (Some((_, lower)), Some(next)) =
                (self.lowest.pop_front(), self.lowest.front_mut())
        {
            next.1 = lower;
        }
    }

    /// The lowest block that was taken back after so many.
    pub(crate) fn lowest_after(&self, count: u64) -> Option<Height> {
        let first = self.lowest.partition_point(|(at, _)| *at <= count);
        self.lowest.get(first).map(|(_, height)| *height)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Unwinds};
    use proptest::prelude::*;
    use utnet_primitives::Height;

    proptest! {
        #[test]
        fn the_lowest_is_that_of_all_since(heights in prop::collection::vec(0_u64..9, 0..20)) {
            let mut unwinds = Unwinds::default();
            for height in &heights {
                unwinds.note(Height(*height));
            }
            for (count, rest) in (0..=heights.len()).map(|count| (count, &heights[count..])) {
                let lowest = rest.iter().min().map(|height| Height(*height));
                prop_assert_eq!(unwinds.lowest_after(count as u64), lowest);
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_never_names_a_block_too_high() {
        let mut unwinds = Unwinds::default();
        for height in 0..MOST as u64 + 5 {
            unwinds.note(Height(height));
        }
        assert_eq!(unwinds.lowest.len(), MOST);
        assert_eq!(unwinds.lowest_after(0), Some(Height(0)));
        assert_eq!(unwinds.lowest_after(9), Some(Height(9)));
    }
}
