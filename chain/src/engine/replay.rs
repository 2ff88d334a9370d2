//! Makes again the beginning of a block of the forked chain, so that a fork begins within that block.

use super::{
    api::EngineError,
    header::Attributes,
    propose::{Filled, build, no_withdrawals},
    worker::Engine,
};
use crate::execution::{BlockStart, ExecutionError, Rewards};
use alloy_hardforks::EthereumHardforks;
use utnet_primitives::{Gas, Seconds};

impl Engine {
    /// Makes the first block of a fork out of what it begins with, unless there is a block already.
    pub(super) fn replay(&mut self) -> Result<(), EngineError> {
        let view = self.view()?;
        let is_new = view.head().number == view.spec().header.number;
        let fork = view.fork().filter(|_| is_new);
        let Some(start) = fork.and_then(|fork| fork.start().cloned()) else { return Ok(()) };
        let BlockStart { header, transactions } = start;
        let attributes = Attributes {
            timestamp: Seconds(header.timestamp),
            beneficiary: header.beneficiary,
            beacon: header.mix_hash,
            gas_limit: Gas(header.gas_limit),
            base_fee: header.base_fee_per_gas,
            parent_beacon_block_root: header.parent_beacon_block_root.unwrap_or_default(),
            extra_data: header.extra_data.clone(),
        };
        let is_shanghai = view.spec().is_shanghai_active_at_timestamp(header.timestamp);
        let rewards = Rewards::Given(no_withdrawals(is_shanghai));
        let built = build(&view, &attributes, rewards, None, |run, _| {
            for transaction in &transactions {
                run.execute(transaction)?;
            }
            Ok(Filled { transactions, ..Filled::default() })
        });
        let number = header.number;
        let built =
            built.map_err(|source| ExecutionError::Replay { number, source: Box::new(source) })?;
        self.finalise(built.block, built.state)?;
        Ok(())
    }
}
