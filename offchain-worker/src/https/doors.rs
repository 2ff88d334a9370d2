//! Keeps the secrets that open the job port now.

use alloy_primitives::B256;
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};
use subtle::{Choice, ConstantTimeEq};
use utnet_primitives::RentalId;

/// Secrets of the rentals that run. The agent sets them, the job port asks. Cheap to clone.
#[derive(Clone, Default)]
pub struct Doors {
    open: Arc<RwLock<Vec<(RentalId, B256)>>>,
}

impl Doors {
    /// Replaces all secrets.
    pub fn set(&self, open: Vec<(RentalId, B256)>) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = open;
    }

    /// The rental that a secret opens. Takes as long for a wrong secret as for a right one.
    pub fn find(&self, shown: &B256) -> Option<RentalId> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for (rental, secret) in open.iter() {
            let is_same: Choice = secret.as_slice().ct_eq(shown.as_slice());
            if bool::from(is_same) {
                found = Some(*rental);
            }
        }
        found
    }
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Doors").field("open", &open.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_of_an_open_door_is_known() {
        let doors = Doors::default();
        let (rental, secret) = (RentalId(B256::repeat_byte(1)), B256::repeat_byte(2));
        doors.set(vec![(rental, secret)]);
        assert_eq!(doors.find(&secret), Some(rental));
        assert_eq!(doors.find(&B256::repeat_byte(3)), None);

        doors.set(Vec::new());
        assert_eq!(doors.find(&secret), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let doors = Doors::default();
        doors.set(vec![(RentalId::default(), B256::repeat_byte(0xab))]);
        assert!(!format!("{doors:?}").contains("ab"));
    }
}
