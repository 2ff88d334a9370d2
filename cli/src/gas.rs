//! Sums what calls of the system contracts cost, from the receipts of all blocks.

use crate::session::Session;
use alloy_primitives::{Address, Bytes, U64};
use anyhow::Result;
use jsonrpsee::rpc_params;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utnet_bindings::{
    Availability, ChipChallenges, ChipEvidence, Committee, DatasetMarket, EnvironmentProof,
    HandoverCourt, IntervalCourt, JobEscrow, OrderBook, PociRegistry, RentalDesk, ResultRollup,
    RpoiEscrow, Vault, VendorRegistry,
};
use utnet_primitives::{Contracts, SystemContract};

/// Transactions of one kind: how many, and the least and most gas of one.
#[derive(Debug)]
struct Cost {
    count: u64,
    least: u64,
    most: u64,
}

#[derive(Debug, Deserialize)]
struct Block {
    transactions: Vec<Transaction>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    to: Option<Address>,
    input: Bytes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Used {
    gas_used: U64,
    status: U64,
}

/// One row a call, in order of contract and function.
pub(crate) async fn table(session: &Session) -> Result<Value> {
    let mut costs: BTreeMap<String, Cost> = BTreeMap::new();
    for height in 1..=session.head().await? {
        for (call, gas) in calls_of(session, height).await? {
            let cost = costs.entry(call).or_insert(Cost { count: 0, least: gas, most: gas });
            cost.count += 1;
            cost.least = cost.least.min(gas);
            cost.most = cost.most.max(gas);
        }
    }
    let rows = costs.into_iter().map(|(call, cost)| {
        json!({ "call": call, "count": cost.count, "least": cost.least, "most": cost.most })
    });
    Ok(rows.collect())
}

/// Calls that ran to their end in one block, with their gas.
async fn calls_of(session: &Session, height: u64) -> Result<Vec<(String, u64)>> {
    let number = U64::from(height);
    let block: Block =
        session.rpc().request("eth_getBlockByNumber", rpc_params![number, true]).await?;
    if block.transactions.is_empty() {
        return Ok(Vec::new());
    }
    let receipts: Vec<Used> =
        session.rpc().request("eth_getBlockReceipts", rpc_params![number]).await?;
    let pairs = block.transactions.iter().zip(&receipts);
    let good = pairs.filter(|(_, receipt)| receipt.status == U64::from(1));
    Ok(good
        .filter_map(|(transaction, receipt)| {
            let name = name_of(session.contracts(), transaction)?;
            Some((name, receipt.gas_used.to()))
        })
        .collect())
}

/// `Contract.function` of a call to a system contract.
fn name_of(contracts: &Contracts, transaction: &Transaction) -> Option<String> {
    let to = transaction.to?;
    let selector = *transaction.input.first_chunk::<4>()?;
    let contract = contracts.at(to)?;
    let function = match contract {
        SystemContract::VendorRegistry => {
            VendorRegistry::VendorRegistryCalls::name_by_selector(selector)
        }
        SystemContract::PociRegistry => PociRegistry::PociRegistryCalls::name_by_selector(selector),
        SystemContract::Availability => Availability::AvailabilityCalls::name_by_selector(selector),
        SystemContract::Vault => Vault::VaultCalls::name_by_selector(selector),
        SystemContract::OrderBook => OrderBook::OrderBookCalls::name_by_selector(selector),
        SystemContract::IntervalCourt => {
            IntervalCourt::IntervalCourtCalls::name_by_selector(selector)
        }
        SystemContract::RentalDesk => RentalDesk::RentalDeskCalls::name_by_selector(selector),
        SystemContract::RpoiEscrow => RpoiEscrow::RpoiEscrowCalls::name_by_selector(selector),
        SystemContract::JobEscrow => JobEscrow::JobEscrowCalls::name_by_selector(selector),
        SystemContract::ResultRollup => ResultRollup::ResultRollupCalls::name_by_selector(selector),
        SystemContract::DatasetMarket => {
            DatasetMarket::DatasetMarketCalls::name_by_selector(selector)
        }
        SystemContract::Committee => Committee::CommitteeCalls::name_by_selector(selector),
        SystemContract::HandoverCourt => {
            HandoverCourt::HandoverCourtCalls::name_by_selector(selector)
        }
        SystemContract::EnvironmentProof => {
            EnvironmentProof::EnvironmentProofCalls::name_by_selector(selector)
        }
        SystemContract::ChipChallenges => {
            ChipChallenges::ChipChallengesCalls::name_by_selector(selector)
        }
        SystemContract::ChipEvidence => ChipEvidence::ChipEvidenceCalls::name_by_selector(selector),
        _ => None,
    }?;
    Some(format!("{}.{function}", contract.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolCall as _;

    #[test]
    fn a_call_is_named_by_contract_and_function() {
        let call = Vault::depositCall { account: Address::ZERO }.abi_encode();
        let contracts = Contracts::genesis();
        let to = Some(contracts.address(SystemContract::Vault));
        let transaction = Transaction { to, input: call.into() };
        assert_eq!(name_of(&contracts, &transaction).as_deref(), Some("Vault.deposit"));
    }

    #[test]
    fn a_plain_transfer_has_no_name() {
        let transaction = Transaction { to: Some(Address::ZERO), input: Bytes::new() };
        assert_eq!(name_of(&Contracts::genesis(), &transaction), None);
    }
}
