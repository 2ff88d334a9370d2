//! Makes EVMs that know our precompiles beside Ethereum's.

use alloy_evm::{
    Database, EthEvm, EthEvmFactory, EvmEnv, EvmFactory,
    eth::EthEvmContext,
    precompiles::{DynPrecompile, PrecompilesMap},
    revm::{
        Inspector,
        context::{
            BlockEnv, DBErrorMarker, TxEnv,
            result::{EVMError, HaltReason},
        },
        inspector::NoOpInspector,
        precompile::{PrecompileHalt, PrecompileId, PrecompileOutput},
        primitives::hardfork::SpecId,
    },
};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{Revert, SolError};
use utnet_precompiles::{Gas, Halt, PRECOMPILES, Precompile};

/// Makes Ethereum's EVM, with our precompiles where the chain has them.
#[derive(Clone, Copy, Debug)]
pub struct UtnetEvmFactory {
    /// Whether the chain has our precompiles.
    pub has_precompiles: bool,
}

impl EvmFactory for UtnetEvmFactory {
    type Evm<DB: Database, I: Inspector<EthEvmContext<DB>>> = EthEvm<DB, I, PrecompilesMap>;
    type Context<DB: Database> = EthEvmContext<DB>;
    type Tx = TxEnv;
    type Error<E: DBErrorMarker> = EVMError<E>;
    type HaltReason = HaltReason;
    type Spec = SpecId;
    type BlockEnv = BlockEnv;
    type Precompiles = PrecompilesMap;

    fn create_evm<DB: Database>(&self, db: DB, env: EvmEnv) -> Self::Evm<DB, NoOpInspector> {
        self.extend(EthEvmFactory::default().create_evm(db, env))
    }

    fn create_evm_with_inspector<DB: Database, I: Inspector<Self::Context<DB>>>(
        &self,
        db: DB,
        env: EvmEnv,
        inspector: I,
    ) -> Self::Evm<DB, I> {
        self.extend(EthEvmFactory::default().create_evm_with_inspector(db, env, inspector))
    }
}

impl UtnetEvmFactory {
    fn extend<DB: Database, I: Inspector<EthEvmContext<DB>>>(
        self,
        mut evm: EthEvm<DB, I, PrecompilesMap>,
    ) -> EthEvm<DB, I, PrecompilesMap> {
        use alloy_evm::Evm as _;
        if self.has_precompiles {
            evm.precompiles_mut().extend_precompiles(ours());
        }
        evm
    }
}

/// Our precompiles in the EVM's terms.
fn ours() -> impl Iterator<Item = (Address, DynPrecompile)> {
    PRECOMPILES.iter().map(|precompile| (precompile.address, adapt(precompile)))
}

fn adapt(precompile: &'static Precompile) -> DynPrecompile {
    let id = PrecompileId::custom(precompile.name);
    DynPrecompile::new(id, move |input| {
        let result = (precompile.run)(input.data, Gas::new(input.gas));
        Ok(match result {
            Ok(output) => {
                PrecompileOutput::new(output.gas_used.get(), output.bytes, input.reservoir)
            }
            Err(Halt::OutOfGas) => {
                PrecompileOutput::halt(PrecompileHalt::OutOfGas, input.reservoir)
            }
            Err(Halt::Revert { reason, gas_used }) => {
                PrecompileOutput::revert(gas_used.get(), encode_reason(reason), input.reservoir)
            }
        })
    })
}

/// `Error(string)`, so that every tool shows the reason.
fn encode_reason(reason: &str) -> Bytes {
    Revert::from(reason).abi_encode().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_evm::{Evm, revm::database_interface::EmptyDB};
    use alloy_primitives::{TxKind, U256};
    use utnet_primitives::precompile::SE_VERIFY;

    fn call(data: Bytes, gas_limit: u64) -> alloy_evm::revm::context::result::ExecutionResult {
        let mut env = EvmEnv::default();
        env.cfg_env.disable_nonce_check = true;
        let factory = UtnetEvmFactory { has_precompiles: true };
        let mut evm = factory.create_evm(EmptyDB::default(), env);
        let tx = TxEnv {
            kind: TxKind::Call(SE_VERIFY),
            gas_limit,
            data,
            value: U256::ZERO,
            ..TxEnv::default()
        };
        evm.transact_raw(tx).unwrap().result
    }

    #[test]
    fn a_refused_form_reverts_with_its_reason_and_gives_gas_back() {
        let result = call(Bytes::from(vec![0; 7]), 1_000_000);

        assert!(!result.is_success() && !result.is_halt());
        let reason = Revert::abi_decode(result.output().unwrap()).unwrap();
        assert!(!reason.reason.is_empty());
        assert!(result.tx_gas_used() < 100_000);
    }

    #[test]
    fn a_budget_below_the_price_burns_all_gas() {
        let result = call(Bytes::from(vec![0; 160]), 24_000);

        assert!(result.is_halt());
        assert_eq!(result.tx_gas_used(), 24_000);
    }

    #[test]
    fn a_false_signature_answers_zero() {
        let result = call(Bytes::from(vec![0; 160]), 1_000_000);

        assert!(result.is_success());
        assert_eq!(result.output().unwrap().as_ref(), [0; 32]);
    }
}
