//! Shows the chain: who makes blocks, who has power, what was issued and burned, how parties are rated.

use crate::{
    amount,
    commands::environment,
    session::{Session, Site},
};
use alloy_primitives::{Address, B256, U64, U256};
use anyhow::Result;
use clap::Subcommand;
use jsonrpsee::rpc_params;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utnet_bindings::{Availability, Emission, PociRegistry, RatingBook};
use utnet_primitives::SystemContract;

#[derive(Debug, Subcommand)]
pub(crate) enum Show {
    /// Count who was drawn for blocks, beside what the power of each operator lets expect.
    Draws {
        /// First height counted.
        #[arg(long, default_value_t = 1)]
        since: u64,
    },
    /// List what was issued and burned.
    Supply,
    /// Show the rating of an account.
    Rating {
        /// The account.
        account: Address,
    },
    /// List proofs of availability, and whether their samples were opened.
    Availability,
    /// Show the latest rounds of the environment proof: what was drawn, who passed, whose rewards are suspended.
    Environment {
        /// Only this operator; else all that ever answered.
        #[arg(long, conflicts_with = "programs")]
        operator: Option<Address>,
        /// List the programs that rounds draw from.
        #[arg(long)]
        programs: bool,
    },
    /// List what calls of the system contracts cost, over all blocks.
    Gas,
}

impl Show {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        match self {
            Self::Draws { since } => draws(&session, since).await,
            Self::Supply => supply(&session).await,
            Self::Rating { account } => rating(&session, account).await,
            Self::Availability => availability(&session).await,
            Self::Environment { programs: true, .. } => environment::programs(&session).await,
            Self::Environment { operator, .. } => environment::show(&session, operator).await,
            Self::Gas => crate::gas::table(&session).await,
        }
    }
}

/// A drawn block, as `utn_draw` tells it; blocks of the genesis sealer have no operator.
#[derive(Debug, Deserialize)]
struct Draw {
    operator: Option<Address>,
}

/// What a block paid: EIP-4895 withdrawals, in gwei.
#[derive(Debug, Deserialize)]
struct Paid {
    #[serde(default)]
    withdrawals: Vec<Withdrawal>,
}

#[derive(Debug, Deserialize)]
struct Withdrawal {
    amount: U64,
}

/// Blocks and rewards of each operator since a height.
async fn draws(session: &Session, since: u64) -> Result<Value> {
    let mut blocks: BTreeMap<Address, (u64, u64)> = BTreeMap::new();
    for height in since.max(1)..=session.head().await? {
        let number = U64::from(height);
        let draw: Draw = session.rpc().request("utn_draw", rpc_params![number]).await?;
        let Some(operator) = draw.operator else { continue };
        let paid: Paid =
            session.rpc().request("eth_getBlockByNumber", rpc_params![number, false]).await?;
        let gwei: u64 = paid.withdrawals.iter().map(|one| one.amount.to::<u64>()).sum();
        let entry = blocks.entry(operator).or_default();
        entry.0 += 1;
        entry.1 = entry.1.saturating_add(gwei);
    }
    rows_of_draws(session, blocks).await
}

async fn rows_of_draws(session: &Session, blocks: BTreeMap<Address, (u64, u64)>) -> Result<Value> {
    let registry = SystemContract::PociRegistry;
    let total: u128 = session.read(registry, &PociRegistry::totalPowerCall {}).await?;
    let drawn: u64 = blocks.values().map(|(count, _)| count).sum();
    let mut rows = Vec::new();
    for (operator, (count, gwei)) in blocks {
        let power: u128 = session.read(registry, &PociRegistry::powerOfCall { operator }).await?;
        rows.push(json!({
            "operator": operator,
            "power": power,
            "blocks": count,
            "expected": share(power, total, drawn),
            "rewards": amount::show(U256::from(gwei) * U256::from(1_000_000_000_u64)),
        }));
    }
    let head = session.head().await?;
    Ok(json!({ "head": head, "drawn": drawn, "totalPower": total, "operators": rows }))
}

/// The part of `drawn` blocks that `power` lets expect, with one decimal.
fn share(power: u128, total: u128, drawn: u64) -> String {
    let tenths = U256::from(drawn) * U256::from(power) * U256::from(10);
    match tenths.checked_div(U256::from(total)) {
        Some(tenths) => format!("{}.{}", tenths / U256::from(10), tenths % U256::from(10)),
        None => "0.0".to_owned(),
    }
}

async fn supply(session: &Session) -> Result<Value> {
    let emission = SystemContract::Emission;
    let issued: u128 = session.read(emission, &Emission::issuedGweiCall {}).await?;
    let burned = session.read(emission, &Emission::burnedCall {}).await?;
    Ok(json!({
        "issued": amount::show(U256::from(issued) * U256::from(1_000_000_000_u64)),
        "burnedBySink": amount::show(burned),
    }))
}

async fn rating(session: &Session, account: Address) -> Result<Value> {
    let ratings = SystemContract::RatingBook;
    let found = session.read(ratings, &RatingBook::ratingOfCall { account }).await?;
    let count: u64 = session.read(ratings, &RatingBook::countOfCall { account }).await?;
    Ok(json!({
        "account": account,
        "rating": format!("{}.{:02}", found.rating / 100, found.rating % 100),
        "weight": amount::show(U256::from(found.weight)),
        "ratings": count,
    }))
}

async fn availability(session: &Session) -> Result<Value> {
    let proven = session
        .events::<Availability::AvailabilityProven>(SystemContract::Availability, None)
        .await?;
    let opened = session
        .events::<Availability::AvailabilityOpened>(SystemContract::Availability, None)
        .await?;
    let opened: BTreeSet<_> =
        opened.into_iter().map(|(event, _)| (event.operator, event.epoch)).collect();
    let rows = proven.into_iter().map(|(event, log)| {
        json!({
            "epoch": event.epoch,
            "operator": event.operator,
            "present": event.present,
            "absent": event.absent,
            "opened": opened.contains(&(event.operator, event.epoch)),
            "block": log.block_number,
            "transaction": log.transaction_hash.unwrap_or(B256::ZERO),
        })
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_power_expects_half_the_blocks() {
        assert_eq!(share(8, 16, 25), "12.5");
        assert_eq!(share(0, 0, 25), "0.0");
    }
}
