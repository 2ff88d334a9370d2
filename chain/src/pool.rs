//! Keeps transactions until a block takes them: in nonce order per sender, by price between them.
//!
//! One writer (the engine) changes the `Pool`; everybody else looks through a [`PoolView`].

mod entry;
mod order;
mod queue;
mod ready;
mod rejected;
mod rules;
mod sender;
mod view;

#[cfg(test)]
mod tests;

pub use entry::PooledEntry;
pub use order::PoolOrder;
pub(crate) use queue::Pool;
pub(crate) use ready::Ready;
pub use rejected::Rejected;
pub(crate) use rules::{Payer, Rules, are_blobs_proven};
pub use view::{PoolContent, PoolStatus, PoolView};
