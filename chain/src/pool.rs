//! Keeps transactions until a block takes them: in nonce order per sender, by price between them.

mod entry;
mod order;
mod rejected;
mod view;

pub use entry::PooledEntry;
pub use order::PoolOrder;
pub use rejected::Rejected;
pub use view::{PoolContent, PoolStatus, PoolView};
