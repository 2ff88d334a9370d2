//! Puts our system contracts into a genesis by running their constructors in place.
//!
//! The creation code with its arguments is the code of the contract's address; one call from the
//! system runs it; what it returns becomes the code, and what it stored stays. So constructors may
//! use immutables, and the genesis file alone makes the chain (`docs/protocol.md`, sections 1, 3).

use super::{evm::UtnetEvmFactory, issue::Issue, system::SYSTEM};
use crate::genesis::{ChainSpec, GenesisError, Limits};
use alloy_evm::{
    Evm, EvmFactory,
    revm::{
        DatabaseCommit,
        bytecode::Bytecode,
        context::result::{ExecutionResult, HaltReason},
        database::{CacheDB, DbAccount},
        database_interface::EmptyDB,
        state::AccountInfo,
    },
};
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolConstructor;
use std::collections::BTreeMap;
use utnet_bindings::{
    Availability, BeaconHistory, ChipAdmission, ChipChallenges, ChipEvidence, Committee,
    DatasetMarket, Emission, EnvironmentProof, HandoverCourt, IntervalCourt, JobEscrow, OrderBook,
    PociRegistry, PociViews, Ranking, RatingBook, RentalDesk, ResultRollup, RpoiEscrow, Vault,
    VendorRegistry, creation_code,
};
use utnet_primitives::{ENVIRONMENT_PROGRAMS, PociSchedule, SystemContract, system_address};

/// One UNC in wei.
const UNC: u128 = 1_000_000_000_000_000_000;

/// Leaves that are opened of each proof of availability.
const SAMPLE_SIZE: u8 = 16;
/// Blocks from the begin of an epoch to the one whose beacon draws the sample of the epoch before.
const SAMPLE_DELAY: u64 = 8;

/// Who governs the vendors, who they are at the beginning, and how coin is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founders {
    /// May admit and remove vendors and tokens, and revoke batches.
    pub governor: Address,
    /// Admitted vendors.
    pub vendors: Vec<Address>,
    /// The schedule of rewards; the governor is the foundation that it pays.
    pub issue: Issue,
}

/// Why a system contract could not be put into genesis.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The genesis is not valid.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The genesis has no section `config.utnet`.
    #[error("genesis: config.utnet is missing")]
    NoPoci,
    /// A constructor reverted.
    #[error("the constructor of {name} reverted with {output}")]
    Reverted {
        /// The contract.
        name: &'static str,
        /// What it returned.
        output: Bytes,
    },
    /// A constructor halted.
    #[error("the constructor of {name} halted: {reason:?}")]
    Halted {
        /// The contract.
        name: &'static str,
        /// Why.
        reason: HaltReason,
    },
    /// A constructor could not be run.
    #[error("the constructor of {name} cannot be run")]
    NotRun {
        /// The contract.
        name: &'static str,
    },
}

type Memory = CacheDB<EmptyDB>;

/// Puts all system contracts into a genesis that has the section `config.utnet`.
///
/// # Errors
/// [`InstallError`] names the contract whose constructor fails.
pub fn install(genesis: &mut Genesis, founders: &Founders) -> Result<(), InstallError> {
    let spec = ChainSpec::new(genesis.clone(), Limits::DEV)?;
    let poci = spec.poci.clone().ok_or(InstallError::NoPoci)?;
    let mut memory = load(genesis);
    for contract in SystemContract::ALL {
        let code = [creation_code(contract), &arguments(contract, &poci, founders)].concat();
        deploy(&spec, &mut memory, contract, code.into())?;
    }
    for contract in SystemContract::ALL {
        let address = system_address(contract);
        let deployed = memory.cache.accounts.get(&address);
        let account = deployed.map(|account| export(account, &memory)).unwrap_or_default();
        genesis.alloc.insert(address, account);
    }
    Ok(())
}

/// The accounts of a genesis, for an EVM.
fn load(genesis: &Genesis) -> Memory {
    let mut memory = Memory::default();
    for (address, account) in &genesis.alloc {
        let code = Bytecode::new_raw(account.code.clone().unwrap_or_default());
        let info = AccountInfo {
            balance: account.balance,
            nonce: account.nonce.unwrap_or_default(),
            code_hash: code.hash_slow(),
            code: Some(code),
            ..AccountInfo::default()
        };
        memory.insert_account_info(*address, info);
    }
    memory
}

