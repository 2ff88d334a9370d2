//! Reads the registry's answers at one state of the chain.

use super::PociFault;
use crate::execution::{At, ChainView, Sandbox};
use alloy_evm::revm::{
    context::{TxEnv, result::EVMError},
    inspector::NoOpInspector,
};
use alloy_primitives::{Address, B256, Bytes, TxKind};
use alloy_sol_types::SolCall;
use utnet_bindings::{PociRegistry as Abi, states::ChipState};
use utnet_primitives::{ChipId, Power, SystemContract, system_address};

/// Gas for one question; far above what any of them needs.
const QUESTION_GAS: u64 = 30_000_000;

/// The registry as of one state of the chain.
#[derive(Debug)]
pub(super) struct Registry(Sandbox);

/// A chip found on the segment line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) chip: ChipId,
    pub(super) operator: Address,
}

impl Registry {
    pub(super) fn at(view: &ChainView, at: At) -> Result<Self, PociFault> {
        Ok(Self(Sandbox::on(view, at)?.relaxed()))
    }

    /// All power on the segment line (lambda).
    pub(super) fn total_power(&mut self) -> Result<Power, PociFault> {
        self.ask("totalPower", &Abi::totalPowerCall {}).map(Power)
    }

    /// The chip at a point of the segment line.
    pub(super) fn segment_at(&mut self, kappa: Power) -> Result<Segment, PociFault> {
        let found = self.ask("segmentAt", &Abi::segmentAtCall { kappa: kappa.0 })?;
        Ok(Segment { chip: ChipId(found.chip), operator: found.operator })
    }

    /// Whether a chip counts.
    pub(super) fn is_active(&mut self, chip: ChipId) -> Result<bool, PociFault> {
        let state: u8 = self.ask("stateOf", &Abi::stateOfCall { id: B256::from(chip) })?;
        Ok(state == u8::from(ChipState::Active))
    }

    /// The operator's VRF key; `None` if none is set.
    pub(super) fn vrf_key(&mut self, operator: Address) -> Result<Option<[u8; 33]>, PociFault> {
        let key: Bytes = self.ask("vrfKeyOf", &Abi::vrfKeyOfCall { operator })?;
        Ok(key.as_ref().try_into().ok())
    }

    fn ask<C: SolCall>(
        &mut self,
        function: &'static str,
        question: &C,
    ) -> Result<C::Return, PociFault> {
        let tx = TxEnv {
            kind: TxKind::Call(system_address(SystemContract::PociRegistry)),
            data: question.abi_encode().into(),
            gas_limit: QUESTION_GAS,
            chain_id: None,
            ..TxEnv::default()
        };
        let ran = self.0.run(tx, NoOpInspector).map_err(|error| match error {
            EVMError::Database(error) => PociFault::Read(error),
            _not_run => PociFault::Registry { function },
        })?;
        let answer = ran.result.output().filter(|_| ran.result.is_success());
        answer
            .and_then(|bytes| C::abi_decode_returns(bytes).ok())
            .ok_or(PociFault::Registry { function })
    }
}
