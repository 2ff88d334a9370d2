//! Puts money into the vault, takes it out, and shows what is there: UNC, or a token.

use crate::{
    amount::Amount,
    money::Money,
    report::with_gas,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{Address, U256};
use alloy_signer_local::PrivateKeySigner;
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use utnet_bindings::{Erc20, Vault as VaultContract};
use utnet_client::Chain as _;
use utnet_primitives::SystemContract;

const VAULT: SystemContract = SystemContract::Vault;

#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Add to an account's free balance, from which rentals and jobs are paid.
    Deposit {
        /// How much: 1.5 (UNC), 3gwei, 150wei; of a token 1.5 pieces, or 150wei for its smallest units.
        #[arg(long)]
        amount: Amount,
        /// Whose balance; the sender's if absent.
        #[arg(long = "for")]
        account: Option<Address>,
        /// The token; UNC if absent.
        #[arg(long)]
        token: Option<Address>,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Take from the sender's free balance.
    Withdraw {
        /// How much; everything if absent.
        #[arg(long)]
        amount: Option<Amount>,
        /// Who gets it; the sender if absent.
        #[arg(long)]
        to: Option<Address>,
        /// The token; UNC if absent.
        #[arg(long)]
        token: Option<Address>,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Let a token in, as the governor: it may be deposited, and rentals begin in it.
    Admit {
        /// The token.
        token: Address,
        /// The governor: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Let no more of a token in, as the governor; what is there goes on and out as before.
    Dismiss {
        /// The token.
        token: Address,
        /// The governor: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Show an account's free balance and the vault's totals.
    Show {
        /// The account.
        account: Address,
        /// The token; UNC if absent.
        #[arg(long)]
        token: Option<Address>,
    },
}

impl Vault {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        let money = Money::of(&session, self.token()).await?;
        match self {
            Self::Deposit { amount, account, from, .. } => {
                let signer = from.signer()?;
                let account = account.unwrap_or_else(|| signer.address());
                let units = money.units(&amount)?;
                let gas_used = deposit(&session, &money, &signer, account, units).await?;
                report(&session, &money, account, Some(gas_used)).await
            }
            Self::Withdraw { amount, to, from, .. } => {
                let signer = from.signer()?;
                let units = match amount {
                    Some(amount) => money.units(&amount)?,
                    None => free_of(&session, &money, signer.address()).await?,
                };
                let to = to.unwrap_or_else(|| signer.address());
                let gas_used = withdraw(&session, &money, &signer, to, units).await?;
                report(&session, &money, signer.address(), Some(gas_used)).await
            }
            Self::Admit { token, from } => {
                let call = VaultContract::admitCall { token };
                let sent = session.send(&from.signer()?, VAULT, U256::ZERO, &call).await?;
                admission(&session, token, sent.gas_used).await
            }
            Self::Dismiss { token, from } => {
                let call = VaultContract::dismissCall { token };
                let sent = session.send(&from.signer()?, VAULT, U256::ZERO, &call).await?;
                admission(&session, token, sent.gas_used).await
            }
            Self::Show { account, .. } => report(&session, &money, account, None).await,
        }
    }

    /// Zero: the coin.
    fn token(&self) -> Address {
        match self {
            Self::Deposit { token, .. }
            | Self::Withdraw { token, .. }
            | Self::Show { token, .. } => token.unwrap_or_default(),
            Self::Admit { .. } | Self::Dismiss { .. } => Address::ZERO,
        }
    }
}

async fn deposit(
    session: &Session,
    money: &Money,
    signer: &PrivateKeySigner,
    account: Address,
    units: U256,
) -> Result<u64> {
    if money.is_coin() {
        let call = VaultContract::depositCall { account };
        return Ok(session.send(signer, VAULT, units, &call).await?.gas_used);
    }
    approve(session, money.token, signer, units).await?;
    let call = VaultContract::depositTokenCall { token: money.token, account, amount: units };
    Ok(session.send(signer, VAULT, U256::ZERO, &call).await?.gas_used)
}

/// Lets the vault take so many units of the sender's. Some tokens change an allowance from and to zero only.
async fn approve(
    session: &Session,
    token: Address,
    signer: &PrivateKeySigner,
    units: U256,
) -> Result<()> {
    let spender = session.address(VAULT);
    let ask = Erc20::allowanceCall { owner: signer.address(), spender };
    let allowed = session.read_at(token, &ask).await?;
    if allowed >= units {
        return Ok(());
    }
    if !allowed.is_zero() {
        let nothing = Erc20::approveCall { spender, amount: U256::ZERO };
        session.send_at(signer, token, &nothing).await?;
    }
    session.send_at(signer, token, &Erc20::approveCall { spender, amount: units }).await?;
    Ok(())
}

async fn withdraw(
    session: &Session,
    money: &Money,
    signer: &PrivateKeySigner,
    to: Address,
    amount: U256,
) -> Result<u64> {
    let sent = if money.is_coin() {
        let call = VaultContract::withdrawCall { to, amount };
        session.send(signer, VAULT, U256::ZERO, &call).await?
    } else {
        let call = VaultContract::withdrawTokenCall { token: money.token, to, amount };
        session.send(signer, VAULT, U256::ZERO, &call).await?
    };
    Ok(sent.gas_used)
}

/// An account's free balance, in units of the money.
async fn free_of(session: &Session, money: &Money, account: Address) -> Result<U256> {
    if money.is_coin() {
        return session.read(VAULT, &VaultContract::freeOfCall { account }).await;
    }
    session.read(VAULT, &VaultContract::freeTokenOfCall { token: money.token, account }).await
}

/// What the vault owes in all: free and locked.
async fn totals(session: &Session, money: &Money) -> Result<(U256, U256)> {
    if !money.is_coin() {
        let call = VaultContract::totalsOfCall { token: money.token };
        let found = session.read(VAULT, &call).await?;
        return Ok((found.free, found.locked));
    }
    let free = session.read(VAULT, &VaultContract::totalFreeCall {}).await?;
    let locked = session.read(VAULT, &VaultContract::totalLockedCall {}).await?;
    Ok((free, locked))
}

/// What an account has outside of the vault.
async fn balance_of(session: &Session, money: &Money, account: Address) -> Result<U256> {
    if money.is_coin() {
        return Ok(session.rpc().balance(account).await?);
    }
    session.read_at(money.token, &Erc20::balanceOfCall { account }).await
}

async fn admission(session: &Session, token: Address, gas_used: u64) -> Result<Value> {
    let is_admitted = session.read(VAULT, &VaultContract::isAdmittedCall { token }).await?;
    Ok(with_gas(json!({ "token": token, "isAdmitted": is_admitted }), Some(gas_used)))
}

async fn report(
    session: &Session,
    money: &Money,
    account: Address,
    gas_used: Option<u64>,
) -> Result<Value> {
    let (total_free, total_locked) = totals(session, money).await?;
    let report = json!({
        "account": account,
        "token": money.token,
        "free": money.show(free_of(session, money, account).await?),
        "balance": money.show(balance_of(session, money, account).await?),
        "vaultFree": money.show(total_free),
        "vaultLocked": money.show(total_locked),
    });
    Ok(with_gas(report, gas_used))
}
