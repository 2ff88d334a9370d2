//! Carries rental messages for the escrow: an encrypted inbox, checked, submitted once, never in charge of money.
//!
//! A message comes in sealed ([`http`]), is opened and checked for its form at once, stored ([`inbox`]), checked
//! against the rental on chain ([`judge()`]), and handed to the outbox in the transaction that marks it as
//! submitted ([`Relayer`]). So a message that was accepted survives a crash anywhere and is submitted exactly once.
//!
//! What it can do: delay a message, or drop it; the parties may submit themselves. What it cannot do: read what is
//! not on chain soon anyway, forge a word of either party, or move money: it calls four functions of one contract,
//! without value, and all four check the parties' signatures or commitments.

pub mod config;
pub mod http;
pub mod inbox;
mod judge;
mod relayer;
pub mod server;

pub use judge::{Rejection, Verdict, judge};
pub use relayer::{NotAccepted, ProcessError, Progress, Relayer, Setup, View};
