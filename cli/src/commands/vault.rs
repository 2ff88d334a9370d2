//! Puts money into the vault, takes it out, and shows what is there.

use crate::{amount, session::Session, wallet::KeySource};
use alloy_primitives::{Address, U256};
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use utnet_bindings::Vault as VaultContract;
use utnet_primitives::SystemContract;

#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Add to an account's free balance, from which rentals and jobs are paid.
    Deposit {
        /// How much: 1.5 (UNC), 3gwei, 150wei.
        #[arg(long, value_parser = amount::parse)]
        amount: U256,
        /// Whose balance; the sender's if absent.
        #[arg(long = "for")]
        account: Option<Address>,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Take from the sender's free balance.
    Withdraw {
        /// How much; everything if absent.
        #[arg(long, value_parser = amount::parse)]
        amount: Option<U256>,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Show an account's free balance and the vault's totals.
    Show {
        /// The account.
        account: Address,
    },
}

impl Vault {
    pub(crate) async fn run(self, rpc: &str) -> Result<Value> {
        let session = Session::connect(rpc).await?;
        match self {
            Self::Deposit { amount, account, from } => {
                let signer = from.signer()?;
                let account = account.unwrap_or_else(|| signer.address());
                let call = VaultContract::depositCall { account };
                let sent = session.send(&signer, SystemContract::Vault, amount, &call).await?;
                report(&session, account, Some(sent.gas_used)).await
            }
            Self::Withdraw { amount, from } => {
                let signer = from.signer()?;
                let account = signer.address();
                let amount = match amount {
                    Some(amount) => amount,
                    None => free_of(&session, account).await?,
                };
                let call = VaultContract::withdrawCall { to: account, amount };
                let sent = session.send(&signer, SystemContract::Vault, U256::ZERO, &call).await?;
                report(&session, account, Some(sent.gas_used)).await
            }
            Self::Show { account } => report(&session, account, None).await,
        }
    }
}

/// An account's free balance, in wei.
pub(crate) async fn free_of(session: &Session, account: Address) -> Result<U256> {
    session.read(SystemContract::Vault, &VaultContract::freeOfCall { account }).await
}

async fn report(session: &Session, account: Address, gas_used: Option<u64>) -> Result<Value> {
    let free = free_of(session, account).await?;
    let total_free = session.read(SystemContract::Vault, &VaultContract::totalFreeCall {}).await?;
    let total_locked =
        session.read(SystemContract::Vault, &VaultContract::totalLockedCall {}).await?;
    Ok(json!({
        "account": account,
        "free": amount::show(free),
        "balance": amount::show(session.rpc().balance(account).await?),
        "vaultFree": amount::show(total_free),
        "vaultLocked": amount::show(total_locked),
        "gasUsed": gas_used,
    }))
}
