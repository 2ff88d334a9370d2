//! Lets one writer in at a time, over all threads.

use parking_lot::{Condvar, Mutex};
use std::sync::Arc;

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    taken: Mutex<bool>,
    freed: Condvar,
}

/// The writer's turn, until dropped.
#[derive(Debug)]
pub(crate) struct MyTurn(Arc<Turn>);

impl MyTurn {
    /// Waits until nobody else has it.
    pub(crate) fn wait(turn: &Arc<Turn>) -> Self {
        let mut taken = turn.taken.lock();
        turn.freed.wait_while(&mut taken, |taken| *taken);
        *taken = true;
        Self(Arc::clone(turn))
    }
}

impl Drop for MyTurn {
    fn drop(&mut self) {
        *self.0.taken.lock() = false;
        self.0.freed.notify_one();
    }
}
