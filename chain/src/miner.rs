//! Decides when a block is made and which timestamp it carries.

mod mode;
mod pace;
mod time;

pub use mode::MiningMode;
pub(crate) use pace::Pace;
pub use time::BlockTime;