/// Runs a constructor at the contract's own address.
fn deploy(
    spec: &ChainSpec,
    memory: &mut Memory,
    contract: SystemContract,
    creation: Bytes,
) -> Result<(), InstallError> {
    let (name, address) = (contract.name(), system_address(contract));
    place(memory, address, creation);
    let env = spec.env_of(&spec.header);
    let factory = UtnetEvmFactory::of(spec);
    let mut evm = factory.create_evm(&mut *memory, env);
    let ran = evm
        .transact_system_call(SYSTEM, address, Bytes::new())
        .map_err(|_no_database_no_fault| InstallError::NotRun { name })?;
    drop(evm);
    match ran.result {
        ExecutionResult::Success { output, .. } => {
            memory.commit(ran.state);
            place(memory, address, output.into_data());
            Ok(())
        }
        ExecutionResult::Revert { output, .. } => Err(InstallError::Reverted { name, output }),
        ExecutionResult::Halt { reason, .. } => Err(InstallError::Halted { name, reason }),
    }
}

/// Gives an address code; its storage stays. A contract's nonce is one.
fn place(memory: &mut Memory, address: Address, code: Bytes) {
    let code = Bytecode::new_legacy(code);
    let info = AccountInfo {
        nonce: 1,
        code_hash: code.hash_slow(),
        code: Some(code),
        ..AccountInfo::default()
    };
    memory.insert_account_info(address, info);
}

/// An account as a genesis file has it.
fn export(account: &DbAccount, memory: &Memory) -> GenesisAccount {
    let code = memory.cache.contracts.get(&account.info.code_hash);
    let storage: BTreeMap<B256, B256> = account
        .storage
        .iter()
        .filter(|(_, value)| **value != U256::ZERO)
        .map(|(slot, value)| (B256::from(*slot), B256::from(*value)))
        .collect();
    GenesisAccount::default()
        .with_nonce(Some(account.info.nonce))
        .with_balance(account.info.balance)
        .with_code(code.map(Bytecode::original_bytes))
        .with_storage((!storage.is_empty()).then_some(storage))
}

/// The ABI-encoded constructor arguments of a contract on a dev chain.
fn arguments(contract: SystemContract, poci: &PociSchedule, founders: &Founders) -> Vec<u8> {
    use SystemContract as C;
    match contract {
        C::BeaconHistory => BeaconHistory::constructorCall {}.abi_encode(),
        C::VendorRegistry => VendorRegistry::constructorCall {
            governor_: founders.governor,
            vendors: founders.vendors.clone(),
            models: vec![1, 2, 3],
            phis: vec![1, 2, 4],
        }
        .abi_encode(),
        C::PociViews => views(poci).abi_encode(),
        C::PociRegistry => registry(poci).abi_encode(),
        C::Emission => Emission::constructorCall {
            registry: system_address(C::PociRegistry),
            environment: system_address(C::EnvironmentProof),
            chosen: founders.issue.plan(poci.round_seconds, founders.governor),
        }
        .abi_encode(),
        C::Vault => vault(founders.governor).abi_encode(),
        C::OrderBook => order_book().abi_encode(),
        C::RpoiEscrow => escrow(poci).abi_encode(),
        C::IntervalCourt => interval_court().abi_encode(),
        C::RentalDesk => desk().abi_encode(),
        C::RatingBook => rating_book().abi_encode(),
        C::JobEscrow => job_escrow().abi_encode(),
        C::ResultRollup => rollup().abi_encode(),
        C::Committee => committee().abi_encode(),
        C::Availability => availability(poci).abi_encode(),
        C::ChipChallenges => challenges().abi_encode(),
        C::ChipEvidence => evidence(poci).abi_encode(),
        C::ChipAdmission => {
            ChipAdmission::constructorCall { vendors: system_address(C::VendorRegistry) }
                .abi_encode()
        }
        C::HandoverCourt => HandoverCourt::constructorCall {
            escrow: system_address(C::RpoiEscrow),
            vault: system_address(C::Vault),
        }
        .abi_encode(),
        C::EnvironmentProof => environment(poci).abi_encode(),
        C::DatasetMarket => datasets().abi_encode(),
        C::Ranking => ranking().abi_encode(),
    }
}

