//! Decides what is to be done. Pure: every function reads nothing but its arguments.

pub mod batches;
pub mod cases;
pub mod challenges;
pub mod disputes;
pub mod duties;
pub mod environment;
pub mod intervals;
pub mod jobs;
pub mod openings;
pub mod rentals;
pub mod service;
pub mod turns;
