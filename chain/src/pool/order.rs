//! Names the orders in which ready transactions of different senders enter a block.

/// The order of ready transactions; within one sender the nonce always decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PoolOrder {
    /// Highest tip first; equal tips in order of arrival.
    #[default]
    Fees,
    /// In order of arrival.
    Arrival,
}
