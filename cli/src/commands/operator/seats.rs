//! Shows what an operator has at stake for seats in committees, and gives it back.

use crate::{amount, report::with_gas, session::Session, wallet::KeySource};
use alloy_primitives::{Address, U256};
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use utnet_bindings::Committee;
use utnet_primitives::SystemContract;

const COMMITTEE: SystemContract = SystemContract::Committee;

#[derive(Debug, Subcommand)]
pub(crate) enum Seats {
    /// Show an operator's stake and what became of its seats.
    Show {
        /// The operator.
        operator: Address,
    },
    /// Take a stake that no seat holds; `utnet vault withdraw` pays it out. Stop the operator's worker before: it
    /// stakes again for the next seat.
    Retire {
        /// How much; all that is free if absent.
        #[arg(long, value_parser = amount::parse)]
        amount: Option<U256>,
        /// The operator: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
}

impl Seats {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        match self {
            Self::Show { operator } => show(session, operator, None).await,
            Self::Retire { amount, from } => {
                let signer = from.signer()?;
                let free = standing_of(session, signer.address()).await?.free;
                let amount = amount.unwrap_or_else(|| U256::from(free));
                let call = Committee::retireCall { amount };
                let sent = session.send(&signer, COMMITTEE, U256::ZERO, &call).await?;
                show(session, signer.address(), Some(sent.gas_used)).await
            }
        }
    }
}

async fn standing_of(session: &Session, operator: Address) -> Result<Committee::Standing> {
    session.read(COMMITTEE, &Committee::standingOfCall { operator }).await
}

async fn show(session: &Session, operator: Address, gas_used: Option<u64>) -> Result<Value> {
    let kept = standing_of(session, operator).await?;
    let bond = session.read(COMMITTEE, &Committee::seatBondCall {}).await?;
    let report = json!({
        "operator": operator,
        "free": amount::show(U256::from(kept.free)),
        "held": amount::show(U256::from(kept.held)),
        "bondOfASeat": amount::show(U256::from(bond)),
        "sinceBlock": kept.since,
        "seats": kept.seats,
        "agreed": kept.agreed,
        "outvoted": kept.outvoted,
        "silent": kept.silent,
    });
    Ok(with_gas(report, gas_used))
}
