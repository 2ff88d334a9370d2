//! Publishes, buys, sells and opens datasets.

mod bargain;
mod open;
mod publish;
mod sale;

use crate::{
    amount,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{Address, U256};
use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;
use utnet_bindings::DatasetMarket;
use utnet_primitives::{DatasetId, SystemContract};

const MARKET: SystemContract = SystemContract::DatasetMarket;

#[derive(Debug, Subcommand)]
pub(crate) enum Dataset {
    /// Seal a file with a key of its own and publish its fingerprints; a price of 0 shares it with everybody.
    Publish(publish::Publication),
    /// List what is published, oldest first.
    List,
    /// Sign an offer to the other side.
    Offer(bargain::Terms),
    /// Buy at the list price, or at the seller's offer: the price is locked.
    Buy(bargain::Purchase),
    /// Sell at a buyer's offer.
    Accept(bargain::Acceptance),
    /// Seal the key to the buyer of a sale and deliver it. Seller.
    Deliver(sale::Delivery),
    /// Fetch the data, open it with what was delivered, and check it against its fingerprints.
    Open(open::Opening),
    /// Say that the key opens the data: the seller is paid. Buyer.
    Acknowledge(One),
    /// Say what the data is worth, 1 to 100. Buyer.
    Rate(sale::Rating),
    /// Refund a sale whose seller is silent, or settle one whose buyer is. Anyone.
    Poke(One),
    /// Show the sale of a dataset to a buyer.
    Show {
        /// The dataset.
        dataset: DatasetId,
        /// The buyer.
        #[arg(long)]
        buyer: Address,
    },
}

/// One sale, named by its dataset and buyer, and who sends.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The dataset.
    dataset: DatasetId,
    /// The buyer; the sender if absent.
    #[arg(long)]
    buyer: Option<Address>,
    /// Sender: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

/// Where the keys of published datasets are kept.
#[derive(Debug, Args)]
pub(crate) struct Secret {
    /// The file that `utnet dataset publish` wrote.
    #[arg(long)]
    secret: PathBuf,
}

impl Dataset {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        match self {
            Self::Publish(publication) => publication.run(&session).await,
            Self::List => list(&session).await,
            Self::Offer(terms) => terms.run(&session).await,
            Self::Buy(purchase) => purchase.run(&session).await,
            Self::Accept(acceptance) => acceptance.run(&session).await,
            Self::Deliver(delivery) => delivery.run(&session).await,
            Self::Open(opening) => opening.run(&session).await,
            Self::Acknowledge(one) => sale::acknowledge(&session, &one).await,
            Self::Rate(rating) => rating.run(&session).await,
            Self::Poke(one) => sale::poke(&session, &one).await,
            Self::Show { dataset, buyer } => sale::show(&session, dataset, buyer, None).await,
        }
    }
}

/// A dataset as the market keeps it.
async fn dataset_of(session: &Session, id: DatasetId) -> Result<DatasetMarket::Dataset> {
    session.read(MARKET, &DatasetMarket::datasetOfCall { dataset: id.into() }).await
}

async fn list(session: &Session) -> Result<Value> {
    let published = session.events::<DatasetMarket::DatasetPublished>(MARKET, None).await?;
    let mut rows = Vec::new();
    for (event, _) in published {
        let kept = dataset_of(session, event.dataset.into()).await?;
        let rated =
            session.read(MARKET, &DatasetMarket::ratingOfCall { dataset: event.dataset }).await?;
        rows.push(json!({
            "dataset": event.dataset,
            "title": event.publication.title,
            "seller": event.seller,
            "bytes": kept.size,
            "price": amount::show(U256::from(kept.price)),
            "isFree": kept.isFree,
            "isDelisted": kept.isDelisted,
            "rating": format!("{}.{:02}", rated.rating / 100, rated.rating % 100),
            "ratings": rated.count,
        }));
    }
    Ok(Value::Array(rows))
}
