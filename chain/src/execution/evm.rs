//! Makes EVMs that know our precompiles beside Ethereum's.

use crate::genesis::{ChainSpec, Recoveries};
use alloy_evm::{
    Database, EthEvm, EthEvmFactory, EvmEnv, EvmFactory,
    eth::EthEvmContext,
    precompiles::{DynPrecompile, Precompile as _, PrecompilesMap},
    revm::{
        Inspector,
        context::{
            BlockEnv, DBErrorMarker, TxEnv,
            result::{EVMError, HaltReason},
        },
        inspector::NoOpInspector,
        precompile::{
            Precompile as EvmPrecompile, PrecompileHalt, PrecompileId, PrecompileOutput,
            PrecompileResult, PrecompileSpecId, Precompiles,
        },
        primitives::hardfork::SpecId,
    },
};
use alloy_primitives::{Address, Bytes, address};
use alloy_sol_types::{Revert, SolError};
use parking_lot::RwLock;
use std::sync::Arc;
use utnet_precompiles::{
    Gas, Halt, PRECOMPILES, Precompile,
    registry::{DLEQ_VERIFY, POCI_VERIFY, SE_VERIFY, VRF_VERIFY},
};

/// Where `ecrecover` stands.
const ECRECOVER: Address = address!("0x0000000000000000000000000000000000000001");
/// What `ecrecover` costs, in gas.
const ECRECOVER_GAS: u64 = 3_000;

/// Makes Ethereum's EVM, with our precompiles where the chain has them.
#[derive(Clone, Debug)]
pub struct UtnetEvmFactory {
    /// Whether the chain has our precompiles.
    pub has_precompiles: bool,
    /// Signatures that recover to whom a dev client says.
    pub recoveries: Arc<Recoveries>,
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
    /// The precompiles under some rules, ours included where the chain has them.
    pub(crate) fn precompiles(&self, spec: SpecId) -> PrecompilesMap {
        PrecompilesMap::from_static(if self.has_precompiles {
            with_ours(spec)
        } else {
            Precompiles::new(PrecompileSpecId::from_spec_id(spec))
        })
    }

    /// Makes EVMs for a chain.
    pub fn of(spec: &ChainSpec) -> Self {
        let recoveries = Arc::clone(&spec.recoveries);
        Self { has_precompiles: spec.has_precompiles, recoveries }
    }

    fn extend<DB: Database, I: Inspector<EthEvmContext<DB>>>(
        &self,
        mut evm: EthEvm<DB, I, PrecompilesMap>,
    ) -> EthEvm<DB, I, PrecompilesMap> {
        use alloy_evm::Evm as _;
        if self.has_precompiles {
            *evm.precompiles_mut() = PrecompilesMap::from_static(with_ours(evm.cfg_env().spec));
        }
        if !self.recoveries.is_empty() {
            let recoveries = Arc::clone(&self.recoveries);
            let assert = move |real| asserting(real, recoveries);
            evm.precompiles_mut().map_precompile(&ECRECOVER, assert);
        }
        evm
    }
}

/// Ethereum's precompiles under these rules, and ours; made once, since every call makes an EVM.
fn with_ours(spec: SpecId) -> &'static Precompiles {
    /// Few, as there are few sets of rules: never freed.
    static MADE: RwLock<Vec<(PrecompileSpecId, &Precompiles)>> = RwLock::new(Vec::new());
    let spec = PrecompileSpecId::from_spec_id(spec);
    let find = |made: &[(PrecompileSpecId, &'static Precompiles)]| {
        made.iter().find(|(known, _)| *known == spec).map(|(_, all)| *all)
    };
    if let Some(known) = find(&MADE.read()) {
        return known;
    }
    let mut made = MADE.write();
    find(&made).unwrap_or_else(|| {
        let mut all = Precompiles::new(spec).clone();
        all.extend(ours());
        let all: &'static Precompiles = Box::leak(Box::new(all));
        made.push((spec, all));
        all
    })
}

/// `ecrecover`, but for signatures that a dev client speaks for.
fn asserting(real: DynPrecompile, recoveries: Arc<Recoveries>) -> DynPrecompile {
    DynPrecompile::new(PrecompileId::EcRec, move |input| {
        let signature = input.data.get(32..128);
        match signature.and_then(|signature| recoveries.get(signature)) {
            Some(account) if input.gas >= ECRECOVER_GAS => {
                let answer = account.into_word().into();
                Ok(PrecompileOutput::new(ECRECOVER_GAS, answer, input.reservoir))
            }
            _ => real.call(input),
        }
    })
}

/// Our precompiles in the EVM's terms.
fn ours() -> [EvmPrecompile; PRECOMPILES.len()] {
    let adapt = |ours: &Precompile, run| {
        EvmPrecompile::new(PrecompileId::custom(ours.name), ours.address, run)
    };
    [
        adapt(&SE_VERIFY, |input, gas, reservoir| run(&SE_VERIFY, input, gas, reservoir)),
        adapt(&POCI_VERIFY, |input, gas, reservoir| run(&POCI_VERIFY, input, gas, reservoir)),
        adapt(&VRF_VERIFY, |input, gas, reservoir| run(&VRF_VERIFY, input, gas, reservoir)),
        adapt(&DLEQ_VERIFY, |input, gas, reservoir| run(&DLEQ_VERIFY, input, gas, reservoir)),
    ]
}

fn run(ours: &Precompile, input: &[u8], gas_limit: u64, reservoir: u64) -> PrecompileResult {
    Ok(match (ours.run)(input, Gas::new(gas_limit)) {
        Ok(output) => PrecompileOutput::new(output.gas_used.get(), output.bytes, reservoir),
        Err(Halt::OutOfGas) => PrecompileOutput::halt(PrecompileHalt::OutOfGas, reservoir),
        Err(Halt::Revert { reason, gas_used }) => {
            PrecompileOutput::revert(gas_used.get(), encode_reason(reason), reservoir)
        }
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
        let factory = UtnetEvmFactory { has_precompiles: true, recoveries: Arc::default() };
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
