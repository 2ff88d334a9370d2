//! Builds the genesis of a dev chain: funded accounts, Ethereum's system contracts, a sealer.

use super::GenesisError;
use alloy_eips::{
    eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE},
    eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE},
    eip7002::{WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_PREDEPLOY_CODE},
    eip7251::{CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_CODE},
};
use alloy_genesis::{ChainConfig, Genesis, GenesisAccount};
use alloy_primitives::{Address, B256, Bytes, U256, address, b256, bytes, keccak256};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use utnet_primitives::{Gas, PociSchedule, Seconds, precompile};

/// The mnemonic that all Ethereum dev tools know. Its keys are public: never send money to them.
pub const DEV_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The secp256k1 key of the dev chain's genesis sealer. DEV ONLY: it is public.
pub const SEALER_KEY: B256 =
    b256!("0x5ea1e55ea1e55ea1e55ea1e55ea1e55ea1e55ea1e55ea1e55ea1e55ea1e55ea1");

/// Nick Johnson's deterministic deployer, at the address it has on all chains.
pub const CREATE2_DEPLOYER: Address = address!("0x4e59b44847b379578588920cA78FbF26c0B4956C");

const CREATE2_DEPLOYER_CODE: Bytes = bytes!(
    "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
);

/// One UNC in wei.
const UNC: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// What a dev chain starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevGenesis {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// BIP-39 sentence of the funded accounts, derived along `m/44'/60'/0'/0/i`.
    pub mnemonic: String,
    /// How many accounts are funded.
    pub accounts: u32,
    /// What each account has, in whole UNC.
    pub balance_unc: u64,
    /// Time of block 0.
    pub timestamp: Seconds,
    /// Gas limit of block 0.
    pub gas_limit: Gas,
    /// Base fee of block 0 in wei.
    pub base_fee: u64,
    /// POCI's parameters; `None` builds a plain chain.
    pub poci: Option<PociSchedule>,
}

impl Default for DevGenesis {
    fn default() -> Self {
        Self {
            chain_id: 31_337,
            mnemonic: DEV_MNEMONIC.to_owned(),
            accounts: 10,
            balance_unc: 10_000,
            timestamp: Seconds(0),
            gas_limit: Gas(30_000_000),
            base_fee: alloy_eips::eip1559::INITIAL_BASE_FEE,
            poci: Some(Self::poci()),
        }
    }
}

impl DevGenesis {
    /// The dev chain's parameters of POCI (`docs/protocol.md`, section 1).
    pub fn poci() -> PociSchedule {
        PociSchedule {
            epoch_blocks: 16,
            lookback_epochs: 1,
            round_seconds: Seconds(1),
            max_rounds: 8,
            sole_sealer: true,
            sealer: sealer_address(),
        }
    }

    /// The genesis file, without our system contracts (`execution::install` adds them).
    ///
    /// # Errors
    /// [`GenesisError::Mnemonic`].
    pub fn build(&self) -> Result<Genesis, GenesisError> {
        let mut genesis = Genesis {
            config: self.config(),
            timestamp: self.timestamp.0,
            gas_limit: self.gas_limit.0,
            base_fee_per_gas: Some(u128::from(self.base_fee)),
            // The first beacon: BeaconHistory takes zero for none.
            mix_hash: keccak256("UNC/v1/dev-genesis"),
            ..Genesis::default()
        };
        let balance = U256::from(self.balance_unc).saturating_mul(UNC);
        for signer in dev_accounts(&self.mnemonic, self.accounts)? {
            let account = GenesisAccount::default().with_balance(balance);
            genesis.alloc.insert(signer.address(), account);
        }
        for (address, code) in ethereum_contracts() {
            genesis.alloc.insert(address, contract(code, 1));
        }
        genesis.alloc.insert(CREATE2_DEPLOYER, contract(CREATE2_DEPLOYER_CODE, 1));
        if self.poci.is_some() {
            for address in precompiles() {
                genesis.alloc.insert(address, contract(bytes!("0xfe"), 0));
            }
        }
        Ok(genesis)
    }

