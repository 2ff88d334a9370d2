//! Makes the system calls that our own rules add to Ethereum's.

use super::{Overlay, ReadError};
use alloy_eips::eip4895::Withdrawal;
use alloy_evm::{
    Evm,
    revm::context::{
        Block as _, BlockEnv,
        result::{EVMError, ExecutionResult},
    },
};
use alloy_primitives::{Address, B256, Bytes, address};
use alloy_sol_types::{SolCall, sol};
use utnet_primitives::{ChipId, SystemContract, system_address};

/// The caller of every system call.
pub(crate) const SYSTEM: Address = address!("0xfffffffffffffffffffffffffffffffffffffffe");

sol! {
    function store() external;
    function onBlock(address operator, bytes32 chip) external returns (uint64 gweiPaid);
}

/// Who made a block, for its reward; zeros for the genesis sealer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Producer {
    /// The operator of the drawn chip, also the block's beneficiary.
    pub operator: Address,
    /// The drawn chip.
    pub chip: ChipId,
}

/// Stores PREVRANDAO in `BeaconHistory`; `false` when the contract refuses.
pub(crate) fn store_beacon<'a, E>(evm: &mut E) -> Result<bool, ReadError>
where
    E: Evm<DB = &'a mut Overlay, Error = EVMError<ReadError>>,
{
    let data = storeCall {}.abi_encode();
    Ok(call(evm, SystemContract::BeaconHistory, data)?.is_some())
}

/// Asks `Emission` what the block earned and makes it a withdrawal. A failing call earns nothing.
///
/// The index is the block's number: monotone, and known without the blocks before.
pub(crate) fn emit<'a, E>(evm: &mut E, producer: Producer) -> Result<Vec<Withdrawal>, ReadError>
where
    E: Evm<DB = &'a mut Overlay, Error = EVMError<ReadError>, BlockEnv = BlockEnv>,
{
    let Producer { operator, chip } = producer;
    let data = onBlockCall { operator, chip: B256::from(chip) }.abi_encode();
    let Some(answer) = call(evm, SystemContract::Emission, data)? else {
        return Ok(Vec::new());
    };
    let gwei = onBlockCall::abi_decode_returns(&answer).unwrap_or_default();
    if gwei == 0 || operator.is_zero() {
        return Ok(Vec::new());
    }
    let index = evm.block().number().saturating_to();
    Ok(vec![Withdrawal { index, validator_index: 0, address: operator, amount: gwei }])
}

/// Calls a system contract as the system; `None`, and no change, unless it succeeds.
fn call<'a, E>(
    evm: &mut E,
    contract: SystemContract,
    data: Vec<u8>,
) -> Result<Option<Bytes>, ReadError>
where
    E: Evm<DB = &'a mut Overlay, Error = EVMError<ReadError>>,
{
    let ran = match evm.transact_system_call(SYSTEM, system_address(contract), data.into()) {
        Ok(ran) => ran,
        Err(EVMError::Database(error)) => return Err(error),
        Err(_not_run) => return Ok(None),
    };
    match ran.result {
        ExecutionResult::Success { output, .. } => {
            super::overlay::commit(evm.db_mut(), ran.state);
            Ok(Some(output.into_data()))
        }
        ExecutionResult::Revert { .. } | ExecutionResult::Halt { .. } => Ok(None),
    }
}
