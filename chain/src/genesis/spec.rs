//! Holds the rules of one chain: its id, its forks, its blob parameters, POCI.

use super::{GenesisError, header::genesis_header};
use alloy_consensus::{Header, Sealable, Sealed};
use alloy_eips::{eip7840::BlobParams, eip7892::BlobScheduleBlobParams};
use alloy_evm::{
    EvmEnv,
    eth::spec::EthExecutorSpec,
    revm::{context::CfgEnv, primitives::hardfork::SpecId},
    spec_by_timestamp_and_block_number,
};
use alloy_genesis::Genesis;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use utnet_primitives::{Height, PociSchedule, Seconds, precompile};

/// Where a genesis file says that the chain forked off from another.
const FORK_SECTION: &str = "utnetFork";

/// The rules of one chain, with its block 0.
#[derive(Clone, Debug)]
pub struct ChainSpec {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The genesis file.
    pub genesis: Genesis,
    /// Who may make blocks; `None` on a plain chain.
    pub poci: Option<PociSchedule>,
    /// Limits that dev chains lift.
    pub limits: Limits,
    /// The genesis block.
    pub header: Sealed<Header>,
    /// The id of the chain that this one forked off from: its first block is that one's, and the
    /// root in it says nothing about the accounts here.
    pub forked_from: Option<u64>,
    /// Whether our precompiles stand here (code `0xfe` at their first address).
    pub has_precompiles: bool,
    /// Signatures that recover to whom a dev client says, not to whom they were made by.
    pub recoveries: Arc<Recoveries>,
    blobs: BlobScheduleBlobParams,
}

/// Whom signatures recover to: v, r and s as `ecrecover` takes them, 32 bytes each.
pub type Recoveries = BTreeMap<[u8; 96], Address>;

/// Limits of Ethereum that dev chains lift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// EIP-7825's cap of 2^24 gas per transaction holds from Osaka on.
    pub has_transaction_gas_cap: bool,
    /// Longest code of a contract, in bytes; `None` is EIP-170's 24,576.
    pub code_bytes: Option<usize>,
}

impl Limits {
    /// Ethereum's own.
    pub const ETHEREUM: Self = Self { has_transaction_gas_cap: true, code_bytes: None };
    /// A dev chain's: no cap per transaction, as anvil.
    pub const DEV: Self = Self { has_transaction_gas_cap: false, code_bytes: None };
}

impl ChainSpec {
    /// Checks a genesis file and computes its block 0.
    ///
    /// # Errors
    /// [`GenesisError`] names the field that is wrong.
    pub fn new(genesis: Genesis, limits: Limits) -> Result<Self, GenesisError> {
        let mut spec = Self::rules(genesis, limits)?;
        spec.header = match read_fork(&spec.genesis)? {
            Some((_, header)) => header,
            None => genesis_header(&spec).seal_slow(),
        };
        Ok(spec)
    }

    /// The rules of a chain whose first block is known, from what [`ChainSpec::without_accounts`]
    /// kept of its genesis file.
    ///
    /// # Errors
    /// [`GenesisError`] names the field that is wrong.
    pub fn stored(
        genesis: Genesis,
        header: Sealed<Header>,
        limits: Limits,
    ) -> Result<Self, GenesisError> {
        Ok(Self { header, ..Self::rules(genesis, limits)? })
    }

    /// The genesis file without its accounts, so that a start need not read a million of them. The
    /// one account stays that tells whether our precompiles stand here.
    pub fn without_accounts(&self) -> Genesis {
        let mark = self.genesis.alloc.get_key_value(&precompile::SE_VERIFY);
        Genesis {
            alloc: mark.map(|(address, account)| (*address, account.clone())).into_iter().collect(),
            config: self.genesis.config.clone(),
            extra_data: self.genesis.extra_data.clone(),
            ..self.genesis
        }
    }

