//! Says where each contract of one deployment stands.

use crate::{SystemContract, system_address};
use alloy_primitives::Address;

/// The addresses of all contracts of one deployment: that of genesis, or another on any chain of Osaka's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts([Address; SystemContract::ALL.len()]);

impl Contracts {
    /// Where our own chains have them.
    pub fn genesis() -> Self {
        Self(SystemContract::ALL.map(system_address))
    }

    /// A deployment whose addresses somebody knows.
    ///
    /// # Errors
    /// The first contract that has none.
    pub fn find_all(
        known: impl Fn(SystemContract) -> Option<Address>,
    ) -> Result<Self, SystemContract> {
        let mut all = Self::genesis();
        for (place, contract) in all.0.iter_mut().zip(SystemContract::ALL) {
            *place = known(contract).ok_or(contract)?;
        }
        Ok(all)
    }

    /// Where a contract stands.
    ///
    /// # Panics
    /// Never: [`SystemContract::ALL`] names every contract.
    pub fn address(&self, contract: SystemContract) -> Address {
        let stands = |(address, at): (&Address, _)| (at == contract).then_some(*address);
        let found = self.0.iter().zip(SystemContract::ALL).find_map(stands);
        found.expect("ALL names every contract")
    }

    /// Which contract stands at an address.
    pub fn at(&self, address: Address) -> Option<SystemContract> {
        SystemContract::ALL.into_iter().find(|contract| self.address(*contract) == address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_genesis_each_contract_stands_at_its_system_address() {
        for contract in SystemContract::ALL {
            assert_eq!(Contracts::genesis().address(contract), system_address(contract));
        }
    }

    #[test]
    fn a_contract_is_known_by_its_address() {
        let vault = system_address(SystemContract::Vault);
        assert_eq!(Contracts::genesis().at(vault), Some(SystemContract::Vault));
        assert_eq!(Contracts::genesis().at(Address::ZERO), None);
    }

    #[test]
    fn a_deployment_without_one_of_them_is_none() {
        let all_but = |contract| (contract != SystemContract::Vault).then_some(Address::ZERO);
        assert_eq!(Contracts::find_all(all_but), Err(SystemContract::Vault));
    }
}
