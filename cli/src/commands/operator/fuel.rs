//! Fills, burns and shows the fuel that operators need to earn on a chain with the Talos schedule.

use crate::{amount, report::with_gas, session::Session, wallet::KeySource};
use alloy_primitives::{Address, U256};
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use utnet_bindings::Emission;
use utnet_primitives::SystemContract;

const EMISSION: SystemContract = SystemContract::Emission;

#[derive(Debug, Subcommand)]
pub(crate) enum Fuel {
    /// Add to an operator's fuel: what is left burns evenly over one cycle from now on, and cannot be taken out.
    Fill {
        /// The operator.
        operator: Address,
        /// How much: 1.5 (UNC), 3gwei, 150wei.
        #[arg(long, value_parser = amount::parse)]
        amount: U256,
        /// Who pays: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Burn what is due of an operator's fuel; the foundation has its share. Anyone.
    Burn {
        /// The operator.
        operator: Address,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Show an operator's fuel.
    Show {
        /// The operator.
        operator: Address,
    },
}

impl Fuel {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        match self {
            Self::Fill { operator, amount, from } => {
                let call = Emission::fillFuelCall { operator };
                let sent = session.send(&from.signer()?, EMISSION, amount, &call).await?;
                show(session, operator, Some(sent.gas_used)).await
            }
            Self::Burn { operator, from } => {
                let call = Emission::burnFuelCall { operator };
                let sent = session.send(&from.signer()?, EMISSION, U256::ZERO, &call).await?;
                show(session, operator, Some(sent.gas_used)).await
            }
            Self::Show { operator } => show(session, operator, None).await,
        }
    }
}

async fn show(session: &Session, operator: Address, gas_used: Option<u64>) -> Result<Value> {
    let fuel = session.read(EMISSION, &Emission::fuelOfCall { operator }).await?;
    let is_fueled = session.read(EMISSION, &Emission::isFueledCall { operator }).await?;
    let report = json!({
        "operator": operator,
        "left": amount::show(fuel.left),
        "burnsUntilBlock": fuel.until,
        "isFueled": is_fueled,
    });
    Ok(with_gas(report, gas_used))
}