/// Tokens are admitted by the governor, who also takes what of them would burn.
fn vault(governor: Address) -> Vault::constructorCall {
    Vault::constructorCall {
        emission: system_address(SystemContract::Emission),
        governor_: governor,
        purse_: governor,
        keepers: [
            SystemContract::PociRegistry,
            SystemContract::RpoiEscrow,
            SystemContract::JobEscrow,
            SystemContract::ResultRollup,
            SystemContract::Committee,
            SystemContract::IntervalCourt,
            SystemContract::DatasetMarket,
            SystemContract::ChipChallenges,
            SystemContract::HandoverCourt,
        ]
        .map(system_address)
        .to_vec(),
    }
}

fn order_book() -> OrderBook::constructorCall {
    OrderBook::constructorCall {
        ratings: system_address(SystemContract::RatingBook),
        fillers: [SystemContract::RentalDesk, SystemContract::JobEscrow]
            .map(system_address)
            .to_vec(),
    }
}

fn desk() -> RentalDesk::constructorCall {
    RentalDesk::constructorCall {
        escrow: system_address(SystemContract::RpoiEscrow),
        orders: system_address(SystemContract::OrderBook),
        registry: system_address(SystemContract::PociRegistry),
        depositBps: 1_000,
    }
}

fn rating_book() -> RatingBook::constructorCall {
    RatingBook::constructorCall {
        escrow: system_address(SystemContract::RpoiEscrow),
        priorScore: 60,
        priorWeight: UNC / 100,
        pairCap: UNC,
        pairPeriodSeconds: 2_592_000,
        halfLifeSeconds: 7_776_000,
    }
}

fn job_escrow() -> JobEscrow::constructorCall {
    JobEscrow::constructorCall {
        vault: system_address(SystemContract::Vault),
        rollup: system_address(SystemContract::ResultRollup),
        orders: system_address(SystemContract::OrderBook),
        graceSeconds: 360,
    }
}

fn datasets() -> DatasetMarket::constructorCall {
    DatasetMarket::constructorCall {
        parameters: DatasetMarket::DatasetParameters {
            vault: system_address(SystemContract::Vault),
            deliverSeconds: 60,
            acknowledgeSeconds: 60,
            ratingSeconds: 600,
            marketFeeBps: 100,
        },
        rules: DatasetMarket::RatingRules {
            priorScore: 60,
            priorWeight: UNC / 100,
            pairCap: UNC,
            pairPeriodSeconds: 2_592_000,
            halfLifeSeconds: 7_776_000,
        },
    }
}

fn ranking() -> Ranking::constructorCall {
    use SystemContract as C;
    Ranking::constructorCall {
        parameters: Ranking::RankingParameters {
            ratings: system_address(C::RatingBook),
            registry: system_address(C::PociRegistry),
            escrow: system_address(C::RpoiEscrow),
            rollup: system_address(C::ResultRollup),
            unitWeight: UNC / 100,
            windowEpochs: 256,
            halfLifeSeconds: 7_776_000,
        },
    }
}

fn registry(poci: &PociSchedule) -> PociRegistry::constructorCall {
    use SystemContract as C;
    PociRegistry::constructorCall {
        parameters: PociRegistry::PociParameters {
            views: system_address(C::PociViews),
            beacons: system_address(C::BeaconHistory),
            admission: system_address(C::ChipAdmission),
            vendors: system_address(C::VendorRegistry),
            vault: system_address(C::Vault),
            escrow: system_address(C::RpoiEscrow),
            availability: system_address(C::Availability),
            challenges: system_address(C::ChipChallenges),
            evidence: system_address(C::ChipEvidence),
            epochBlocks: poci.epoch_blocks,
            lookbackEpochs: poci.lookback_epochs,
            bondPerPhi: UNC,
            exitSeconds: 150,
            missesToSuspend: 3,
            sampleSize: SAMPLE_SIZE,
        },
    }
}

/// Made with the registry's parameters, in whose storage it answers.
fn views(poci: &PociSchedule) -> PociViews::constructorCall {
    let same = registry(poci).parameters;
    PociViews::constructorCall {
        parameters: PociViews::PociParameters {
            views: same.views,
            beacons: same.beacons,
            admission: same.admission,
            vendors: same.vendors,
            vault: same.vault,
            escrow: same.escrow,
            availability: same.availability,
            challenges: same.challenges,
            evidence: same.evidence,
            epochBlocks: same.epochBlocks,
            lookbackEpochs: same.lookbackEpochs,
            bondPerPhi: same.bondPerPhi,
            exitSeconds: same.exitSeconds,
            missesToSuspend: same.missesToSuspend,
            sampleSize: same.sampleSize,
        },
    }
}

