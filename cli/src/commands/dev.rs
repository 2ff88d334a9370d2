//! Moves a dev chain: coins, blocks and time.

use crate::{
    amount,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{Address, U64, U256};
use anyhow::Result;
use clap::Subcommand;
use jsonrpsee::rpc_params;
use serde_json::{Value, json};
use utnet_client::Chain as _;

#[derive(Debug, Subcommand)]
pub(crate) enum Dev {
    /// Send coins, by default from DEV account 0, the faucet.
    Fund {
        /// Who gets them.
        to: Address,
        /// How much: 1.5 (UNC), 3gwei, 150wei.
        #[arg(long, value_parser = amount::parse)]
        amount: U256,
        /// Sender: dev:N or a key file.
        #[arg(long, default_value = "dev:0")]
        from: KeySource,
    },
    /// Mine blocks at once.
    Mine {
        /// How many.
        blocks: u64,
        /// Seconds between them.
        #[arg(long, default_value_t = 1)]
        interval: u64,
    },
    /// Move the chain's clock forward and mine one block.
    Wait {
        /// Seconds.
        seconds: u64,
    },
}

impl Dev {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        match self {
            Self::Fund { to, amount, from } => {
                let sent = session.transfer(&from.signer()?, to, amount).await?;
                let balance = session.rpc().balance(to).await?;
                Ok(json!({
                    "to": to,
                    "balance": amount::show(balance),
                    "transaction": sent.hash,
                    "gasUsed": sent.gas_used,
                }))
            }
            Self::Mine { blocks, interval } => {
                let params = rpc_params![U64::from(blocks), U64::from(interval)];
                session.rpc().request::<Value>("anvil_mine", params).await?;
                head(&session).await
            }
            Self::Wait { seconds } => {
                let params = rpc_params![U64::from(seconds)];
                session.rpc().request::<Value>("evm_increaseTime", params).await?;
                session.rpc().request::<Value>("evm_mine", rpc_params![]).await?;
                head(&session).await
            }
        }
    }
}

async fn head(session: &Session) -> Result<Value> {
    Ok(json!({ "head": session.head().await?, "time": session.now().await? }))
}
