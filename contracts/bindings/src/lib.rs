//! Speaks the contracts' ABI in Rust.
//!
//! One module per system contract, generated from `contracts/abi`: calls (`fooCall`), events, errors and structs.
//! User-defined value types (`ChipId`, `RentalId`, ..) are plain `B256` in them, enums are `u8`; [`states`] names the
//! enums' values. [`signed`] holds everything that is signed as EIP-712, with its domains; [`creation_code`] what
//! deploys them; [`Erc20`] is any token. Pure: no clock, no network, no storage.

mod code;
mod contracts;
mod erc20;
pub mod signed;
pub mod states;

pub use code::creation_code;
pub use contracts::{
    Availability, BeaconHistory, ChipAdmission, ChipChallenges, ChipEvidence, Committee,
    DatasetMarket, Emission, EnvironmentProof, HandoverCourt, IntervalCourt, JobEscrow, OrderBook,
    PociRegistry, PociViews, Ranking, RatingBook, RentalDesk, ResultRollup, RpoiEscrow, Vault,
    VendorRegistry,
};
pub use erc20::Erc20;
