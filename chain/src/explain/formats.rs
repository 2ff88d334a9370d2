//! Reads what compilers leave on disk: forge's `out`, hardhat's `artifacts` of versions 2 and 3.

use super::{
    artifacts::Contract,
    code::{Code, Sources},
    source::Source,
};
use alloy_json_abi::JsonAbi;
use alloy_primitives::hex;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where a placeholder `__$..$__` of a library stands in hex: as many digits as an address has.
const PLACEHOLDER: &str = "__";
const ADDRESS_DIGITS: usize = 40;

/// Positions of bytes that are filled in later: by file and library, or by immutable.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Hole {
    start: usize,
    length: usize,
}

/// One code of forge's artifact, and of the compiler's own output.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Bytecode {
    object: String,
    source_map: String,
    link_references: BTreeMap<String, BTreeMap<String, Vec<Hole>>>,
    immutable_references: BTreeMap<String, Vec<Hole>>,
}

/// forge's artifact, as far as it matters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForgeArtifact {
    abi: JsonAbi,
    bytecode: Bytecode,
    deployed_bytecode: Bytecode,
    #[serde(default)]
    metadata: Option<Metadata>,
    id: i64,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    settings: MetadataSettings,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetadataSettings {
    compilation_target: BTreeMap<String, String>,
}

/// forge's note of a compilation: its files by number.
#[derive(Debug, Deserialize)]
struct ForgeBuild {
    source_id_to_path: BTreeMap<i64, PathBuf>,
}

/// The compiler's input and output in one file, as hardhat 2 keeps it.
#[derive(Debug, Deserialize)]
struct WholeBuild {
    input: Input,
    output: Output,
}

/// The compiler's input, as hardhat 3 keeps it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputBuild {
    input: Input,
    #[serde(default)]
    user_source_name_map: BTreeMap<String, String>,
}

/// The compiler's output beside it.
#[derive(Debug, Deserialize)]
struct OutputBuild {
    output: Output,
}

#[derive(Debug, Deserialize)]
struct Input {
    sources: BTreeMap<String, InputSource>,
}

