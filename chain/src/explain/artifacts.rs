//! Knows contracts by their compiled code, from the artifacts in a folder; reads them again when they changed.

use super::{code::Code, formats};
use alloy_dyn_abi::{DynSolValue, EventExt, FunctionExt, JsonAbiExt};
use alloy_json_abi::{Event, Function, JsonAbi};
use alloy_primitives::{LogData, Selector};
use parking_lot::RwLock;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// How deep folders are searched.
const MOST_DEPTH: usize = 16;

/// Why a folder of artifacts cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("--artifacts {}: not a folder that can be read (forge's is `out`, hardhat's `artifacts`)", folder.display())]
pub struct ArtifactsError {
    /// What was asked for.
    folder: PathBuf,
    source: io::Error,
}

/// The contracts whose artifacts lie in a folder.
#[derive(Debug)]
pub struct Artifacts {
    folder: PathBuf,
    known: RwLock<Arc<Known>>,
}

/// What was read, and from what.
#[derive(Debug, Default)]
struct Known {
    files: Vec<(PathBuf, SystemTime, u64)>,
    contracts: Vec<Arc<Contract>>,
}

/// A contract as its compiler described it.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) name: String,
    pub(super) abi: JsonAbi,
    pub(super) creation: Code,
    pub(super) deployed: Code,
}

/// Code that runs, and the contract that it is of.
#[derive(Clone, Debug)]
pub(super) struct Recognised {
    pub(super) contract: Arc<Contract>,
    pub(super) is_creation: bool,
}

impl Recognised {
    /// The code as the compiler wrote it.
    pub(super) fn code(&self) -> &Code {
        if self.is_creation { &self.contract.creation } else { &self.contract.deployed }
    }
}

/// A name with the names and values of its arguments.
pub(super) type Decoded = (String, Vec<String>, Vec<DynSolValue>);

impl Artifacts {
    /// The artifacts in a folder, which may still be empty: they are read when they are needed.
    ///
    /// # Errors
    /// When it is no folder, or cannot be read.
    pub fn in_folder(folder: &Path) -> Result<Self, ArtifactsError> {
        let wrong = |source| ArtifactsError { folder: folder.to_owned(), source };
        let absolute = fs::canonicalize(folder).map_err(wrong)?;
        fs::read_dir(&absolute).map_err(wrong)?;
        Ok(Self { folder: absolute, known: RwLock::default() })
    }

    /// The contract whose code this is. Looks at the folder again when nothing known fits.
    pub(super) fn recognise(&self, code: &[u8], is_creation: bool) -> Option<Recognised> {
        let find = |known: &Known| {
            known
                .contracts
                .iter()
                .find(|contract| match is_creation {
                    true => contract.creation.begins(code),
                    false => contract.deployed.is(code),
                })
                .cloned()
        };
        let known = self.known();
        let contract = find(&known).or_else(|| find(&*self.read_again(&known)?))?;
        Some(Recognised { contract, is_creation })
    }

    /// The custom error that a revert's output names.
    pub(super) fn error(&self, output: &[u8]) -> Option<Decoded> {
        let (selector, data) = output.split_first_chunk::<4>()?;
        let selector = Selector::from(*selector);
        self.in_any(|contract| {
            let error = contract.abi.errors().find(|error| error.selector() == selector)?;
            let names = error.inputs.iter().map(|input| input.name.clone()).collect();
            Some((error.name.clone(), names, error.abi_decode_input(data).ok()?))
        })
    }

    /// The event that a log tells of.
    pub(super) fn event(&self, log: &LogData) -> Option<Decoded> {
        let topic = log.topics().first()?;
        self.in_any(|contract| {
            let event = contract.abi.events().find(|event| event.selector() == *topic)?;
            decode_event(event, log)
        })
    }

    /// The function that a call of any contract means.
    pub(super) fn function(&self, selector: Selector) -> Option<Function> {
        self.in_any(|contract| contract.abi.function_by_selector(selector).cloned())
    }

    fn in_any<T>(&self, look: impl Fn(&Contract) -> Option<T>) -> Option<T> {
        let find = |known: &Known| known.contracts.iter().find_map(|contract| look(contract));
        let known = self.known();
        find(&known).or_else(|| find(&*self.read_again(&known)?))
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read())
    }

    /// Reads the folder if it changed since; `None` when there is nothing new.
    fn read_again(&self, before: &Known) -> Option<Arc<Known>> {
        let mut files = Vec::new();
        list(&self.folder, MOST_DEPTH, &mut files);
        files.sort_unstable();
        if files == before.files {
            return None;
        }
        let paths: Vec<_> = files.iter().map(|(path, ..)| path.clone()).collect();
        let contracts = formats::read(&self.folder, &paths).into_iter().map(Arc::new).collect();
        let known = Arc::new(Known { files, contracts });
        *self.known.write() = Arc::clone(&known);
        Some(known)
    }
}

/// All JSON files below a folder; what vanishes meanwhile is left out.
fn list(folder: &Path, depth: usize, files: &mut Vec<(PathBuf, SystemTime, u64)>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(data) = entry.metadata() else { continue };
        let path = entry.path();
        if data.is_dir() {
            list(&path, depth, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let changed = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((path, changed, data.len()));
        }
    }
}

fn decode_event(event: &Event, log: &LogData) -> Option<Decoded> {
    let decoded = event.decode_log(log).ok()?;
    let (mut indexed, mut body) = (decoded.indexed.into_iter(), decoded.body.into_iter());
    let values = event.inputs.iter().map(|input| match input.indexed {
        true => indexed.next(),
        false => body.next(),
    });
    let values = values.collect::<Option<_>>()?;
    let names = event.inputs.iter().map(|input| input.name.clone()).collect();
    Some((event.name.clone(), names, values))
}

/// The arguments of a call, and what it returned if that can be read.
pub(super) fn arguments(function: &Function, call: &[u8]) -> Option<Vec<DynSolValue>> {
    function.abi_decode_input(call.get(4..)?).ok()
}

/// What a call returned.
pub(super) fn results(function: &Function, output: &[u8]) -> Option<Vec<DynSolValue>> {
    function.abi_decode_output(output).ok()
}
