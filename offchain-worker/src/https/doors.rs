//! Keeps the secrets that open the job port now, and those that may soon.

use alloy_primitives::B256;
use std::{fmt, time::Duration};
use subtle::{Choice, ConstantTimeEq};
use tokio::{sync::watch, time::timeout};
use utnet_primitives::RentalId;

/// How long a request waits for the next look at the chain.
const PATIENCE: Duration = Duration::from_secs(2);

/// A rental's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// The rental.
    pub rental: RentalId,
    /// Its bearer secret.
    pub secret: B256,
    /// Whether the rental runs.
    pub is_open: bool,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("rental", &self.rental)
            .field("is_open", &self.is_open)
            .finish_non_exhaustive()
    }
}

/// All doors. The agent sets them after each look at the chain, the job port asks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Doors {
    all: watch::Sender<Vec<Door>>,
}

impl Default for Doors {
    fn default() -> Self {
        Self { all: watch::Sender::new(Vec::new()) }
    }
}

impl Doors {
    /// Replaces all doors, and wakes who waits for one.
    pub fn set(&self, all: Vec<Door>) {
        self.all.send_replace(all);
    }

    /// The door of a rental as it was set last.
    pub fn of(&self, rental: RentalId) -> Option<Door> {
        self.all.borrow().iter().find(|door| door.rental == rental).copied()
    }

    /// The rental that a secret opens now.
    pub fn find(&self, shown: &B256) -> Option<RentalId> {
        self.look(shown).filter(|door| door.is_open).map(|door| door.rental)
    }

    /// As [`Self::find`]; for a door that is known but closed it waits for two more looks at the chain, since the rental may
    /// have started a moment ago.
    pub async fn find_soon(&self, shown: &B256) -> Option<RentalId> {
        let mut looks = self.all.subscribe();
        for _ in 0..2 {
            match self.look(shown) {
                Some(door) if !door.is_open => {}
                found => return found.map(|door| door.rental),
            }
            if !matches!(timeout(PATIENCE, looks.changed()).await, Ok(Ok(()))) {
                break;
            }
        }
        self.find(shown)
    }

    /// Takes as long for a wrong secret as for a right one.
    fn look(&self, shown: &B256) -> Option<Door> {
        let mut found = None;
        for door in self.all.borrow().iter() {
            let is_same: Choice = door.secret.as_slice().ct_eq(shown.as_slice());
            if bool::from(is_same) {
                found = Some(*door);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(is_open: bool) -> Door {
        Door { rental: RentalId(B256::repeat_byte(1)), secret: B256::repeat_byte(0xab), is_open }
    }

    #[test]
    fn only_the_secret_of_an_open_door_is_known() {
        let doors = Doors::default();
        doors.set(vec![door(true)]);
        assert_eq!(doors.find(&door(true).secret), Some(door(true).rental));
        assert_eq!(doors.find(&B256::repeat_byte(3)), None);

        doors.set(vec![door(false)]);
        assert_eq!(doors.find(&door(true).secret), None);
    }

    #[tokio::test]
    async fn who_comes_a_moment_too_early_waits_for_the_door_to_open() {
        let doors = Doors::default();
        doors.set(vec![door(false)]);
        let (secret, agent) = (door(false).secret, doors.clone());
        let opening = async move {
            tokio::task::yield_now().await;
            agent.set(vec![door(true)]);
        };
        let (found, ()) = tokio::join!(doors.find_soon(&secret), opening);
        assert_eq!(found, Some(door(true).rental));
        assert_eq!(doors.find_soon(&B256::ZERO).await, None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let doors = Doors::default();
        doors.set(vec![door(true)]);
        assert!(!format!("{doors:?}").contains("abab"));
    }
}
