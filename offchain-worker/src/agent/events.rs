//! Notes what the chain announced, in the transaction that accepts the block.

use super::{Home, taking::Offers};
use crate::{
    notebook::{Record, find_in, has_in, put_in},
    records::{
        CaseRecord, ChallengeRecord, DisputeRecord, DutyRecord, IntervalRecord, JobProgress,
        JobRecord, KeyRecord, PostedRecord, RentalRecord, RequestRecord,
    },
};
use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::Log;
use alloy_sol_types::SolEvent;
use redb::WriteTransaction;
use utnet_bindings::{
    ChipChallenges::Challenged,
    Committee::{CaseOpened, CommitteeDrawn},
    IntervalCourt::IntervalDisputed,
    JobEscrow::JobOpened,
    OrderBook::OrderFilled,
    PociRegistry::ChipRegistered,
    ResultRollup::{DataRequested, LeafChallenged, RootPosted},
    RpoiEscrow::RentalOpened,
};
use utnet_client::StorageError;
use utnet_primitives::{BatchId, ChipId, Height, JobId, RentalId, Seconds};

/// Notes the logs of one block. A record that is there already is left alone; a job is noted only if it is `taken`.
pub(super) fn note(
    txn: &WriteTransaction,
    home: &Home,
    least_price: u128,
    logs: &[Log],
    at: Seconds,
) -> Result<(), StorageError> {
    let mut offers = Offers::new(home.operator, least_price);
    for log in logs {
        let (address, topic) = (log.address(), log.topic0().copied().unwrap_or_default());
        if address == home.jobs && topic == JobOpened::SIGNATURE_HASH {
            note_job(txn, home, &mut offers, log)?;
        } else if address == home.orders && topic == OrderFilled::SIGNATURE_HASH {
            let filled = decoded::<OrderFilled>(log);
            filled.into_iter().for_each(|event| offers.note(log.transaction_hash, &event));
        } else if address == home.escrow && topic == RentalOpened::SIGNATURE_HASH {
            note_rental(txn, home, &mut offers, log)?;
        } else if address == home.court && topic == IntervalDisputed::SIGNATURE_HASH {
            note_interval(txn, log, at)?;
        } else if address == home.rollup && topic == RootPosted::SIGNATURE_HASH {
            note_batch(txn, log, at)?;
        } else if address == home.rollup && topic == LeafChallenged::SIGNATURE_HASH {
            note_dispute(txn, log, at)?;
        } else if address == home.rollup && topic == DataRequested::SIGNATURE_HASH {
            note_request(txn, log, at)?;
        } else if address == home.committee && topic == CommitteeDrawn::SIGNATURE_HASH {
            note_duty(txn, home, log, at)?;
        } else if address == home.committee && topic == CaseOpened::SIGNATURE_HASH {
            note_case(txn, log, at)?;
        } else {
            note_of_chips(txn, home, log, at)?;
        }
    }
    Ok(())
}

/// Notes what concerns single chips.
fn note_of_chips(
    txn: &WriteTransaction,
    home: &Home,
    log: &Log,
    at: Seconds,
) -> Result<(), StorageError> {
    let (address, topic) = (log.address(), log.topic0().copied().unwrap_or_default());
    if address == home.registry && topic == ChipRegistered::SIGNATURE_HASH {
        note_chip(txn, home, log)
    } else if address == home.challenges && topic == Challenged::SIGNATURE_HASH {
        note_challenge(txn, log, at)
    } else {
        Ok(())
    }
}

/// Logs of our own contracts decode; those that do not are told and skipped.
fn decoded<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log(&log.inner)
        .inspect_err(|error| tracing::warn!(%error, event = E::SIGNATURE, "log does not decode"))
        .ok()
        .map(|log| log.data)
}

fn note_job(
    txn: &WriteTransaction,
    home: &Home,
    offers: &mut Offers,
    log: &Log,
) -> Result<(), StorageError> {
    let Some(event) = decoded::<JobOpened>(log) else { return Ok(()) };
    let id = JobId(event.job);
    if event.worker != home.operator || has_in::<JobRecord>(txn, id.0.as_slice())? {
        return Ok(());
    }
    let rental: Option<RentalRecord> = find_in(txn, event.spec.rental.as_slice())?;
    let Some(terms) = offers.terms_of(log.transaction_hash, &event.spec, rental.as_ref()) else {
        tracing::debug!(job = %id, client = %event.client, "a job that nobody agreed on");
        return Ok(());
    };
    tracing::info!(job = %id, client = %event.client, "job opened");
    put_in(txn, &JobRecord { id, spec: event.spec, progress: JobProgress::Waiting, terms })
}

fn note_rental(
    txn: &WriteTransaction,
    home: &Home,
    offers: &mut Offers,
    log: &Log,
) -> Result<(), StorageError> {
    let Some(event) = decoded::<RentalOpened>(log) else { return Ok(()) };
    let id = RentalId(event.rental);
    if event.operator != home.operator {
        return Ok(());
    }
    offers.note_rental(log.transaction_hash);
    if has_in::<RentalRecord>(txn, id.0.as_slice())? {
        return Ok(());
    }
    tracing::info!(rental = %id, renter = %event.renter, "rental opened");
    let record = RentalRecord {
        id,
        renter: event.renter,
        renter_key: event.renterKey,
        secret: None,
        closed_at: None,
    };
    put_in(txn, &record)
}

