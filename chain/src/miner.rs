//! Decides when a block is made and which timestamp it carries.

mod mode;

pub use mode::MiningMode;
