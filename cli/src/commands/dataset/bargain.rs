//! Agrees on a price: at the list, or by signed offers in turns.

use super::{MARKET, dataset_of, sale};
use crate::{amount, files, sealing, session::Session, wallet::KeySource};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync as _;
use anyhow::{Context as _, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use utnet_bindings::{
    DatasetMarket,
    signed::{self, SolStruct as _},
};
use utnet_primitives::DatasetId;

#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// The dataset.
    dataset: DatasetId,
    /// Who may accept: the buyer, or the seller.
    #[arg(long)]
    to: Address,
    /// Price.
    #[arg(long, value_parser = amount::parse_u128)]
    price: u128,
    /// The buyer's sealing key (P-256), in a buyer's offer.
    #[arg(long)]
    sealing_key: Option<PathBuf>,
    /// Seconds for which the offer is good.
    #[arg(long, default_value_t = 3_600)]
    good_for: u64,
    /// Higher than in earlier offers to the same account; the chain's time if absent.
    #[arg(long)]
    nonce: Option<u64>,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
    /// Maker: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

#[derive(Debug, Args)]
pub(crate) struct Purchase {
    /// The dataset.
    dataset: DatasetId,
    /// The buyer's sealing key (P-256), to which the data's key will be sealed.
    #[arg(long)]
    sealing_key: PathBuf,
    /// Most to pay at the list price; whatever it is now if absent.
    #[arg(long, value_parser = amount::parse_u128, conflicts_with = "offer")]
    limit: Option<u128>,
    /// The seller's offer.
    #[arg(long)]
    offer: Option<PathBuf>,
    /// Buyer: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

#[derive(Debug, Args)]
pub(crate) struct Acceptance {
    /// The buyer's offer.
    #[arg(long)]
    offer: PathBuf,
    /// Seller: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

/// What is expected where an offer is.
const OFFER_FILE: &str = "offer, as `utnet dataset offer` writes it";

/// A signed offer, as it is kept and passed on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferFile {
    hash: B256,
    offer: signed::DatasetOffer,
    /// The buyer's key, 65 bytes; empty in a seller's offer.
    buyer_key: Bytes,
    signature: Bytes,
}

impl Terms {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let signer = self.from.signer()?;
        let buyer_key = match &self.sealing_key {
            Some(path) => sealing::public_key(path)?,
            None => Bytes::new(),
        };
        let offer = signed::DatasetOffer {
            dataset: self.dataset.into(),
            maker: signer.address(),
            taker: self.to,
            price: self.price,
            buyerKeyHash: if buyer_key.is_empty() { B256::ZERO } else { keccak256(&buyer_key) },
            expiry: session.after(self.good_for).await?,
            nonce: match self.nonce {
                Some(nonce) => nonce,
                None => session.now().await?,
            },
        };
        let domain = signed::dataset_market_domain(session.chain_id(), session.address(MARKET));
        let hash = offer.eip712_signing_hash(&domain);
        let signature = Bytes::from(signer.sign_hash_sync(&hash)?.as_bytes());
        files::write_json(&self.out, &OfferFile { hash, offer, buyer_key, signature })?;
        Ok(json!({
            "offer": hash,
            "dataset": self.dataset,
            "maker": signer.address(),
            "price": amount::show(U256::from(self.price)),
            "file": self.out,
        }))
    }
}

impl Purchase {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let signer = self.from.signer()?;
        let buyer_key = sealing::public_key(&self.sealing_key)?;
        let sent = match &self.offer {
            Some(path) => {
                let file: OfferFile = files::read_json(path, OFFER_FILE)?;
                let call = accept(file, buyer_key);
                session.send(&signer, MARKET, U256::ZERO, &call).await?
            }
            None => {
                let limit = match self.limit {
                    Some(limit) => limit,
                    None => dataset_of(session, self.dataset).await?.price,
                };
                let dataset = self.dataset.into();
                let call = DatasetMarket::buyCall { dataset, limit, buyerKey: buyer_key };
                session.send(&signer, MARKET, U256::ZERO, &call).await?
            }
        };
        sale::show(session, self.dataset, signer.address(), Some(sent.gas_used)).await
    }
}

impl Acceptance {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let file: OfferFile = files::read_json(&self.offer, OFFER_FILE)?;
        let (dataset, buyer) = (DatasetId(file.offer.dataset), file.offer.maker);
        let buyer_key = file.buyer_key.clone();
        let call = accept(file, buyer_key);
        let sent = session
            .send(&self.from.signer()?, MARKET, U256::ZERO, &call)
            .await
            .context("the buyer's offer was not accepted")?;
        sale::show(session, dataset, buyer, Some(sent.gas_used)).await
    }
}

fn accept(file: OfferFile, buyer_key: Bytes) -> DatasetMarket::acceptCall {
    DatasetMarket::acceptCall { offer: file.offer, signature: file.signature, buyerKey: buyer_key }
}
