//! Runs the node as an operator does: its limits, its flags, its logs, its database, its end, and forks of other chains.

mod database;
mod disk;
mod faults;
mod flags;
mod flood;
mod fork;
mod life;
mod offline;
mod places;
mod process;
mod refusals;
mod rewards;
mod within;