    /// Everything but the first block.
    fn rules(genesis: Genesis, limits: Limits) -> Result<Self, GenesisError> {
        let difficulty = genesis.config.terminal_total_difficulty.unwrap_or_default();
        if !difficulty.is_zero()
            && !genesis.config.terminal_total_difficulty_passed
            && genesis.config.merge_netsplit_block.is_none()
        {
            return Err(GenesisError::UnknownMergeBlock);
        }
        let poci = read_poci(&genesis)?;
        if let Some(number) = genesis.number.filter(|number| *number != 0 && poci.is_some()) {
            return Err(GenesisError::NumberNotZero { number });
        }
        let blobs = blob_schedule(&genesis)?;
        let has_precompiles = genesis
            .alloc
            .get(&precompile::SE_VERIFY)
            .and_then(|account| account.code.as_ref())
            .is_some_and(|code| code.as_ref() == [0xfe]);
        let forked_from = read_fork(&genesis)?.map(|(chain_id, _)| chain_id);
        let spec = Self {
            chain_id: genesis.config.chain_id,
            genesis,
            poci,
            limits,
            header: Header::default().seal_slow(),
            forked_from,
            has_precompiles,
            recoveries: Arc::default(),
            blobs,
        };
        if spec.poci.is_some() && !spec.is_osaka_active_at_timestamp(0) {
            return Err(GenesisError::PociBeforeOsaka);
        }
        Ok(spec)
    }

    /// Reads a genesis file in geth's format.
    ///
    /// # Errors
    /// [`GenesisError`] names the field that is wrong.
    pub fn from_json(text: &str, limits: Limits) -> Result<Self, GenesisError> {
        Self::new(serde_json::from_str(text).map_err(GenesisError::Form)?, limits)
    }

    /// The rules of the EVM in a block.
    pub fn evm_spec(&self, height: Height, timestamp: Seconds) -> SpecId {
        spec_by_timestamp_and_block_number(self, timestamp.0, height.0)
    }

    /// The blob parameters in a block; `None` before Cancun.
    pub fn blob_params(&self, timestamp: Seconds) -> Option<BlobParams> {
        if !self.is_cancun_active_at_timestamp(timestamp.0) {
            return None;
        }
        if let Some(scheduled) = self.blobs.active_scheduled_params_at_timestamp(timestamp.0) {
            return Some(*scheduled);
        }
        Some(if self.is_osaka_active_at_timestamp(timestamp.0) {
            self.blobs.osaka
        } else if self.is_prague_active_at_timestamp(timestamp.0) {
            self.blobs.prague
        } else {
            self.blobs.cancun
        })
    }

    /// The environment of a block with this header, all checks of consensus on.
    pub fn env_of(&self, header: &Header) -> EvmEnv {
        let blobs = self.blob_params(Seconds(header.timestamp));
        let mut env = EvmEnv::for_eth_block(header, self, self.chain_id, blobs);
        self.limits.apply(&mut env.cfg_env);
        env
    }

    /// The cap on the gas of one transaction in a block; `None` when none holds.
    pub fn transaction_gas_cap(&self, timestamp: Seconds) -> Option<u64> {
        (self.limits.has_transaction_gas_cap && self.is_osaka_active_at_timestamp(timestamp.0))
            .then_some(alloy_eips::eip7825::MAX_TX_GAS_LIMIT_OSAKA)
    }
}

impl Limits {
    /// Puts these limits in place of those of the fork.
    fn apply(self, cfg: &mut CfgEnv) {
        if !self.has_transaction_gas_cap {
            cfg.tx_gas_limit_cap = Some(u64::MAX);
        }
        cfg.limit_contract_code_size = self.code_bytes;
    }
}

impl EthExecutorSpec for ChainSpec {
    fn deposit_contract_address(&self) -> Option<Address> {
        self.genesis.config.deposit_contract_address
    }
}

/// What a genesis file says about the block at which the chain forked off from another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForkSection {
    chain_id: u64,
    hash: B256,
    header: Header,
}

/// Makes a genesis that of a chain which goes on from another chain's block.
///
/// # Errors
/// [`GenesisError::Form`] when the header cannot be written.
pub fn fork_off(
    genesis: &mut Genesis,
    from: &Sealed<Header>,
    chain_id: u64,
) -> Result<(), GenesisError> {
    let section = ForkSection { chain_id, hash: from.hash(), header: from.inner().clone() };
    let section = serde_json::to_value(section).map_err(GenesisError::Form)?;
    genesis.config.extra_fields.insert(FORK_SECTION.to_owned(), section);
    genesis.number = Some(from.number);
    genesis.timestamp = from.timestamp;
    Ok(())
}

