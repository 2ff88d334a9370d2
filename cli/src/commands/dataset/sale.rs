//! Moves a sale on: delivery, acknowledgement, rating, poke.

use super::{
    MARKET, One, Secret,
    publish::{SECRET_FILE, SecretFile},
};
use crate::{amount, files, report::with_gas, session::Session, wallet::KeySource};
use alloy_primitives::{Address, U256};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use utnet_bindings::{DatasetMarket, states::SaleState};
use utnet_messages::{DatasetKey, Market, PublicKey, seal_dataset_key};
use utnet_primitives::{DatasetId, SaleId};

#[derive(Debug, Args)]
pub(crate) struct Delivery {
    #[command(flatten)]
    secret: Secret,
    /// The buyer.
    #[arg(long)]
    buyer: Address,
    /// Seller: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

#[derive(Debug, Args)]
pub(crate) struct Rating {
    /// The dataset.
    dataset: DatasetId,
    /// 1 to 100.
    #[arg(long)]
    score: u8,
    /// Buyer: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

/// The market whose keys are sealed.
pub(super) fn market(session: &Session) -> Market {
    Market { chain_id: session.chain_id(), address: session.address(MARKET) }
}

/// The id of the sale of a dataset to a buyer.
pub(super) async fn sale_id(
    session: &Session,
    dataset: DatasetId,
    buyer: Address,
) -> Result<SaleId> {
    let call = DatasetMarket::saleIdOfCall { dataset: dataset.into(), buyer };
    session.read(MARKET, &call).await.map(SaleId)
}

/// A sale as the market keeps it.
pub(super) async fn show(
    session: &Session,
    dataset: DatasetId,
    buyer: Address,
    gas_used: Option<u64>,
) -> Result<Value> {
    let id = sale_id(session, dataset, buyer).await?;
    let sale = session.read(MARKET, &DatasetMarket::saleOfCall { sale: id.into() }).await?;
    let state = SaleState::try_from(sale.state)?;
    ensure!(state != SaleState::None, "{buyer} has not bought dataset {dataset}");
    let report = json!({
        "sale": id,
        "dataset": dataset,
        "state": state,
        "buyer": buyer,
        "price": amount::show(U256::from(sale.price)),
        "deadline": sale.deadline.to::<u64>(),
        "score": sale.score,
    });
    Ok(with_gas(report, gas_used))
}

impl Delivery {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let secret: SecretFile = files::read_json(&self.secret.secret, SECRET_FILE)?;
        let dataset = secret.dataset;
        let id = sale_id(session, dataset, self.buyer).await?;
        let opened = session.events::<DatasetMarket::SaleOpened>(MARKET, Some(id.into())).await?;
        // After a refund the buyer may have bought again, with another key.
        let (sale, _) = opened.last().context("this buyer has not bought the dataset")?;
        let buyer = PublicKey::from_bytes(&sale.buyerKey)?;
        let key = DatasetKey { data_pointer: secret.pointer, key: secret.key };
        let sealed = seal_dataset_key(&key, &market(session), id, &buyer)?;
        let call = DatasetMarket::deliverCall {
            sale: id.into(),
            enc: sealed.enc,
            ciphertext: sealed.ciphertext,
        };
        let sent = session.send(&self.from.signer()?, MARKET, U256::ZERO, &call).await?;
        show(session, dataset, self.buyer, Some(sent.gas_used)).await
    }
}

impl Rating {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let signer = self.from.signer()?;
        let id = sale_id(session, self.dataset, signer.address()).await?;
        let call = DatasetMarket::rateCall { sale: id.into(), score: self.score };
        let sent = session.send(&signer, MARKET, U256::ZERO, &call).await?;
        let rated =
            sent.event::<DatasetMarket::DatasetRated>().context("no rating was recorded")?;
        Ok(json!({
            "sale": id,
            "dataset": self.dataset,
            "score": rated.score,
            "weight": amount::show(U256::from(rated.weight)),
            "gasUsed": sent.gas_used,
        }))
    }
}

pub(super) async fn acknowledge(session: &Session, one: &One) -> Result<Value> {
    let signer = one.from.signer()?;
    let buyer = one.buyer.unwrap_or_else(|| signer.address());
    let id = sale_id(session, one.dataset, buyer).await?;
    let call = DatasetMarket::acknowledgeCall { sale: id.into() };
    let sent = session.send(&signer, MARKET, U256::ZERO, &call).await?;
    show(session, one.dataset, buyer, Some(sent.gas_used)).await
}

pub(super) async fn poke(session: &Session, one: &One) -> Result<Value> {
    let signer = one.from.signer()?;
    let buyer = one.buyer.unwrap_or_else(|| signer.address());
    let id = sale_id(session, one.dataset, buyer).await?;
    let sent = session
        .send(&signer, MARKET, U256::ZERO, &DatasetMarket::pokeCall { sale: id.into() })
        .await?;
    show(session, one.dataset, buyer, Some(sent.gas_used)).await
}
