//! Prints what anvil prints: tools read the keys and the line `Listening on` from it.

use super::{accounts::DevAccounts, args::Told};
use crate::{
    execution::ChainView,
    rpc::{CLIENT_VERSION, RpcServer},
};
use alloy_consensus::BlockHeader;
use alloy_primitives::{B256, U256, hex, utils::format_ether};
use serde_json::json;
use std::{
    io::{self, Write},
    path::Path,
};

/// Everything the banner shows.
pub(super) struct Banner<'a> {
    pub(super) accounts: &'a DevAccounts,
    /// What they have, in wei; as many of the first as are known.
    pub(super) balances: Vec<U256>,
    pub(super) view: &'a ChainView,
    pub(super) server: &'a RpcServer,
    pub(super) ipc: Option<&'a Path>,
    pub(super) history: Told,
}

impl Banner<'_> {
    /// Prints accounts, keys and rules.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n  UtilityNet dev node\n  {CLIENT_VERSION}\n")?;
        self.print_accounts(out)?;
        self.print_rules(out)
    }

    /// Prints where the node answers: the line that tools wait for.
    pub(super) fn print_doors(&self, out: &mut dyn Write) -> io::Result<()> {
        for address in self.server.addresses() {
            writeln!(out, "Listening on {address}")?;
        }
        if let Some(address) = self.server.metrics() {
            writeln!(out, "Metrics at http://{address}/metrics")?;
        }
        if let Some(path) = self.ipc {
            writeln!(out, "IPC path: {}", path.display())?;
        }
        out.flush()
    }

    fn print_accounts(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Available Accounts\n==================\n")?;
        for (index, address) in self.accounts.addresses().enumerate() {
            let balance = self.balances.get(index).map(|balance| whole(format_ether(*balance)));
            let balance = balance.as_deref().unwrap_or("?");
            writeln!(out, "({index}) {address} ({balance} UNC)")?;
        }
        writeln!(out, "\nPrivate Keys\n==================\n")?;
        for (index, key) in self.accounts.keys.iter().enumerate() {
            writeln!(out, "({index}) {}", secret(&key.to_bytes()))?;
        }
        writeln!(out, "\nDEV keys: everybody knows them. Never send money to these accounts.")?;
        writeln!(out, "\nWallet\n==================")?;
        writeln!(out, "Mnemonic:          {}", self.accounts.mnemonic)?;
        writeln!(out, "Derivation path:   {}", self.accounts.path)
    }

    fn print_rules(&self, out: &mut dyn Write) -> io::Result<()> {
        let (spec, head) = (self.view.spec(), self.view.head());
        let base_fee = spec.header.base_fee_per_gas().unwrap_or_default();
        let producer = match &spec.poci {
            Some(poci) => format!("POCI, genesis sealer {}", poci.sealer),
            None => "anybody (no POCI)".into(),
        };
        writeln!(out, "\nChain ID\n==================\n\n{}", spec.chain_id)?;
        writeln!(out, "\nBase Fee\n==================\n\n{base_fee}")?;
        writeln!(out, "\nGas Limit\n==================\n\n{}", spec.header.gas_limit())?;
        writeln!(out, "\nGenesis Timestamp\n==================\n\n{}", spec.header.timestamp())?;
        writeln!(out, "\nGenesis Number\n==================\n\n{}", spec.header.number())?;
        writeln!(out, "\nHead\n==================\n\n{} {}", head.number(), head.hash())?;
        writeln!(out, "\nHistory\n==================\n\n{}", self.history)?;
        writeln!(out, "\nProducers\n==================\n\n{producer}\n")
    }

    /// The same for programs, in anvil's form (`--config-out`).
    pub(super) fn to_json(&self) -> serde_json::Value {
        let spec = self.view.spec();
        let keys = self.accounts.keys.iter().map(|key| secret(&key.to_bytes()));
        json!({
            "available_accounts": self.accounts.addresses().collect::<Vec<_>>(),
            "private_keys": keys.collect::<Vec<_>>(),
            "wallet": { "mnemonic": self.accounts.mnemonic, "derivation_path": self.accounts.path },
            "chain_id": spec.chain_id,
            "base_fee": spec.header.base_fee_per_gas().unwrap_or_default().to_string(),
            "gas_limit": spec.header.gas_limit().to_string(),
            "genesis_timestamp": spec.header.timestamp().to_string(),
            "listening": self.server.address().to_string(),
            "metrics": self.server.metrics().map(|address| address.to_string()),
            "ipc": self.ipc,
            "history": self.history.to_string(),
        })
    }
}

/// An amount without the zeros behind its point that say nothing.
fn whole(amount: String) -> String {
    match amount.trim_end_matches('0').strip_suffix('.') {
        Some(whole) => whole.to_owned(),
        None => amount,
    }
}

fn secret(key: &B256) -> String {
    hex::encode_prefixed(key)
}