fn read_fork(genesis: &Genesis) -> Result<Option<(u64, Sealed<Header>)>, GenesisError> {
    let Some(section) = genesis.config.extra_fields.get(FORK_SECTION) else { return Ok(None) };
    let section: ForkSection =
        serde_json::from_value(section.clone()).map_err(GenesisError::Form)?;
    Ok(Some((section.chain_id, Sealed::new_unchecked(section.header, section.hash))))
}

fn read_poci(genesis: &Genesis) -> Result<Option<PociSchedule>, GenesisError> {
    let Some(section) = genesis.config.extra_fields.get("utnet") else {
        return Ok(None);
    };
    let poci: PociSchedule =
        serde_json::from_value(section.clone()).map_err(GenesisError::Utnet)?;
    // Of one epoch, whoever makes the last block of the line could try which draws follow from it.
    let lookback = if poci.sole_sealer { 1 } else { 2 };
    for (field, value, least) in [
        ("epochBlocks", poci.epoch_blocks, 1),
        ("lookbackEpochs", poci.lookback_epochs, lookback),
        ("maxRounds", u64::from(poci.max_rounds), 1),
    ] {
        if value < least {
            return Err(GenesisError::TooSmall { field, value, least });
        }
    }
    if poci.sealer.is_zero() {
        return Err(GenesisError::NoSealer);
    }
    Ok(Some(poci))
}

/// The file's blob schedule; forks that it names only by time get mainnet's parameters.
fn blob_schedule(genesis: &Genesis) -> Result<BlobScheduleBlobParams, GenesisError> {
    let config = &genesis.config;
    for (fork, params) in &config.blob_schedule {
        let update_fraction = u64::try_from(params.update_fraction).unwrap_or(u64::MAX);
        for (field, value, least) in [
            ("baseFeeUpdateFraction", update_fraction, 1),
            ("max", params.max_blob_count, params.target_blob_count.max(1)),
        ] {
            if value < least {
                let fork = fork.as_str().into();
                return Err(GenesisError::BlobsTooFew { fork, field, value, least });
            }
        }
    }
    let mut schedule = config.blob_schedule_blob_params();
    for (name, time, params) in [
        ("bpo1", config.bpo1_time, BlobParams::bpo1()),
        ("bpo2", config.bpo2_time, BlobParams::bpo2()),
    ] {
        if let (Some(time), false) = (time, config.blob_schedule.contains_key(name)) {
            schedule.scheduled.push((time, params));
        }
    }
    schedule.scheduled.sort_by_key(|(time, _)| *time);
    Ok(schedule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;

    #[test]
    fn the_hash_of_a_geth_genesis_is_geths() {
        let text = include_str!("../../tests/data/hive-genesis.json");

        let spec = ChainSpec::from_json(text, Limits::ETHEREUM).unwrap();

        let known = b256!("0x44fd89d504659cd58f48f4796b77a7e7012cf296a2409afa2f6c3cb99b5b3d99");
        assert_eq!(spec.header.hash(), known);
    }

    #[test]
    fn a_blob_fee_that_could_not_be_computed_is_refused_by_its_fork() {
        for (target, max, fraction, told) in [
            (3, 6, 0, "cancun.baseFeeUpdateFraction is 0, at least 1"),
            (0, 0, 1, "cancun.max is 0, at least 1"),
            (3, 2, 1, "cancun.max is 2, at least 3"),
        ] {
            let schedule = format!(
                r#"{{"cancun":{{"target":{target},"max":{max},"baseFeeUpdateFraction":{fraction}}}}}"#
            );
            let text = format!(
                r#"{{"config":{{"chainId":1,"blobSchedule":{schedule}}},"gasLimit":"0x1","difficulty":"0x0","alloc":{{}}}}"#
            );

            let error = ChainSpec::from_json(&text, Limits::DEV).unwrap_err();

            assert!(error.to_string().contains(told), "{error}");
        }
    }

    #[test]
    fn an_unknown_field_of_our_section_is_named() {
        let text = r#"{"config":{"chainId":1,"utnet":{"epochBlock":1}},"gasLimit":"0x1","difficulty":"0x0","alloc":{}}"#;

        let error = ChainSpec::from_json(text, Limits::DEV).unwrap_err();

        assert!(error.to_string().contains("epochBlock"), "{error}");
    }
}
