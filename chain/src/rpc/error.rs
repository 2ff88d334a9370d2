//! Says why a request failed, with the codes of EIP-1474 and the words that tools look for in geth's answers.

use crate::{
    engine::{SimulateFault, api::EngineError, dump::DumpError},
    execution::{CallError, ExecutionError, Failure, OverrideError, ReadError, WitnessError},
    poci::PociFault,
};
use alloy_eips::BlockId;
use alloy_evm::revm::context::result::{EVMError, HaltReason, InvalidTransaction};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{Panic, Revert, SolError};
use jsonrpsee::types::{
    ErrorObjectOwned,
    error::{INTERNAL_ERROR_CODE, INVALID_PARAMS_CODE},
};

/// The code of a reverted call.
const REVERTED: i32 = 3;
/// No block took a transaction in time (EIP-7966).
const NOT_MINED: i32 = 4;
/// The code of everything that the chain refuses.
pub(super) const REFUSED: i32 = -32_000;

/// The code of history that is not kept (EIP-4444).
const PRUNED: i32 = 4_444;

/// The code of a transaction whose conditions do not hold (EIP-7796).
const CONDITION_UNMET: i32 = -32_003;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum RpcError {
    #[error("invalid params: expected a list of arguments: {0}")]
    ParamsNotAList(serde_json::Error),
    #[error("invalid params: argument {position} (`{name}`) is missing: expected {expected}")]
    ParamMissing { position: usize, name: &'static str, expected: &'static str },
    #[error("invalid params: argument {position} (`{name}`): expected {expected}: {source}")]
    ParamInvalid {
        position: usize,
        name: &'static str,
        expected: &'static str,
        source: serde_json::Error,
    },
    #[error("invalid params: {0}")]
    Unfit(&'static str),
    #[error("block range extends beyond current head block")]
    RangeAboveHead,
    #[error("header not found: block {0} is not on this chain")]
    UnknownBlock(BlockId),
    #[error("block {0} not found")]
    UnknownHash(B256),
    #[error("block {0} is not the head, on which alone blocks are built")]
    NotHead(B256),
    #[error("transaction {0} does not fit the block")]
    DoesNotFit(B256),
    #[error("block {0} has no access list: it is before Amsterdam")]
    NoAccessList(BlockId),
    #[error("transaction not found")]
    UnknownTransaction,
    #[error("genesis is not traceable")]
    GenesisHasNoTrace,
    #[error("filter not found")]
    UnknownFilter,
    #[error("unknown account {0}: no key, and not impersonated")]
    NoSigner(Address),
    #[error("the transaction request is incomplete: {0}")]
    IncompleteRequest(String),
    #[error("cannot decode the transaction: {0}")]
    MalformedTransaction(alloy_eips::eip2718::Eip2718Error),
    #[error("cannot decode the block: {0}")]
    MalformedBlock(alloy_rlp::Error),
    #[error("invalid transaction v, r, s values: no sender can be recovered")]
    NoSender,
    #[error("cannot sign: {0}")]
    Unsigned(#[from] alloy_signer::Error),
    #[error("cannot hash the typed data: {0}")]
    TypedData(#[from] alloy_dyn_abi::Error),
    #[error("{}", reverted(.0))]
    Reverted(Bytes),
    #[error("{}", halted(.0))]
    Halted(HaltReason),
    #[error("{message}")]
    Placed { error: Box<Self>, message: String },
    #[error("gas required exceeds allowance ({allowance})")]
    GasAboveAllowance { allowance: u64 },
    #[error(
        "insufficient funds for gas * price + value: address {account} have {have} want {want}"
    )]
    InsufficientFunds { account: Address, have: U256, want: U256 },
    #[error("{}", not_run(.0))]
    NotRun(CallError),
    #[error(transparent)]
    Override(#[from] OverrideError),
    #[error("{}", simulation(.0))]
    Simulate(#[from] SimulateFault),
    #[error(transparent)]
    Tracer(#[from] crate::execution::TraceError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the fork does not begin: {}", causes(&**.0))]
    NoFork(super::ForkFailure),
    #[error(transparent)]
    Witness(#[from] crate::execution::WitnessError),
    #[error(transparent)]
    Dump(#[from] crate::engine::dump::DumpError),
    #[error("condition not met: {0}")]
    ConditionUnmet(&'static str),
    #[error("no storage slot decides what the token {token} answers: nothing was set")]
    NoTokenSlot { token: Address },
    #[error("{why}")]
    Wallet { code: i32, why: &'static str },
    #[error("{0} is not supported by this node")]
    Unsupported(&'static str),
    #[error("{contract} does not stand at {address} in that state")]
    NoContract { contract: &'static str, address: Address },
    #[error("a system contract's answer is malformed: {0}")]
    Abi(alloy_sol_types::Error),
    #[error("a system contract's answer is malformed: {0}")]
    OutOfRange(utnet_bindings::states::OutOfRange),
    #[error("the stored proof of the producer is malformed: {0}")]
    Sidecar(utnet_primitives::Malformed),
    #[error("no block took transaction {hash} within {milliseconds} ms")]
    NotMinedInTime { hash: B256, milliseconds: u64 },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the answer cannot be written as JSON: {0}")]
    Unwritable(serde_json::Error),
    #[error("the work of this request ended early")]
    Crashed,
}

impl From<tokio::task::JoinError> for RpcError {
    /// It panicked, which the log has, or the node ends.
    fn from(_: tokio::task::JoinError) -> Self {
        Self::Crashed
    }
}

impl RpcError {
    fn code(&self) -> i32 {
        match self.unread() {
            Some(unread) if unread.is_pruned() => return PRUNED,
            Some(ReadError::Forked) => return REFUSED,
            _ => {}
        }
        match self {
            Self::ParamsNotAList(_)
            | Self::ParamMissing { .. }
            | Self::ParamInvalid { .. }
            | Self::Unfit(_)
            | Self::RangeAboveHead => INVALID_PARAMS_CODE,
            Self::Reverted(_) => REVERTED,
            Self::NotMinedInTime { .. } => NOT_MINED,
            Self::Simulate(fault) => super::eth::simulate::code(fault),
            Self::Placed { error, .. } => error.code(),
            Self::Wallet { code, .. } => *code,
            Self::ConditionUnmet(_) => CONDITION_UNMET,
            Self::Read(_)
            | Self::Unwritable(_)
            | Self::Crashed
            | Self::Engine(EngineError::Read(_) | EngineError::Stopped) => INTERNAL_ERROR_CODE,
            _ => REFUSED,
        }
    }

    /// What could not be read, if that is why.
    fn unread(&self) -> Option<&ReadError> {
        match self {
            Self::Read(error)
            | Self::Override(OverrideError::Read(error))
            | Self::Witness(WitnessError::Read(error))
            | Self::Simulate(SimulateFault::Read(error))
            | Self::Dump(DumpError::Read(error))
            | Self::Engine(
                EngineError::Read(error)
                | EngineError::Dump(DumpError::Read(error))
                | EngineError::Poci(PociFault::Read(error)),
            ) => Some(error),
            Self::Tracer(error) => error.unread(),
            Self::Witness(WitnessError::Execution(error)) => error.unread(),
            Self::Simulate(SimulateFault::Execution(error)) => error.unread(),
            Self::Engine(EngineError::Execution(error)) => error.unread(),
            Self::Placed { error, .. } => error.unread(),
            _ => None,
        }
    }

    fn data(&self) -> Option<&[u8]> {
        match self {
            Self::Reverted(output) => Some(output),
            Self::NotMinedInTime { hash, .. } => Some(hash.as_slice()),
            Self::Placed { error, .. } => error.data(),
            _ => None,
        }
    }

    /// Why the call failed, if that is what this tells.
    pub(super) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Reverted(output) => Some(Failure::Reverted(output.clone())),
            Self::Halted(reason) => Some(Failure::Halted(reason.clone())),
            _ => None,
        }
    }
}

impl From<CallError> for RpcError {
    fn from(error: CallError) -> Self {
        match error {
            EVMError::Database(unreadable) => Self::Read(unreadable),
            other => Self::NotRun(other),
        }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        let data = error.data().map(hex::encode_prefixed);
        Self::owned(error.code(), error.to_string(), data)
    }
}

/// "execution reverted", with the reason where the output holds one that Solidity writes.
pub(super) fn reverted(output: &Bytes) -> String {
    if let Ok(revert) = Revert::abi_decode(output) {
        return format!("execution reverted: {}", revert.reason);
    }
    match Panic::abi_decode(output).ok().and_then(|panic| panic.kind()) {
        Some(kind) => format!("execution reverted: panic: {}", kind.as_str()),
        None => "execution reverted".into(),
    }
}

/// geth's words for a call that ended abnormally.
pub(super) fn halted(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::InvalidFEOpcode => "invalid opcode: INVALID".into(),
        HaltReason::OpcodeNotFound | HaltReason::NotActivated => "invalid opcode".into(),
        HaltReason::InvalidJump => "invalid jump destination".into(),
        HaltReason::OutOfOffset => "return data out of bounds".into(),
        HaltReason::CreateCollision => "contract address collision".into(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".into(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".into(),
        HaltReason::OutOfFunds => "insufficient balance for transfer".into(),
        HaltReason::CallTooDeep => "max call depth exceeded".into(),
        HaltReason::StateChangeDuringStaticCall => "write protection".into(),
        other => other.to_string(),
    }
}

/// An error with what caused it, each told once.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// geth's words for a transaction that cannot be run at all.
fn not_run(error: &CallError) -> String {
    match error {
        EVMError::Transaction(invalid) => invalid_transaction(invalid),
        other => other.to_string(),
    }
}

/// geth's words for a simulation that was given up.
fn simulation(fault: &SimulateFault) -> String {
    match fault {
        SimulateFault::Execution(error) => match &**error {
            ExecutionError::Transaction { index, source } => {
                format!("call {index}: {}", not_run(source))
            }
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

fn invalid_transaction(invalid: &InvalidTransaction) -> String {
    use InvalidTransaction as Why;
    match invalid {
        Why::NonceTooLow { tx, state } => {
            format!("nonce too low: next nonce {state}, tx nonce {tx}")
        }
        Why::NonceTooHigh { tx, state } => format!("nonce too high: tx: {tx} state: {state}"),
        Why::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: have {balance} want {fee}")
        }
        Why::CallGasCostMoreThanGasLimit { initial_gas, gas_limit }
        | Why::GasFloorMoreThanGasLimit { gas_floor: initial_gas, gas_limit } => {
            format!("intrinsic gas too low: have {gas_limit}, want {initial_gas}")
        }
        Why::GasPriceLessThanBasefee => "max fee per gas less than block base fee".into(),
        Why::PriorityFeeGreaterThanMaxFee => {
            "max priority fee per gas higher than max fee per gas".into()
        }
        Why::CallerGasLimitMoreThanBlock => "exceeds block gas limit".into(),
        Why::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        Why::RejectCallerWithCode => "sender not an eoa".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revert_has_code_3_its_reason_and_its_data() {
        let output = Bytes::from(Revert::from("no").abi_encode());
        let answer = ErrorObjectOwned::from(RpcError::Reverted(output.clone()));
        assert_eq!((answer.code(), answer.message()), (3, "execution reverted: no"));
        assert_eq!(answer.data().unwrap().get(), format!("\"{output}\""));
    }

    #[test]
    fn a_revert_without_data_says_no_more_than_that() {
        let answer = ErrorObjectOwned::from(RpcError::Reverted(Bytes::new()));
        assert_eq!(answer.message(), "execution reverted");
    }

    #[test]
    fn what_a_fork_cannot_know_is_refused_and_no_fault() {
        let answer = ErrorObjectOwned::from(RpcError::Read(ReadError::Forked));
        assert_eq!(answer.code(), REFUSED);
        assert!(answer.message().contains("has no proofs"), "{answer}");
    }

    #[test]
    fn a_custom_error_is_left_to_whoever_knows_its_abi() {
        assert_eq!(reverted(&Bytes::from_static(&[1, 2, 3, 4])), "execution reverted");
    }
}
