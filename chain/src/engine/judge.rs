//! Judges a block made elsewhere by doing it again: the second of the engine's three calls.
//!
//! Every field of the header is compared with what it must be; the error names the first that is
//! wrong. Under POCI the producer's proofs are checked too.

mod uncles;

pub use uncles::UncleFault;

use super::{
    difficulty,
    header::{self, next_base_fee, next_excess_blob_gas},
    propose::LONGEST_BLOCK,
};
use crate::{
    execution::{
        At, BlockRecord, BlockRun, ChainView, Executed, ExecutionError, Foreign, Overlay,
        ReadError, Rewards, Transaction, recover_all, settle,
    },
    genesis::ChainSpec,
    poci::{self, PociFault},
};
use alloy_consensus::{Header, Sealable, Sealed, constants::EMPTY_OMMER_ROOT_HASH};
use alloy_evm::revm::database::CacheDB;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{B64, B256};
use alloy_rlp::Encodable;
use std::fmt::Debug;
use utnet_db::StateChanges;
use utnet_primitives::{Height, Seconds};

/// Why a block is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unacceptable {
    /// A field of the header is not what it must be.
    #[error("header field {field}: {found}, must be {expected}")]
    Field {
        /// The field, by its name in JSON-RPC.
        field: &'static str,
        /// What the block says.
        found: Box<str>,
        /// What follows from parent, contents and rules.
        expected: Box<str>,
    },
    /// The block is longer than EIP-7934 allows.
    #[error("the block has {bytes} bytes, at most {LONGEST_BLOCK} are allowed")]
    TooLong {
        /// Length of its RLP.
        bytes: usize,
    },
    /// An uncle has no place here.
    #[error(transparent)]
    Uncle(#[from] UncleFault),
    /// The block comes with the proof of a producer, which no rule of this chain checks.
    #[error("the block has a sidecar, but this chain is not run under POCI")]
    Unasked,
    /// The block is from a time that has not come.
    #[error("timestamp {timestamp} is more than {AHEAD} s ahead of this machine's clock, {now}")]
    TooNew {
        /// The block's time.
        timestamp: Seconds,
        /// The clock.
        now: Seconds,
    },
    /// A signature does not recover to any account.
    #[error("transaction {index}: no sender can be recovered")]
    Sender {
        /// Position in the block.
        index: usize,
    },
    /// The block does not execute.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The producer was not entitled to the block, or did not prove it.
    #[error(transparent)]
    Poci(#[from] PociFault),
}

impl From<ReadError> for Unacceptable {
    fn from(error: ReadError) -> Self {
        Self::Execution(error.into())
    }
}

/// A block that was found good, ready to be finalised.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The block.
    pub block: BlockRecord,
    /// What it changes.
    pub state: StateChanges,
}

/// How far ahead of the clock a block may be: clocks differ, and a message takes its time (geth's bound).
pub(super) const AHEAD: Seconds = Seconds(15);

/// Whether a block's time may be, given the clock. Without a bound a producer would move the time of all that
/// follow. A chain that one node makes alone, or that is none of ours, has the time that it is given.
///
/// # Errors
/// [`Unacceptable::TooNew`].
pub(super) fn check_clock(
    spec: &ChainSpec,
    timestamp: Seconds,
    now: Seconds,
) -> Result<(), Unacceptable> {
    if is_shared(spec) && timestamp > now.saturating_add(AHEAD) {
        return Err(Unacceptable::TooNew { timestamp, now });
    }
    Ok(())
}

/// Whether others make blocks of the chain, too.
pub(super) fn is_shared(spec: &ChainSpec) -> bool {
    spec.poci.as_ref().is_some_and(|schedule| !schedule.sole_sealer)
}

/// Judges a block as the next one on the head of a view. Changes nothing.
///
/// # Errors
/// [`Unacceptable`] with the first fault found.
pub fn judge(view: &ChainView, foreign: &Foreign) -> Result<Judged, Unacceptable> {
    let found = &foreign.block.header;
    check_against_parent(view.spec(), view.head(), found)?;
    check_body(view, foreign)?;
    uncles::check(view, &foreign.block.body.ommers)?;
    let producer = match &view.spec().poci {
        Some(_) => {
            Some(poci::check_producer(view, found, foreign.sidecar.as_ref().map(AsRef::as_ref))?)
        }
        None if foreign.sidecar.is_some() => return Err(Unacceptable::Unasked),
        None => None,
    };
    let transactions = recover_all(&foreign.block.body.transactions)
        .map_err(|index| Unacceptable::Sender { index })?;

    let mut state: Overlay = CacheDB::new(view.state(At::Latest)?.remembering());
    let env = view.env_of(found);
    let spec_id = env.cfg_env.spec;
    let mut run = BlockRun::new(view.spec(), &mut state, env);
    run.open(found.parent_hash, found.parent_beacon_block_root)?;
    for transaction in &transactions {
        run.execute(transaction)?;
    }
    let given = foreign.block.body.withdrawals.as_deref().map(Vec::as_slice);
    let rewards = producer.map_or(Rewards::Given(given), Rewards::Emission);
    let executed = run.close(&foreign.block.body.ommers, rewards)?;
    let (changes, state_root) = settle(&state, spec_id)?;
    check_results(view, foreign, &executed, state_root)?;
    let block = BlockRecord {
        header: found.clone().seal_slow(),
        transactions,
        receipts: executed.receipts,
        ommers: foreign.block.body.ommers.clone(),
        withdrawals: executed.withdrawals,
        sidecar: foreign.sidecar.clone(),
    };
    Ok(Judged { block, state: changes })
}