#[derive(Debug, Deserialize)]
struct InputSource {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Output {
    #[serde(default)]
    sources: BTreeMap<String, OutputSource>,
    #[serde(default)]
    contracts: BTreeMap<String, BTreeMap<String, Compiled>>,
}

#[derive(Debug, Deserialize)]
struct OutputSource {
    id: i64,
}

#[derive(Debug, Deserialize)]
struct Compiled {
    abi: JsonAbi,
    evm: Evm,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Evm {
    bytecode: Bytecode,
    deployed_bytecode: Bytecode,
}

/// Reads all files; what is none of these formats is passed over.
pub(super) fn read(folder: &Path, files: &[PathBuf]) -> Vec<Contract> {
    let mut found = Vec::new();
    let (builds, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| is_build(file));
    let mut forge = Vec::new();
    for file in &builds {
        if let Some(build) = parse::<ForgeBuild>(file) {
            forge.push(forge_sources(folder, build));
        } else if let Some(whole) = parse::<WholeBuild>(file) {
            compiled(&whole.input, &BTreeMap::new(), whole.output, &mut found);
        } else if let Some(OutputBuild { output }) = parse(&beside(file))
            && let Some(InputBuild { input, user_source_name_map }) = parse(file)
        {
            compiled(&input, &user_source_name_map, output, &mut found);
        }
    }
    for file in others {
        found.extend(parse(file).and_then(|artifact| forge_contract(file, artifact, &forge)));
    }
    found
}

fn is_build(file: &Path) -> bool {
    file.parent().and_then(Path::file_name).is_some_and(|name| name == "build-info")
}

/// Where hardhat 3 keeps a build's output: `X.output.json` beside `X.json`.
fn beside(file: &Path) -> PathBuf {
    file.with_extension("output.json")
}

fn parse<T: DeserializeOwned>(file: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// forge's files of a compilation, with the path of each.
fn forge_sources(folder: &Path, build: ForgeBuild) -> (BTreeMap<i64, PathBuf>, Arc<Sources>) {
    let read = |path: &Path| {
        // Paths are relative to the project, which holds the folder of artifacts somewhere below.
        folder.ancestors().find_map(|root| fs::read_to_string(root.join(path)).ok())
    };
    let source = |(id, path): (&i64, &PathBuf)| {
        let name = path.display().to_string();
        (*id, Arc::new(Source::new(name, read(path).as_deref())))
    };
    let sources = build.source_id_to_path.iter().map(source).collect();
    (build.source_id_to_path, Arc::new(sources))
}

fn forge_contract(
    file: &Path,
    artifact: ForgeArtifact,
    builds: &[(BTreeMap<i64, PathBuf>, Arc<Sources>)],
) -> Option<Contract> {
    let target =
        artifact.metadata.and_then(|data| data.settings.compilation_target.into_iter().next());
    let (path, name) = match target {
        Some((path, name)) => (Some(PathBuf::from(path)), name),
        None => (None, file.file_stem()?.to_str()?.to_owned()),
    };
    // Each compilation numbers its files anew: the one that this comes from has it under its number.
    let is_its_own = |paths: &BTreeMap<i64, PathBuf>| match &path {
        Some(path) => paths.get(&artifact.id) == Some(path),
        None => paths.contains_key(&artifact.id),
    };
    let build = builds.iter().find(|(paths, _)| is_its_own(paths));
    let sources = build.map(|(_, sources)| Arc::clone(sources)).unwrap_or_default();
    Some(Contract {
        name,
        abi: artifact.abi,
        creation: code(&artifact.bytecode, &sources),
        deployed: code(&artifact.deployed_bytecode, &sources),
    })
}

/// The contracts of a compiler's output; `names` are the paths that people know files by.
fn compiled(
    input: &Input,
    names: &BTreeMap<String, String>,
    output: Output,
    found: &mut Vec<Contract>,
) {
    let source = |(path, OutputSource { id }): (&String, &OutputSource)| {
        let text = input.sources.get(path).and_then(|source| source.content.as_deref());
        // hardhat 3 compiles `project/contracts/A.sol` and maps the names that people use to it.
        let name =
            names.iter().find(|(_, internal)| *internal == path).map_or(path, |(name, _)| name);
        (*id, Arc::new(Source::new(name.clone(), text)))
    };
    let sources: Arc<Sources> = Arc::new(output.sources.iter().map(source).collect());
    let contracts = output.contracts.into_values().flatten();
    found.extend(contracts.map(|(name, compiled)| Contract {
        name,
        creation: code(&compiled.evm.bytecode, &sources),
        deployed: code(&compiled.evm.deployed_bytecode, &sources),
        abi: compiled.abi,
    }));
}

fn code(bytecode: &Bytecode, sources: &Arc<Sources>) -> Code {
    let links = bytecode.link_references.values().flat_map(BTreeMap::values);
    let holes = links.chain(bytecode.immutable_references.values()).flatten();
    let range =
        |hole: &Hole| -> Range<usize> { hole.start..hole.start.saturating_add(hole.length) };
    let bytes = hex::decode(without_placeholders(&bytecode.object)).unwrap_or_default();
    Code::new(bytes, holes.map(range).collect(), bytecode.source_map.clone(), Arc::clone(sources))
}

/// Hex with zeros where a library's address is still to be put.
fn without_placeholders(object: &str) -> String {
    let mut hex = String::with_capacity(object.len());
    let mut rest = object;
    while let Some((before, after)) = rest.split_once(PLACEHOLDER) {
        hex.push_str(before);
        hex.push_str(&"0".repeat(ADDRESS_DIGITS));
        rest = after.get(ADDRESS_DIGITS - PLACEHOLDER.len()..).unwrap_or_default();
    }
    hex + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_of_a_library_reads_as_zeros() {
        let object = format!("0x6001{}00", "__$cf1c0e1fd3b6fb0d8ea1b2c3d4e5f60718$__");
        assert_eq!(without_placeholders(&object), format!("0x6001{}00", "0".repeat(40)));
        assert_eq!(without_placeholders("0x60__"), format!("0x60{}", "0".repeat(40)));
    }
}
