//! Proves storage: both backends by one suite, roots against a plain recomputation, crashes by
//! killing real processes, and every refusal by its message.

#![expect(clippy::unwrap_used, reason = "helpers fail as the tests that call them do")]

mod bulk;
mod chain;
mod codec;
mod crash;
mod damage;
mod large;
mod logs;
mod maintain;
mod model;
mod power;
mod prune;
mod refusals;
mod repair;
mod seeded;
mod store;
mod tables;
mod views;
