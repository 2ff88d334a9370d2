//! Compiles all contracts at once and picks ABI and creation code of some, in one canonical form.

use crate::settings::Foundry;
use anyhow::{Context, bail, ensure};
use foundry_compilers::{
    artifacts::{SolcInput, SolcLanguage, Source, Sources},
    solc::Solc,
};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Name and file text of every contract asked for.
pub(crate) fn compile(
    foundry: &Foundry,
    names: &[&'static str],
    forwarded: &[(&str, &str)],
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut solc = Solc::new(foundry.solc()).context("the compiler does not start")?;
    solc.base_path = Some(foundry.root.clone());
    let sources = read_sources(foundry)?;
    let input = SolcInput::new(SolcLanguage::Solidity, sources, foundry.compiler_settings()?);
    let output: Value = solc.compile_as(&input).context("the compiler's answer is no JSON")?;
    refuse_complaints(&output)?;
    names
        .iter()
        .map(|name| {
            let beyond = forwarded.iter().find(|(contract, _)| contract == name);
            Ok((*name, file_of(&output, name, beyond.map(|(_, interface)| *interface))?))
        })
        .collect()
}

/// All contracts, by their path from the root: the path is part of what the compiler sees.
fn read_sources(foundry: &Foundry) -> anyhow::Result<Sources> {
    let read =
        Source::read_sol_yul_from(&foundry.sources()).context("cannot read the contracts")?;
    let mut sources = Sources::new();
    for (path, source) in read {
        let path = path.strip_prefix(&foundry.root).map(Path::to_path_buf).unwrap_or(path);
        sources.insert(path, source);
    }
    ensure!(!sources.is_empty(), "no contracts in {}", foundry.sources().display());
    Ok(sources)
}

/// Errors and warnings alike: contracts compile clean. Warnings about libraries are theirs.
fn refuse_complaints(output: &Value) -> anyhow::Result<()> {
    let complaints: Vec<&str> = output["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|error| error["severity"] == "error" || !is_about_a_library(error))
        .filter_map(|error| error["formattedMessage"].as_str())
        .collect();
    ensure!(complaints.is_empty(), "the compiler complains:\n{}", complaints.join("\n"));
    Ok(())
}

fn is_about_a_library(error: &Value) -> bool {
    error["sourceLocation"]["file"].as_str().is_some_and(|file| file.starts_with("node_modules/"))
}

fn file_of(output: &Value, name: &str, beyond: Option<&str>) -> anyhow::Result<String> {
    let contract = find(output, name)?;
    let Some(code) = contract["evm"]["bytecode"]["object"].as_str() else {
        bail!("{name} has no code");
    };
    ensure!(!code.is_empty() && !code.contains('_'), "{name} is abstract or not linked");
    let mut abi = entries(contract);
    if let Some(interface) = beyond {
        abi.extend(entries(find(output, interface)?));
    }
    let file = json!({ "abi": sorted(&Value::Array(abi)), "bytecode": format!("0x{code}") });
    Ok(serde_json::to_string_pretty(&sorted(&file))? + "\n")
}

fn find<'a>(output: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    output["contracts"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(path, _)| path.starts_with("contracts/"))
        .find_map(|(_, contracts)| contracts.get(name))
        .with_context(|| format!("no contract {name}"))
}

fn entries(contract: &Value) -> Vec<Value> {
    contract["abi"].as_array().cloned().unwrap_or_default()
}

/// The same value with the keys of all objects in order, whatever order the JSON library keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let sorted: Map<_, _> =
                entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            Value::Object(sorted)
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: Value =
            serde_json::from_str(r#"{"b":[{"d":1,"c":2}],"a":{}}"#).expect("a literal");
        assert_eq!(sorted(&value).to_string(), r#"{"a":{},"b":[{"c":2,"d":1}]}"#);
    }

    #[test]
    fn a_warning_fails_the_compilation() {
        let output = json!({ "errors": [{ "formattedMessage": "Warning: unused" }] });
        assert!(refuse_complaints(&output).is_err());
    }

    #[test]
    fn a_warning_about_a_library_is_not_ours() {
        let place = json!({ "file": "node_modules/x.sol" });
        let warning =
            json!({ "severity": "warning", "formattedMessage": "", "sourceLocation": place });
        assert!(refuse_complaints(&json!({ "errors": [warning] })).is_ok());
    }
}
