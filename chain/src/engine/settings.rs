//! Applies changes of settings.

use super::{
    api::EngineError,
    command::{Change, Setting},
    worker::Engine,
};
use crate::miner::Pace;
use alloy_primitives::Address;
use std::sync::Arc;
use utnet_primitives::Seconds;

impl Engine {
    /// Changes a setting and lets everybody see it.
    pub(super) fn set(&mut self, setting: Setting) -> Result<Change, EngineError> {
        let before = self.shared.settings();
        self.apply(setting)?;
        self.publish_settings();
        Ok(Change { before, after: self.shared.settings() })
    }

    fn apply(&mut self, setting: Setting) -> Result<(), EngineError> {
        let wall = self.clock.seconds();
        match setting {
            Setting::Mining(mode) => {
                self.settings.mining = mode;
                self.pace = Pace::new(mode.period(), self.clock.now());
            }
            Setting::Impersonate(account, true) => {
                self.settings.impersonated.insert(account);
            }
            Setting::Impersonate(account, false) => {
                self.settings.impersonated.remove(&account);
            }
            Setting::AutoImpersonate(on) => self.settings.auto_impersonate = on,
            Setting::ShiftTime(seconds) => {
                let head = Seconds(self.view()?.head().timestamp);
                self.settings.time.shift(seconds, head, wall);
            }
            Setting::NextTimestamp(asked) => {
                let head = Seconds(self.view()?.head().timestamp);
                if asked <= head {
                    return Err(EngineError::TimestampTooLow { asked, head });
                }
                self.settings.time.next_timestamp = Some(asked);
            }
            Setting::Time(now) => self.settings.time.set_now(now, wall),
            Setting::BlockInterval(interval) => self.settings.time.block_interval = interval,
            Setting::NextBaseFee(fee) => self.settings.next_base_fee = Some(fee),
            Setting::GasLimit(limit) => self.settings.gas_limit = limit,
            Setting::Coinbase(account) => {
                self.refuse_under_poci("the beneficiary")?;
                self.settings.coinbase = account;
            }
            Setting::Prevrandao(beacon) => {
                self.refuse_under_poci("PREVRANDAO")?;
                self.settings.next_prevrandao = Some(beacon);
            }
            Setting::MinGasPrice(price) => self.settings.min_gas_price = price,
            Setting::ChainId(id) => self.set_chain_id(id)?,
            Setting::Recovery(signature, account) => self.add_recovery(signature, account),
        }
        Ok(())
    }

    /// Seals and the genesis on disk name the id: there it stays.
    fn set_chain_id(&self, id: u64) -> Result<(), EngineError> {
        self.refuse_under_poci("the chain id")?;
        if !self.in_memory {
            return Err(EngineError::OnDisk);
        }
        let mut spec = self.spec().as_ref().clone();
        spec.chain_id = id;
        spec.genesis.config.chain_id = id;
        self.shared.replace(self.shared.store(), Arc::new(spec), self.shared.fork());
        Ok(())
    }

    fn add_recovery(&self, signature: [u8; 96], account: Address) {
        let mut spec = self.spec().as_ref().clone();
        Arc::make_mut(&mut spec.recoveries).insert(signature, account);
        self.shared.replace(self.shared.store(), Arc::new(spec), self.shared.fork());
    }

    fn refuse_under_poci(&self, setting: &'static str) -> Result<(), EngineError> {
        if self.spec().poci.is_some() {
            return Err(EngineError::FixedByPoci { setting });
        }
        Ok(())
    }

    /// Lets everybody see the present settings.
    pub(super) fn publish_settings(&self) {
        self.shared.set_settings(self.settings.clone());
    }
}
