//! Asks a system contract a question, in the state of a block.

use crate::{
    execution::{At, ChainView, Sandbox},
    rpc::{
        error::RpcError,
        eth::request::{returned, to_env},
    },
};
use alloy_evm::revm::inspector::NoOpInspector;
use alloy_primitives::TxKind;
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::SolCall;
use utnet_primitives::{SystemContract, system_address};

/// What a view function of a system contract returns.
pub(super) fn ask<C: SolCall>(
    view: &ChainView,
    at: At,
    contract: SystemContract,
    question: &C,
) -> Result<C::Return, RpcError> {
    let address = system_address(contract);
    if view.state(at)?.code(address)?.is_empty() {
        return Err(RpcError::NoContract { contract: contract.name(), address });
    }
    let request = TransactionRequest {
        to: Some(TxKind::Call(address)),
        input: TransactionInput::new(question.abi_encode().into()),
        ..Default::default()
    };
    let mut sandbox = Sandbox::on(view, at)?.relaxed();
    let call = to_env(&request, &sandbox)?;
    let output = returned(sandbox.run(call, NoOpInspector)?.result)?;
    C::abi_decode_returns(&output).map_err(RpcError::Abi)
}
