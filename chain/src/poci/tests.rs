//! Tests draws, seals and their judgement on chains with real chips and contracts.

mod drawing;
mod once;
mod sealing;
pub(crate) mod support;
