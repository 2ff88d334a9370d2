//! Carries what transactions and calls say to whoever prints it.

use super::api::Chain;
use crate::execution::{Notes, Told};
use alloy_primitives::B256;
use std::sync::Arc;
use tokio::sync::broadcast;

/// What a log tells beside blocks. The notes of a block come before the block itself.
#[derive(Clone, Debug)]
pub enum Note {
    /// The transactions of a block said something, or failed.
    Block {
        /// The block.
        hash: B256,
        /// What they said.
        notes: Arc<Notes>,
    },
    /// Of a block that comes or goes nothing is to be printed.
    Quiet {
        /// The block.
        hash: B256,
    },
    /// A call that is on no chain said something, or failed.
    Call(Arc<CallNote>),
}

/// What a call said.
#[derive(Clone, Debug, Default)]
pub struct CallNote {
    /// The method that ran it.
    pub method: &'static str,
    /// What it told the console.
    pub told: Told,
    /// Why it failed.
    pub failure: Option<String>,
    /// Where it failed, innermost first.
    pub stack: Vec<String>,
    /// The call as a tree.
    pub trace: Option<String>,
}

impl Chain {
    /// Follows what transactions and calls say; while nobody does, it costs nothing.
    pub fn notes(&self) -> broadcast::Receiver<Note> {
        self.shared.notes.subscribe()
    }

    /// Whether somebody follows the notes, and wants to be told.
    pub fn is_heard(&self) -> bool {
        self.shared.is_heard()
    }

    /// Lets blocks and calls be printed from now on, or not.
    pub fn set_logging(&self, on: bool) {
        self.shared.set_logging(on);
    }

    /// Tells what a call said.
    pub fn note(&self, note: CallNote) {
        self.shared.note(Note::Call(Arc::new(note)));
    }
}