fn availability(poci: &PociSchedule) -> Availability::constructorCall {
    use SystemContract as C;
    Availability::constructorCall {
        parameters: Availability::AvailabilityParameters {
            registry: system_address(C::PociRegistry),
            beacons: system_address(C::BeaconHistory),
            epochBlocks: poci.epoch_blocks,
            sampleDelay: SAMPLE_DELAY.min(poci.epoch_blocks.saturating_sub(2)),
            sampleSize: SAMPLE_SIZE,
        },
    }
}

fn challenges() -> ChipChallenges::constructorCall {
    use SystemContract as C;
    ChipChallenges::constructorCall {
        parameters: ChipChallenges::ChallengeParameters {
            registry: system_address(C::PociRegistry),
            beacons: system_address(C::BeaconHistory),
            vault: system_address(C::Vault),
            bond: UNC / 10,
            answerBlocks: 16,
        },
    }
}

fn evidence(poci: &PociSchedule) -> ChipEvidence::constructorCall {
    use SystemContract as C;
    ChipEvidence::constructorCall {
        parameters: ChipEvidence::EvidenceParameters {
            registry: system_address(C::PociRegistry),
            availability: system_address(C::Availability),
            ranking: system_address(C::Ranking),
            epochBlocks: poci.epoch_blocks,
        },
    }
}

fn environment(poci: &PociSchedule) -> EnvironmentProof::constructorCall {
    let programs = ENVIRONMENT_PROGRAMS.map(|program| {
        let (tolerance, width) = program.agreement.to_terms();
        EnvironmentProof::EnvironmentProgram { programHash: program.hash, tolerance, width }
    });
    EnvironmentProof::constructorCall {
        parameters: EnvironmentProof::EnvironmentParameters {
            registry: system_address(SystemContract::PociRegistry),
            beacons: system_address(SystemContract::BeaconHistory),
            epochBlocks: poci.epoch_blocks,
            programs: programs.to_vec(),
        },
    }
}

fn escrow(poci: &PociSchedule) -> RpoiEscrow::constructorCall {
    use SystemContract as C;
    RpoiEscrow::constructorCall {
        parameters: RpoiEscrow::EscrowParameters {
            vault: system_address(C::Vault),
            desk: system_address(C::RentalDesk),
            registry: system_address(C::PociRegistry),
            ratings: system_address(C::RatingBook),
            intervalCourt: system_address(C::IntervalCourt),
            handoverCourt: system_address(C::HandoverCourt),
            epochBlocks: poci.epoch_blocks,
            handoverSeconds: 30,
            acknowledgeSeconds: 30,
            noticeSeconds: 60,
            commitSeconds: 15,
            revealSeconds: 15,
            operatorBondBps: 2_000,
            ratingBondBps: 200,
            marketFeeBps: 100,
        },
    }
}

fn interval_court() -> IntervalCourt::constructorCall {
    use SystemContract as C;
    IntervalCourt::constructorCall {
        parameters: IntervalCourt::IntervalCourtParameters {
            escrow: system_address(C::RpoiEscrow),
            vault: system_address(C::Vault),
            registry: system_address(C::PociRegistry),
            committee: system_address(C::Committee),
            answerSeconds: 30,
            committeeSeconds: 240,
            seats: 3,
        },
    }
}

fn rollup() -> ResultRollup::constructorCall {
    use SystemContract as C;
    ResultRollup::constructorCall {
        parameters: ResultRollup::RollupParameters {
            vault: system_address(C::Vault),
            committee: system_address(C::Committee),
            postBond: UNC,
            challengeBond: UNC / 2,
            dataFee: UNC / 10,
            challengeSeconds: 20,
            serveSeconds: 15,
            seats: 5,
        },
    }
}

fn committee() -> Committee::constructorCall {
    use SystemContract as C;
    Committee::constructorCall {
        parameters: Committee::CommitteeParameters {
            vault: system_address(C::Vault),
            registry: system_address(C::PociRegistry),
            beacons: system_address(C::BeaconHistory),
            conveners: [C::ResultRollup, C::IntervalCourt].map(system_address).to_vec(),
            seatBond: UNC / 10,
            seatFee: UNC / 50,
            commitSeconds: 30,
            revealSeconds: 15,
            appealSeconds: 5,
            drawDelayBlocks: 1,
            maxAttempts: 2,
            minSeats: 1,
            appealSeats: 7,
        },
    }
}
