//! Remembers which files everybody may read, so that a stranger's request costs one look and not a batch of manifests.

use super::refused::{Answer, Refused};
use crate::{
    notebook::Notebook,
    records::{BatchRecord, JobRecord},
    store::BlobStore,
};
use alloy_primitives::B256;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use utnet_jobs::manifest::Manifest;
use utnet_primitives::BatchId;

/// Batches whose files are remembered.
const KEPT: usize = 64;

type Files = Arc<BTreeSet<B256>>;

/// The public files of the batches that were asked for.
#[derive(Debug, Default)]
pub struct Published {
    known: Mutex<BTreeMap<BatchId, Files>>,
}

impl Published {
    /// The files of a posted batch: of its jobs, and of its results.
    pub(super) fn of(&self, notebook: &Notebook, blobs: &BlobStore, id: BatchId) -> Answer<Files> {
        if let Some(files) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(files));
        }
        let (batch, jobs) = posted(notebook, id)?;
        let (files, is_whole) = files_of(&batch, &jobs, blobs);
        let files = Arc::new(files);
        if is_whole {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            while known.len() >= KEPT {
                known.pop_first();
            }
            known.insert(id, Arc::clone(&files));
        }
        Ok(files)
    }
}

/// A batch that was posted, and its jobs.
pub(super) fn posted(notebook: &Notebook, id: BatchId) -> Answer<(BatchRecord, Vec<JobRecord>)> {
    let all = notebook.all::<BatchRecord>()?;
    let batch = all.into_iter().find(|batch| batch.id == Some(id)).ok_or(Refused::Unknown)?;
    let jobs = batch
        .leaves
        .iter()
        .map(|leaf| notebook.find::<JobRecord>(leaf.job.0.as_slice())?.ok_or(Refused::Unknown))
        .collect::<Answer<_>>()?;
    Ok((batch, jobs))
}

/// All files, and whether every manifest could be read.
fn files_of(batch: &BatchRecord, jobs: &[JobRecord], blobs: &BlobStore) -> (BTreeSet<B256>, bool) {
    let (mut files, mut is_whole) = (BTreeSet::new(), true);
    for job in jobs {
        files.extend([job.spec.programHash, job.spec.inputHash, job.spec.paramsHash]);
    }
    for leaf in &batch.leaves {
        files.insert(leaf.result_root);
        let bytes = blobs.read(&leaf.result_root).ok();
        match bytes.and_then(|bytes| Manifest::decode(&bytes).ok()) {
            Some(manifest) => files.extend(manifest.files.iter().map(|file| file.sha256)),
            None => is_whole = false,
        }
    }
    (files, is_whole)
}