    /// All forks up to Osaka, from block 0 on.
    fn config(&self) -> ChainConfig {
        let at_genesis = Some(0);
        let mut config = ChainConfig {
            chain_id: self.chain_id,
            homestead_block: at_genesis,
            eip150_block: at_genesis,
            eip155_block: at_genesis,
            eip158_block: at_genesis,
            byzantium_block: at_genesis,
            constantinople_block: at_genesis,
            petersburg_block: at_genesis,
            istanbul_block: at_genesis,
            berlin_block: at_genesis,
            london_block: at_genesis,
            shanghai_time: at_genesis,
            cancun_time: at_genesis,
            prague_time: at_genesis,
            osaka_time: at_genesis,
            terminal_total_difficulty: Some(U256::ZERO),
            terminal_total_difficulty_passed: true,
            deposit_contract_address: None,
            ..ChainConfig::default()
        };
        if let Some(poci) = &self.poci {
            let section = serde_json::to_value(poci).expect("numbers and an address make JSON");
            config.extra_fields.insert("utnet".to_owned(), section);
        }
        config
    }
}

/// The accounts of a BIP-39 sentence, `m/44'/60'/0'/0/0` onwards.
///
/// # Errors
/// [`GenesisError::Mnemonic`] when the sentence is not valid.
pub fn dev_accounts(mnemonic: &str, count: u32) -> Result<Vec<PrivateKeySigner>, GenesisError> {
    let parent = MnemonicBuilder::from_phrase(mnemonic).build_parent_key()?;
    (0..count).map(|index| Ok(parent.child(index)?.signer())).collect()
}

/// The account of the dev chain's genesis sealer.
///
/// # Panics
/// Never: the key is a constant below the group order.
pub fn sealer_address() -> Address {
    PrivateKeySigner::from_bytes(&SEALER_KEY)
        .expect("the key is a constant below the group order")
        .address()
}

/// Where the contracts stand that Ethereum's forks rely on.
pub const ETHEREUM_CONTRACTS: [Address; 4] = [
    BEACON_ROOTS_ADDRESS,
    HISTORY_STORAGE_ADDRESS,
    WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS,
    CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
];

/// The contracts that Ethereum's forks rely on: EIP-4788, 2935, 7002, 7251.
fn ethereum_contracts() -> [(Address, Bytes); 4] {
    [
        (BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE.clone()),
        (HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE.clone()),
        (WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, WITHDRAWAL_REQUEST_PREDEPLOY_CODE.clone()),
        (CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS, CONSOLIDATION_REQUEST_PREDEPLOY_CODE.clone()),
    ]
}

const fn precompiles() -> [Address; 4] {
    [
        precompile::SE_VERIFY,
        precompile::POCI_VERIFY,
        precompile::VRF_VERIFY,
        precompile::DLEQ_VERIFY,
    ]
}

fn contract(code: Bytes, nonce: u64) -> GenesisAccount {
    GenesisAccount::default().with_nonce(Some(nonce)).with_code(Some(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesis::{ChainSpec, Limits};

    #[test]
    fn the_first_dev_account_is_the_one_all_tools_know() {
        let accounts = dev_accounts(DEV_MNEMONIC, 2).unwrap();

        let known = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(accounts[0].address(), known);
    }

    #[test]
    fn a_dev_genesis_survives_its_json_form() {
        let genesis = DevGenesis::default().build().unwrap();

        let text = serde_json::to_string(&genesis).unwrap();

        let read = ChainSpec::from_json(&text, Limits::DEV).unwrap();
        let built = ChainSpec::new(genesis, Limits::DEV).unwrap();
        assert_eq!(read.header.hash(), built.header.hash());
        assert_eq!(read.poci, Some(DevGenesis::poci()));
        assert!(read.has_precompiles);
    }

    #[test]
    fn a_plain_dev_genesis_has_no_precompiles_of_ours() {
        let plain = DevGenesis { poci: None, ..DevGenesis::default() };

        let spec = ChainSpec::new(plain.build().unwrap(), Limits::DEV).unwrap();

        assert!(!spec.has_precompiles);
        assert_eq!(spec.poci, None);
    }
}
