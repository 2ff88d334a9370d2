//! Disputes an interval of a rental's use, and answers such a dispute.

use crate::{
    amount,
    commands::rental::rental_of,
    money::Money,
    report::with_gas,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{Bytes, TxKind, U256};
use alloy_sol_types::{SolCall, SolError as _};
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use utnet_bindings::{Committee, IntervalCourt, states::DisputeState};
use utnet_client::{CallRequest, Chain as _};
use utnet_primitives::{RentalId, SystemContract};

const COURT: SystemContract = SystemContract::IntervalCourt;

#[derive(Debug, Subcommand)]
pub(crate) enum Dispute {
    /// Say, as the renter, that the machine was not there; its rent waits, and so does a bond.
    Open {
        #[command(flatten)]
        one: One,
        /// First second in dispute, as block timestamps count.
        #[arg(long)]
        from_second: u64,
        /// First second after it.
        #[arg(long)]
        to_second: u64,
        /// Where to see what you saw, at most 256 bytes.
        #[arg(long, default_value = "")]
        evidence: String,
    },
    /// Agree, as the operator: the interval's rent is the renter's. Some three epochs after the interval at the earliest.
    Concede(One),
    /// Contradict, as the operator, with the same bond.
    Contest {
        #[command(flatten)]
        one: One,
        /// Where to see what you saw, at most 256 bytes.
        #[arg(long, default_value = "")]
        evidence: String,
    },
    /// Close a dispute that the registry decides: no chip was there.
    Record(One),
    /// Ask a committee, as the renter.
    Appoint {
        #[command(flatten)]
        one: One,
        /// The price that you expect; another one that the committee asks for is refused.
        #[arg(long, value_parser = amount::parse)]
        price: Option<U256>,
    },
    /// Close what is overdue or decided; for the renter no earlier than the operator may concede.
    Poke(One),
    /// Show the dispute of a rental.
    Show {
        /// The rental.
        rental: RentalId,
    },
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The rental.
    rental: RentalId,
    /// Sender: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

impl Dispute {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        let id = self.rental();
        let rental = id.into();
        match self {
            Self::Open { one, from_second, to_second, evidence } => {
                let call = IntervalCourt::disputeCall {
                    rental,
                    fromSecond: from_second,
                    toSecond: to_second,
                    evidence: Bytes::from(evidence.into_bytes()),
                };
                send(&session, &one, bond(&session, id).await?, &call).await
            }
            Self::Concede(one) => {
                send(&session, &one, U256::ZERO, &IntervalCourt::concedeCall { rental }).await
            }
            Self::Contest { one, evidence } => {
                let evidence = Bytes::from(evidence.into_bytes());
                let call = IntervalCourt::contestCall { rental, evidence };
                send(&session, &one, bond(&session, id).await?, &call).await
            }
            Self::Record(one) => {
                send(&session, &one, U256::ZERO, &IntervalCourt::closeOnRecordCall { rental }).await
            }
            Self::Appoint { one, price } => appoint(&session, &one, price).await,
            Self::Poke(one) => {
                send(&session, &one, U256::ZERO, &IntervalCourt::pokeCall { rental }).await
            }
            Self::Show { rental } => show(&session, rental, None).await,
        }
    }

    const fn rental(&self) -> RentalId {
        match self {
            Self::Open { one, .. } | Self::Contest { one, .. } | Self::Appoint { one, .. } => {
                one.rental
            }
            Self::Concede(one) | Self::Record(one) | Self::Poke(one) => one.rental,
            Self::Show { rental } => *rental,
        }
    }
}

async fn appoint(session: &Session, one: &One, expected: Option<U256>) -> Result<Value> {
    let call = IntervalCourt::appointCall { rental: one.rental.into() };
    let asked = price_of(session, one, &call).await?;
    let price = expected.or(asked).unwrap_or_default();
    if let Some(asked) = asked {
        ensure!(
            price == asked,
            "a committee costs {}, not {}",
            amount::show(asked),
            amount::show(price)
        );
    }
    send(session, one, price, &call).await
}

/// What a committee costs: the contract names it to whoever brings nothing. `None` when it refuses for another reason,
/// which sending tells.
async fn price_of(session: &Session, one: &One, call: &impl SolCall) -> Result<Option<U256>> {
    let request = CallRequest {
        from: Some(one.from.signer()?.address()),
        to: TxKind::Call(session.address(COURT)),
        value: U256::ZERO,
        input: call.abi_encode().into(),
    };
    let Err(error) = session.rpc().call(&request).await else { return Ok(Some(U256::ZERO)) };
    let refused = error
        .revert_data()
        .and_then(|data| Committee::CommitteePriceMismatch::abi_decode(data).ok());
    Ok(refused.map(|refused| refused.price))
}

/// Coin for the bond of each side: what is at stake in an open dispute, else what opens one. Of a token the court
/// takes it from the sender's balance in the vault.
async fn bond(session: &Session, id: RentalId) -> Result<U256> {
    if !rental_of(session, id).await?.token.is_zero() {
        return Ok(U256::ZERO);
    }
    let kept = dispute_of(session, id).await?;
    if DisputeState::try_from(kept.state)? != DisputeState::None {
        return Ok(U256::from(kept.bond));
    }
    let call = IntervalCourt::bondOfCall { rental: id.into() };
    Ok(U256::from(session.read(COURT, &call).await?))
}

async fn dispute_of(session: &Session, id: RentalId) -> Result<IntervalCourt::Dispute> {
    session.read(COURT, &IntervalCourt::disputeOfCall { rental: id.into() }).await
}

async fn send(session: &Session, one: &One, value: U256, call: &impl SolCall) -> Result<Value> {
    let sent = session.send(&one.from.signer()?, COURT, value, call).await?;
    show(session, one.rental, Some(sent.gas_used)).await
}

async fn show(session: &Session, id: RentalId, gas_used: Option<u64>) -> Result<Value> {
    let kept = dispute_of(session, id).await?;
    let rental = rental_of(session, id).await?;
    let money = Money::of(session, rental.token).await?;
    let report = json!({
        "rental": id,
        "state": DisputeState::try_from(kept.state)?,
        "fromSecond": kept.fromSecond.to::<u64>(),
        "toSecond": kept.toSecond.to::<u64>(),
        "deadline": kept.deadline.to::<u64>(),
        "frozen": money.show(U256::from(rental.frozen)),
        "forgiven": money.show(U256::from(rental.forgiven)),
    });
    Ok(with_gas(report, gas_used))
}
