//! Draws the document: anvil's fields by anvil's names, and ours under `utnet`.

use crate::execution::{Receipt, Transaction};
use alloy_consensus::{Header, TxEnvelope};
use alloy_eips::eip4895::Withdrawal;
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// Version of [`Ours`].
pub(super) const VERSION: u32 = 1;

/// A whole dump.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Document {
    /// The environment of the head; read by nobody here.
    #[serde(default)]
    pub(super) block: Value,
    pub(super) accounts: BTreeMap<Address, AccountForm>,
    #[serde(default, deserialize_with = "plain_or_hex")]
    pub(super) best_block_number: Option<u64>,
    #[serde(default)]
    pub(super) blocks: Vec<BlockForm>,
    #[serde(default)]
    pub(super) transactions: Vec<MinedForm>,
    /// Whole states after earlier blocks, by their hash.
    #[serde(default)]
    pub(super) historical_states: Option<Vec<(B256, StateForm)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) utnet: Option<Ours>,
}

/// An account with code and storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountForm {
    pub(super) nonce: u64,
    pub(super) balance: U256,
    pub(super) code: Bytes,
    #[serde(default)]
    pub(super) storage: BTreeMap<Word, Word>,
}

/// 32 bytes, written in full and read in any length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word(pub(super) U256);

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        B256::from(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        U256::deserialize(deserializer).map(Self)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BlockForm {
    pub(super) header: Header,
    pub(super) transactions: Vec<TransactionForm>,
    #[serde(default)]
    pub(super) ommers: Vec<Header>,
    #[serde(default)]
    pub(super) withdrawals: Option<Vec<Withdrawal>>,
}

/// A transaction, in anvil's newer form or its older one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum TransactionForm {
    Wrapped {
        transaction: Box<TxEnvelope>,
        impersonated_sender: Option<Address>,
    },
    Plain(Box<TxEnvelope>),
    /// Only written.
    #[serde(skip)]
    Ours {
        transaction: Box<Transaction>,
        impersonated_sender: Option<Address>,
    },
}

impl Serialize for TransactionForm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wrapped<'a, T> {
            transaction: &'a T,
            impersonated_sender: Option<Address>,
        }
        match self {
            Self::Ours { transaction, impersonated_sender } => {
                let impersonated_sender = *impersonated_sender;
                Wrapped { transaction: transaction.as_ref(), impersonated_sender }
                    .serialize(serializer)
            }
            Self::Wrapped { transaction, impersonated_sender } => {
                let impersonated_sender = *impersonated_sender;
                Wrapped { transaction: transaction.as_ref(), impersonated_sender }
                    .serialize(serializer)
            }
            Self::Plain(transaction) => transaction.serialize(serializer),
        }
    }
}

/// A mined transaction's sender and receipt.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MinedForm {
    pub(super) info: InfoForm,
    pub(super) receipt: Receipt,
    pub(super) block_hash: B256,
    pub(super) block_number: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InfoForm {
    pub(super) transaction_hash: B256,
    pub(super) transaction_index: u64,
    pub(super) from: Address,
    pub(super) to: Option<Address>,
    pub(super) contract_address: Option<Address>,
    /// anvil's traces; here they are made when asked for.
    #[serde(default)]
    pub(super) traces: Vec<Value>,
    pub(super) exit: Value,
    pub(super) out: Option<Bytes>,
    #[serde(default)]
    pub(super) nonce: u64,
    #[serde(default)]
    pub(super) gas_used: u64,
}

/// A whole state in the form of the EVM's library.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct StateForm {
    pub(super) accounts: BTreeMap<Address, EvmAccountForm>,
    #[serde(default)]
    pub(super) storage: BTreeMap<Address, BTreeMap<Word, U256>>,
    #[serde(default)]
    pub(super) block_hashes: BTreeMap<U256, B256>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EvmAccountForm {
    pub(super) balance: U256,
    pub(super) nonce: u64,
    pub(super) code_hash: B256,
    /// Code with the library's jump table around it.
    #[serde(default)]
    pub(super) code: Option<Value>,
}

/// What anvil has no place for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ours {
    pub(super) version: u32,
    pub(super) genesis: Genesis,
    /// First block whose state is known.
    pub(super) state_from: u64,
    /// Whether the head's state root is that of the state; not where the head came out of another node's dump.
    pub(super) is_root_held: bool,
    /// What each block carries beside header and body: the stored bytes.
    #[serde(default)]
    pub(super) attached: BTreeMap<u64, Bytes>,
    /// What stood before each block where it changed it, ascending; the last entry is of the block to come.
    pub(super) before: Vec<BeforeForm>,
    /// Code that stood at some time and no account has now.
    #[serde(default)]
    pub(super) codes: Vec<Bytes>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct BeforeForm {
    pub(super) block: u64,
    /// `null`: the account was not there.
    #[serde(default)]
    pub(super) accounts: BTreeMap<Address, Option<LeafForm>>,
    #[serde(default)]
    pub(super) storage: BTreeMap<Address, BTreeMap<B256, U256>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeafForm {
    pub(super) nonce: u64,
    pub(super) balance: U256,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code_hash: Option<B256>,
}

/// Older dumps of anvil have a hex string.
fn plain_or_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_u64()),
        Some(other) => {
            let number: U256 = serde_json::from_value(other).map_err(D::Error::custom)?;
            u64::try_from(number).map(Some).map_err(D::Error::custom)
        }
    }
}