/// A rental that was noted is this operator's.
fn note_interval(txn: &WriteTransaction, log: &Log, noted_at: Seconds) -> Result<(), StorageError> {
    let Some(event) = decoded::<IntervalDisputed>(log) else { return Ok(()) };
    let rental = RentalId(event.rental);
    if !has_in::<RentalRecord>(txn, rental.0.as_slice())? {
        return Ok(());
    }
    tracing::warn!(%rental, from = event.fromSecond, to = event.toSecond, deadline = event.deadline, "the renter disputes an interval");
    let record = IntervalRecord {
        rental,
        from: Seconds(event.fromSecond),
        to: Seconds(event.toSecond),
        bond: U256::from(event.bond),
        deadline: Seconds(event.deadline),
        is_told: false,
        outcome: None,
        noted_at,
    };
    put_new(txn, &record)
}

fn note_chip(txn: &WriteTransaction, home: &Home, log: &Log) -> Result<(), StorageError> {
    let Some(event) = decoded::<ChipRegistered>(log) else { return Ok(()) };
    if event.operator != home.operator {
        return Ok(());
    }
    put_in(txn, &KeyRecord { chip: ChipId(event.chip), key: event.blsKey })
}

/// A chip whose key was noted is, or was, ours.
fn note_challenge(
    txn: &WriteTransaction,
    log: &Log,
    noted_at: Seconds,
) -> Result<(), StorageError> {
    let Some(event) = decoded::<Challenged>(log) else { return Ok(()) };
    let (chip, asked_at) = (ChipId(event.chip), Height(log.block_number.unwrap_or_default()));
    if !has_in::<KeyRecord>(txn, chip.0.as_slice())? {
        return Ok(());
    }
    tracing::info!(%chip, number = event.number, deadline = event.deadlineBlock, "chip challenged");
    let record = ChallengeRecord {
        chip,
        number: event.number,
        asked_at,
        deadline: Height(event.deadlineBlock),
        is_told: false,
        outcome: None,
        noted_at,
    };
    put_new(txn, &record)
}

fn note_batch(txn: &WriteTransaction, log: &Log, at: Seconds) -> Result<(), StorageError> {
    let Some(event) = decoded::<RootPosted>(log) else { return Ok(()) };
    let record = PostedRecord {
        id: BatchId(event.batch),
        poster: event.poster,
        root: event.root,
        leaves: event.leaves,
        pointer: event.dataPointer,
        noted_at: at,
    };
    put_in(txn, &record)
}

fn note_dispute(txn: &WriteTransaction, log: &Log, noted_at: Seconds) -> Result<(), StorageError> {
    let Some(event) = decoded::<LeafChallenged>(log) else { return Ok(()) };
    let Ok(index) = u64::try_from(event.index) else { return Ok(()) };
    let record = DisputeRecord {
        subject: event.subject,
        batch: BatchId(event.batch),
        index,
        result_root: event.resultRoot,
        steps: event.steps,
        outcome: None,
        noted_at,
    };
    put_new(txn, &record)
}

fn note_request(txn: &WriteTransaction, log: &Log, noted_at: Seconds) -> Result<(), StorageError> {
    let Some(event) = decoded::<DataRequested>(log) else { return Ok(()) };
    let Ok(index) = u64::try_from(event.index) else { return Ok(()) };
    let batch = BatchId(event.batch);
    put_new(txn, &RequestRecord { batch, index, outcome: None, noted_at })
}

fn note_case(txn: &WriteTransaction, log: &Log, noted_at: Seconds) -> Result<(), StorageError> {
    let Some(event) = decoded::<CaseOpened>(log) else { return Ok(()) };
    put_new(txn, &CaseRecord { subject: event.subject, is_closed: false, noted_at })
}

fn note_duty(
    txn: &WriteTransaction,
    home: &Home,
    log: &Log,
    noted_at: Seconds,
) -> Result<(), StorageError> {
    let Some(event) = decoded::<CommitteeDrawn>(log) else { return Ok(()) };
    if !event.members.contains(&home.operator) {
        return Ok(());
    }
    tracing::info!(subject = %event.subject, round = event.round, "drawn into a committee");
    let record = DutyRecord {
        subject: event.subject,
        round: event.round,
        salt: B256::from(rand::random::<[u8; 32]>()),
        found: None,
        is_unserved: false,
        outcome: None,
        noted_at,
    };
    put_new(txn, &record)
}

/// Keeps a record unless there is one under its key.
fn put_new<R: Record>(txn: &WriteTransaction, record: &R) -> Result<(), StorageError> {
    if has_in::<R>(txn, &record.key())? { Ok(()) } else { put_in(txn, record) }
}
