//! Prints a line per block and transaction, as anvil does, and what transactions and calls said.

mod lines;
mod said;

use crate::{
    engine::{CallNote, Chain, HeadEvent, Note},
    execution::{BlockRecord, Notes},
    explain::Explainer,
};
use alloy_primitives::B256;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::{self, Write},
    sync::Arc,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// How blocks are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Not at all.
    Silent,
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Follows a chain and prints it.
pub(super) struct Report {
    chain: Chain,
    explainer: Explainer,
    style: Style,
    shows_console: bool,
    heads: Receiver<HeadEvent>,
    /// None for a silent report: what nobody follows is not kept.
    notes: Option<Receiver<Note>>,
    /// Notes of blocks that are still to come.
    early: VecDeque<(B256, Arc<Notes>)>,
    /// Blocks of which nothing is printed, until they have come or gone.
    quiet: BTreeSet<B256>,
}

/// What happened next.
enum Next {
    Head(HeadEvent),
    Note(Note),
    Missed(u64),
    End,
}

impl Report {
    /// Listens from now on.
    pub(super) fn new(
        chain: &Chain,
        explainer: Explainer,
        style: Style,
        shows_console: bool,
    ) -> Self {
        Self {
            chain: chain.clone(),
            explainer,
            style,
            shows_console,
            heads: chain.heads(),
            notes: (style != Style::Silent).then(|| chain.notes()),
            early: VecDeque::new(),
            quiet: BTreeSet::new(),
        }
    }

    /// Prints every new block, and what is said, until the chain ends or the output breaks.
    pub(super) async fn follow(mut self, out: &mut dyn Write) -> io::Result<()> {
        loop {
            match self.next().await {
                Next::Head(_) if self.style == Style::Silent => {}
                Next::Head(event) => self.head(event, out).await?,
                Next::Note(note) => self.take(note, out)?,
                Next::Missed(missed) => {
                    tracing::warn!(missed, "blocks were made faster than they are printed");
                    self.heads = self.chain.heads();
                }
                Next::End => return Ok(()),
            }
        }
    }

    async fn next(&mut self) -> Next {
        tokio::select! {
            head = self.heads.recv() => match head {
                Ok(event) => Next::Head(event),
                Err(RecvError::Lagged(missed)) => Next::Missed(missed),
                Err(RecvError::Closed) => Next::End,
            },
            note = hear(&mut self.notes) => Next::Note(note),
        }
    }

    /// Prints that a block came or went, if that is wanted.
    async fn head(&mut self, event: HeadEvent, out: &mut dyn Write) -> io::Result<()> {
        // The notes of a block were sent before it.
        while let Some(note) = self.notes.as_mut().and_then(|notes| notes.try_recv().ok()) {
            self.take(note, out)?;
        }
        match event {
            HeadEvent::Added(block) if !self.quiet.remove(&block.hash()) => {
                self.added(&block, out).await
            }
            HeadEvent::Removed(block) if !self.quiet.remove(&block.hash()) => {
                lines::removed(self.style, &block, out)
            }
            _ => Ok(()),
        }
    }

    /// Prints a block with what its transactions said.
    async fn added(&mut self, block: &Arc<BlockRecord>, out: &mut dyn Write) -> io::Result<()> {
        let notes = self.notes_of(block.hash());
        let said = said::said_aside(&self.chain, &self.explainer, block, notes).await;
        lines::added(self.style, block, &said, out)
    }

    /// The notes of a block; older ones are of blocks that never came.
    fn notes_of(&mut self, hash: B256) -> Arc<Notes> {
        let place = self.early.iter().position(|(early, _)| *early == hash);
        let found = place.and_then(|place| self.early.drain(..=place).next_back());
        found.map(|(_, notes)| notes).unwrap_or_default()
    }

    fn take(&mut self, note: Note, out: &mut dyn Write) -> io::Result<()> {
        match note {
            Note::Block { hash, notes } => {
                self.early.push_back((hash, self.wanted(notes)));
                Ok(())
            }
            Note::Quiet { hash } => {
                self.quiet.insert(hash);
                Ok(())
            }
            Note::Call(note) => self.call(&note, out),
        }
    }

    /// The notes without the console's lines, where these are not to be shown.
    fn wanted(&self, notes: Arc<Notes>) -> Arc<Notes> {
        if self.shows_console || notes.console.is_empty() {
            return notes;
        }
        Arc::new(Notes { console: Vec::new(), failures: notes.failures.clone() })
    }

    fn call(&self, note: &CallNote, out: &mut dyn Write) -> io::Result<()> {
        let console =
            if self.shows_console { crate::explain::console_lines(&note.told) } else { Vec::new() };
        let said = said::Said {
            console,
            failure: note.failure.clone(),
            stack: note.stack.clone(),
            trace: note.trace.clone(),
        };
        if said.is_empty() { Ok(()) } else { lines::call(self.style, note.method, &said, out) }
    }
}

/// The next note; some that came too fast may be missing.
async fn hear(notes: &mut Option<Receiver<Note>>) -> Note {
    while let Some(receiver) = notes {
        match receiver.recv().await {
            Ok(note) => return note,
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "notes came too fast"),
            Err(RecvError::Closed) => *notes = None,
        }
    }
    std::future::pending().await
}

/// What the transactions of a block said, by their index.
type SaidByIndex = BTreeMap<usize, said::Said>;