fn field<T: PartialEq + Debug>(
    field: &'static str,
    found: T,
    expected: T,
) -> Result<(), Unacceptable> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (format!("{found:?}").into(), format!("{expected:?}").into());
    Err(Unacceptable::Field { field, found, expected })
}

fn range(
    field: &'static str,
    found: u64,
    allowed: std::ops::RangeInclusive<u64>,
) -> Result<(), Unacceptable> {
    if allowed.contains(&found) {
        return Ok(());
    }
    let expected = format!("between {} and {}", allowed.start(), allowed.end()).into();
    Err(Unacceptable::Field { field, found: found.to_string().into(), expected })
}

/// Fields that follow from the parent.
fn check_against_parent(
    spec: &ChainSpec,
    parent: &Sealed<Header>,
    found: &Header,
) -> Result<(), Unacceptable> {
    let time = Seconds(found.timestamp);
    field("parentHash", found.parent_hash, parent.hash())?;
    field("number", found.number, parent.number.saturating_add(1))?;
    let earliest = parent.timestamp.saturating_add(1);
    range("timestamp", found.timestamp, earliest..=u64::MAX)?;
    if earliest == parent.timestamp {
        // Nothing follows the end of time.
        let (found, expected) = (found.timestamp.to_string().into(), "above the parent's".into());
        return Err(Unacceptable::Field { field: "timestamp", found, expected });
    }
    range("gasLimit", found.gas_limit, header::gas_limits(spec, parent))?;
    field("baseFeePerGas", found.base_fee_per_gas, next_base_fee(spec, parent))?;
    field("excessBlobGas", found.excess_blob_gas, next_excess_blob_gas(spec, parent, time))?;
    let longest = if spec.poci.is_some() { 32..=32 } else { 0..=32 };
    let length = u64::try_from(found.extra_data.len()).unwrap_or(u64::MAX);
    range("extraData", length, longest)?;
    let has_beacon_root = spec.is_cancun_active_at_timestamp(time.0);
    field("parentBeaconBlockRoot", found.parent_beacon_block_root.is_some(), has_beacon_root)?;
    if spec.poci.is_some() {
        let root = found.parent_beacon_block_root;
        field("parentBeaconBlockRoot", root, Some(B256::ZERO))?;
    }
    // Amsterdam's fields; no chain of ours has come there.
    field("blockAccessListHash", found.block_access_list_hash, None)?;
    field("slotNumber", found.slot_number, None)?;
    if spec.is_paris_active_at_block(found.number) {
        field("difficulty", found.difficulty, Default::default())?;
        field("nonce", found.nonce, B64::ZERO)?;
        field("sha3Uncles", found.ommers_hash, EMPTY_OMMER_ROOT_HASH)
    } else {
        field("difficulty", found.difficulty, difficulty::next(spec, parent, time))
    }
}

/// Fields that commit to the body.
fn check_body(view: &ChainView, foreign: &Foreign) -> Result<(), Unacceptable> {
    let (found, body) = (&foreign.block.header, &foreign.block.body);
    let bytes = foreign.block.length();
    if view.spec().is_osaka_active_at_timestamp(found.timestamp) && bytes > LONGEST_BLOCK {
        return Err(Unacceptable::TooLong { bytes });
    }
    let transactions_root =
        alloy_consensus::proofs::calculate_transaction_root::<Transaction>(&body.transactions);
    field("transactionsRoot", found.transactions_root, transactions_root)?;
    field("sha3Uncles", found.ommers_hash, header::ommers_root(&body.ommers))?;
    let has_withdrawals = view.spec().is_shanghai_active_at_timestamp(found.timestamp);
    field("withdrawals", body.withdrawals.is_some(), has_withdrawals)?;
    let root = body.withdrawals.as_ref();
    let root = root.map(|list| alloy_consensus::proofs::calculate_withdrawals_root(list));
    field("withdrawalsRoot", found.withdrawals_root, root)
}

/// Fields that follow from execution.
fn check_results(
    view: &ChainView,
    foreign: &Foreign,
    executed: &Executed,
    state_root: B256,
) -> Result<(), Unacceptable> {
    let found = &foreign.block.header;
    let bare = &foreign.block.body.transactions;
    let mut expected = found.clone();
    header::close(&mut expected, view.spec(), bare, executed, state_root);
    field("gasUsed", found.gas_used, expected.gas_used)?;
    field("blobGasUsed", found.blob_gas_used, expected.blob_gas_used)?;
    field("withdrawalsRoot", found.withdrawals_root, expected.withdrawals_root)?;
    field("logsBloom", found.logs_bloom, expected.logs_bloom)?;
    field("receiptsRoot", found.receipts_root, expected.receipts_root)?;
    field("requestsHash", found.requests_hash, expected.requests_hash)?;
    field("stateRoot", found.state_root, expected.state_root)?;
    if let Some(params) = view.spec().blob_params(Seconds(found.timestamp)) {
        let used = found.blob_gas_used.unwrap_or_default();
        range("blobGasUsed", used, 0..=params.max_blob_gas_per_block())?;
    }
    Ok(())
}

impl Judged {
    /// The number of the block.
    pub fn height(&self) -> Height {
        self.block.height()
    }
}
