//! Check chip signatures, aggregates and draws: pure functions the EVM can call.
