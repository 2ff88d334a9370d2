//! Takes in a renter's file: never whole in memory, never more than the rental may bring, never slower than it must come.

use super::{
    refused::{Answer, Refused},
    routes::Desk,
};
use crate::{
    notebook::{Record, find_in, put_in},
    records::UsageRecord,
};
use alloy_primitives::B256;
use axum::body::{Body, Bytes};
use futures::StreamExt;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use utnet_client::StorageError;
use utnet_primitives::RentalId;

/// Time for one file, and for the next piece of it.
const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_secs(30);

/// Pieces on their way to the disk.
const PIECES: usize = 4;

/// What even the shortest file takes of a disk, in bytes.
const LEAST: u64 = 4_096;

/// A piece of a file, or `None` when it is complete: a line that breaks says nothing.
type Piece = Option<Bytes>;

/// Keeps a file under its announced name; its length.
pub(super) async fn take(
    desk: &Arc<Desk>,
    rental: RentalId,
    hash: B256,
    body: Body,
) -> Answer<u64> {
    let _seat = desk.uploads.try_acquire().map_err(|_all_taken| Refused::Busy)?;
    let (sender, pieces) = mpsc::channel(PIECES);
    let desk = Arc::clone(desk);
    let keeping = tokio::task::spawn_blocking(move || keep(&desk, rental, hash, pieces));
    let passed = timeout(PATIENCE, pass(body, sender)).await;
    let kept = keeping.await.map_err(|error| {
        tracing::error!(%error, "keeping a file failed");
        Refused::Failed
    })?;
    passed.map_or(Err(Refused::BrokenOff), |()| kept)
}

/// Passes the pieces on as they come, until the end or until nobody wants more.
async fn pass(body: Body, pieces: mpsc::Sender<Piece>) {
    let mut body = body.into_data_stream();
    while let Ok(piece) = timeout(PAUSE, body.next()).await {
        let piece = match piece.transpose() {
            Ok(piece) => piece,
            Err(error) => return tracing::debug!(%error, "an upload broke off"),
        };
        let is_last = piece.is_none();
        if pieces.send(piece).await.is_err() || is_last {
            return;
        }
    }
}

fn keep(
    desk: &Desk,
    rental: RentalId,
    hash: B256,
    mut pieces: mpsc::Receiver<Piece>,
) -> Answer<u64> {
    let (mut draft, mut bytes) = (desk.blobs.draft()?, 0_u64);
    while let Some(piece) = pieces.blocking_recv().ok_or(Refused::BrokenOff)? {
        bytes = bytes.saturating_add(piece.len() as u64);
        if bytes > desk.longest_blob {
            return Err(Refused::TooLong { most: desk.longest_blob });
        }
        draft.write(&piece)?;
    }
    if draft.hash() != hash {
        return Err(Refused::Mismatch);
    }
    if !desk.blobs.has(&hash) {
        charge(desk, rental, bytes.max(LEAST))?;
    }
    draft.keep_as(hash)?;
    Ok(bytes)
}

/// Counts a file before it is kept: who is cut off in between has paid for nothing, but nobody brings more than allowed.
fn charge(desk: &Desk, rental: RentalId, bytes: u64) -> Answer<()> {
    let txn = desk.notebook.begin()?;
    let used = UsageRecord { rental, bytes: 0 };
    let used: UsageRecord = find_in(&txn, &used.key())?.unwrap_or(used);
    let bytes = used.bytes.saturating_add(bytes);
    if bytes > desk.rental_bytes {
        return Err(Refused::Quota { most: desk.rental_bytes });
    }
    put_in(&txn, &UsageRecord { rental, bytes })?;
    Ok(txn.commit().map_err(StorageError::from)?)
}
