//! Gives a file away piece by piece: of each reader, one piece is held, however slowly it reads.

use super::{
    refused::{Answer, Refused},
    routes::{Desk, blocking},
};
use crate::store::BlobStore;
use alloy_primitives::B256;
use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures::stream::try_unfold;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, Read},
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use utnet_jobs::remote::FILE_PATIENCE;

/// Most bytes of a piece.
const PIECE: u64 = 64 << 10;

/// A file on its way to a reader, who keeps the seat until it is there or the line breaks. Lines see to it that the next
/// piece, with which the time is looked at, is asked for soon.
struct Download {
    blobs: BlobStore,
    name: B256,
    file: File,
    left: u64,
    hash: Sha256,
    until: Instant,
    _seat: OwnedSemaphorePermit,
}

/// Answers with a file. One that is damaged breaks off before its end.
pub(super) async fn give(desk: &Desk, name: B256, seat: OwnedSemaphorePermit) -> Answer<Response> {
    let (blobs, until) = (desk.blobs.clone(), Instant::now() + FILE_PATIENCE);
    let download = blocking(move || -> Answer<Download> {
        let file = blobs.open_file(&name)?;
        let left = blobs.length(&name)?;
        Ok(Download { blobs, name, file, left, hash: Sha256::new(), until, _seat: seat })
    });
    let download = download.await??;
    let heads = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, download.left.to_string()),
    ];
    let body = Body::from_stream(try_unfold(download, |download| async move {
        if download.left == 0 {
            return Ok(None);
        }
        blocking(move || download.next()).await.map_err(gone)?.map(Some)
    }));
    Ok((heads, body).into_response())
}

impl Download {
    /// The next piece; the last one only if the whole is what its name says.
    fn next(mut self) -> io::Result<(Bytes, Self)> {
        if Instant::now() > self.until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut piece = Vec::new();
        self.file.by_ref().take(PIECE.min(self.left)).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left = self.left.saturating_sub(piece.len() as u64);
        self.hash.update(&piece);
        if self.left == 0 {
            let found = B256::from_slice(&self.hash.finalize_reset());
            self.blobs.check(&self.name, found).map_err(|error| {
                tracing::error!(%error, "a file breaks off");
                io::Error::other(error)
            })?;
        }
        Ok((piece.into(), self))
    }
}

fn gone(refused: Refused) -> io::Error {
    io::Error::other(refused)
}
