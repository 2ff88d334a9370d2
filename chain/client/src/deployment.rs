//! Reads where a deployment's contracts stand from the file that `scripts/solidity/Deploy.s.sol` writes.

use alloy_primitives::Address;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use utnet_primitives::{Contracts, SystemContract};

/// `{"chainId": 31337, "contracts": {"Vault": "0x...", ...}}`: every contract by its name, and no other name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    chain_id: u64,
    contracts: BTreeMap<String, Address>,
}

/// Why a file does not say where the contracts stand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file has another form.
    #[error("{path} is no list of contracts: {source}", path = path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// These contracts stand on another chain than the node's.
    #[error("{path} is of chain {theirs}, the node of chain {ours}", path = path.display())]
    OtherChain {
        /// The file.
        path: PathBuf,
        /// The file's chain.
        theirs: u64,
        /// The node's chain.
        ours: u64,
    },
    /// A contract is missing.
    #[error("{path} has no address of {contract}", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Its name.
        contract: &'static str,
    },
    /// A name that is no contract's: a file of another version.
    #[error("{path} names {name}, which is no contract of ours", path = path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

/// Where the contracts stand on a chain: as the file says, or without one as in genesis.
///
/// # Errors
/// [`DeploymentError`].
pub fn read_contracts(file: Option<&Path>, chain_id: u64) -> Result<Contracts, DeploymentError> {
    let Some(path) = file else { return Ok(Contracts::genesis()) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| DeploymentError::Io { path: path.to_owned(), source })?;
    let file: File = serde_json::from_str(&text)
        .map_err(|source| DeploymentError::Form { path: path.to_owned(), source })?;
    if file.chain_id != chain_id {
        let (theirs, ours) = (file.chain_id, chain_id);
        return Err(DeploymentError::OtherChain { path: path.to_owned(), theirs, ours });
    }
    let is_ours = |name: &str| SystemContract::ALL.iter().any(|ours| ours.name() == name);
    if let Some(name) = file.contracts.keys().find(|name| !is_ours(name)) {
        return Err(DeploymentError::Unknown { path: path.to_owned(), name: name.clone() });
    }
    Contracts::find_all(|contract| file.contracts.get(contract.name()).copied()).map_err(
        |contract| DeploymentError::Missing { path: path.to_owned(), contract: contract.name() },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn all() -> Value {
        let entries = SystemContract::ALL
            .map(|contract| (contract.name().to_owned(), json!(Address::repeat_byte(7))));
        json!({ "chainId": 5, "contracts": Value::Object(entries.into_iter().collect()) })
    }

    fn read(file: &Value) -> Result<Contracts, DeploymentError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("contracts.json");
        std::fs::write(&path, file.to_string()).expect("ours");
        read_contracts(Some(&path), 5)
    }

    #[test]
    fn without_a_file_they_stand_as_in_genesis() {
        assert_eq!(read_contracts(None, 5).expect("known"), Contracts::genesis());
    }

    #[test]
    fn each_contract_stands_where_the_file_says() {
        let found = read(&all()).expect("complete");
        assert_eq!(found.address(SystemContract::Vault), Address::repeat_byte(7));
    }

    #[test]
    fn a_file_of_another_chain_is_refused() {
        let mut file = all();
        file["chainId"] = json!(6);
        let refused = read(&file).expect_err("another chain").to_string();
        assert!(refused.ends_with("is of chain 6, the node of chain 5"), "{refused}");
    }

    #[test]
    fn a_missing_and_an_unknown_contract_are_named() {
        let (mut less, mut more) = (all(), all());
        less["contracts"].as_object_mut().expect("an object").remove("Vault");
        more["contracts"]["Till"] = json!(Address::ZERO);

        let (less, more) = (read(&less).expect_err("less"), read(&more).expect_err("more"));

        assert!(matches!(less, DeploymentError::Missing { contract: "Vault", .. }));
        assert!(matches!(more, DeploymentError::Unknown { name, .. } if name == "Till"));
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        assert!(matches!(read(&json!([1])), Err(DeploymentError::Form { .. })));
        let nowhere = read_contracts(Some(Path::new("/nowhere")), 5);
        assert!(matches!(nowhere, Err(DeploymentError::Io { .. })));
    }
}
