//! Keeps a fault that lasts from filling the log: a disk that is full would be full of that, too.

use std::time::Duration;

/// How long the same words are not said again.
const PERIOD: Duration = Duration::from_secs(60);
/// Different words that are kept in mind; beyond them the oldest are news again.
const MOST: usize = 8;

/// What was said lately, and when.
#[derive(Debug, Default)]
pub(super) struct Reminder {
    said: Vec<(String, Duration)>,
    unsaid: u64,
}

impl Reminder {
    /// Whether to say this now, and how often something was not said since the last time; `None` when
    /// the same was said within a minute.
    pub(super) fn news(&mut self, words: &str, now: Duration) -> Option<u64> {
        // What was said later than now was said before the clock was set back.
        self.said.retain(|(_, at)| now.checked_sub(*at).is_some_and(|passed| passed < PERIOD));
        if self.said.iter().any(|(said, _)| said == words) {
            self.unsaid = self.unsaid.saturating_add(1);
            return None;
        }
        if self.said.len() == MOST {
            self.said.remove(0);
        }
        self.said.push((words.to_owned(), now));
        Some(std::mem::take(&mut self.unsaid))
    }

    /// Forgets everything: what went wrong is over. Answers whether something did.
    pub(super) fn is_over(&mut self) -> bool {
        self.unsaid = 0;
        !std::mem::take(&mut self.said).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_fault_that_lasts_is_said_once_a_minute_with_how_often_it_came() {
        let mut reminder = Reminder::default();

        let said: Vec<_> = (0..150_u32)
            .filter_map(|second| Some((second, reminder.news("full", second * SECOND)?)))
            .collect();

        assert_eq!(said, [(0, 0), (60, 59), (120, 59)]);
    }

    #[test]
    fn other_words_are_said_at_once() {
        let mut reminder = Reminder::default();

        assert!(reminder.news("no space", SECOND).is_some());
        assert!(reminder.news("i/o error", SECOND).is_some());
        assert!(reminder.news("no space", 2 * SECOND).is_none());
        assert!(reminder.news("i/o error", 2 * SECOND).is_none());
    }

    #[test]
    fn a_fault_that_comes_back_is_news() {
        let mut reminder = Reminder::default();
        reminder.news("full", SECOND);

        assert!(reminder.is_over());
        assert!(!reminder.is_over());
        assert_eq!(reminder.news("full", 2 * SECOND), Some(0));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nothing_from_being_said() {
        let mut reminder = Reminder::default();
        reminder.news("full", 1_000 * SECOND);

        assert_eq!(reminder.news("full", SECOND), Some(0));
    }

    #[test]
    fn words_that_always_change_are_not_kept_for_ever() {
        let mut reminder = Reminder::default();
        for number in 0..1_000 {
            assert!(reminder.news(&number.to_string(), SECOND).is_some());
        }
        assert_eq!(reminder.said.len(), MOST);
    }
}
