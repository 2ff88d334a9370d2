//! Puts our node beside the real anvil: the same transactions and calls give the same answers, and each loads the other's
//! dumps.

mod cases;
mod client;
mod compare;
mod dumps;
mod programs;
mod random;
mod traces;
