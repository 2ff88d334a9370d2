//! Signs orders, posts them for discovery, and shows them.

use crate::{
    amount::Amount,
    commands::rental::signer_for,
    files,
    money::Money,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync as _;
use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use utnet_bindings::{
    OrderBook,
    signed::{self, SolStruct as _},
};
use utnet_jobs::sha256;
use utnet_primitives::SystemContract;

/// Sides of the market, as the contracts number them.
const ASK: u8 = 0;
const BID: u8 = 1;
/// Kinds of orders, as the contracts number them.
const MACHINE_TIME: u8 = 0;
const INFERENCE: u8 = 1;

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Sign an ask: offer machine time, or answers of a model.
    Ask(Terms),
    /// Sign a bid: ask for machine time, or for answers of a model.
    Bid(Terms),
    /// Publish a signed order on chain, for discovery.
    Post {
        /// The order file.
        #[arg(long)]
        order: PathBuf,
        /// Who carries it: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// List the orders that were posted.
    List,
    /// Cancel all of the maker's orders with these nonces, signed or to be signed.
    CancelNonces {
        /// Nonces of one word: equal when divided by 256.
        #[arg(long, required = true, value_delimiter = ',')]
        nonces: Vec<U256>,
        /// Their maker: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Cancel all orders that the maker signed so far.
    CancelAll {
        /// Their maker: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Cancel an order.
    Cancel {
        /// The order file.
        #[arg(long)]
        order: PathBuf,
        /// Its maker: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// Price of one chip for one second, or of one request: 1.5, 3gwei or 150wei; of a token 1.5 pieces, or 150wei
    /// for its smallest units.
    #[arg(long)]
    price: Amount,
    /// Token that is paid with; UNC if absent.
    #[arg(long, conflicts_with = "infer")]
    token: Option<Address>,
    /// Chips: at most (ask) or exactly (bid); of inference requests, at most.
    #[arg(long, default_value_t = 1)]
    chips: u32,
    /// Seconds: at most (ask) or exactly (bid); of inference seconds for one answer, which the worker needs (ask) or
    /// is given at least (bid, as many or more).
    #[arg(long)]
    duration: u64,
    /// Document for people that describes the machine; both sides name its keccak256.
    #[arg(long)]
    spec: PathBuf,
    /// Model of every chip; needed unless --least-phi or --infer is given, and any then.
    #[arg(long, required_unless_present_any = ["least_phi", "infer"])]
    model: Option<u32>,
    /// Least power of every chip, in units of phi.
    #[arg(long, default_value_t = 0)]
    least_phi: u64,
    /// An order of inference: the model, a WASM module or TorchScript file.
    #[arg(long)]
    infer: Option<PathBuf>,
    /// Parameters of all requests, a JSON file; any if absent.
    #[arg(long, requires = "infer")]
    data: Option<PathBuf>,
    /// How answers are compared: 0 exact, 1 on the same kernels, 2 within a tolerance.
    #[arg(long, default_value_t = 1, requires = "infer")]
    class: u8,
    /// SHA-256 of the environment; any if absent.
    #[arg(long, default_value_t)]
    environment: B256,
    /// The only chips that may fill it, in this order; any that meet the specification if absent.
    #[arg(long = "chip")]
    named_chips: Vec<B256>,
    /// Nonce, by which it can be cancelled; a random one if absent.
    #[arg(long)]
    nonce: Option<U256>,
    /// Seconds for which the order is good.
    #[arg(long, default_value_t = 3_600)]
    good_for: u64,
    /// Least rating of the other side, in hundredths.
    #[arg(long, default_value_t = 0)]
    min_rating: u16,
    /// The only account that may be on the other side.
    #[arg(long)]
    counterparty: Option<Address>,
    /// File to write.
    #[arg(long)]
    out: PathBuf,
    /// Maker: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

/// What is expected where an order is.
pub(crate) const ORDER_FILE: &str = "order, as `utnet order ask` or `utnet order bid` writes it";

/// A signed order, as it is kept and passed on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderFile {
    pub(crate) hash: B256,
    pub(crate) order: signed::Order,
    /// What the order's `specHash` is the hash of.
    pub(crate) specification: signed::Specification,
    /// What its `chipsHash` is the hash of; empty: any chips.
    pub(crate) chips: Vec<B256>,
    pub(crate) signature: Bytes,
}

impl Order {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        let session = Session::connect(site).await?;
        match self {
            Self::Ask(terms) => sign(&session, &terms, ASK).await,
            Self::Bid(terms) => sign(&session, &terms, BID).await,
            Self::Post { order, from } => {
                post(&session, files::read_json(&order, ORDER_FILE)?, &from).await
            }
            Self::List => list(&session).await,
            Self::CancelNonces { nonces, from } => cancel_nonces(&session, &nonces, &from).await,
            Self::CancelAll { from } => cancel_all(&session, &from).await,
            Self::Cancel { order, from } => {
                cancel(&session, files::read_json(&order, ORDER_FILE)?, &from).await
            }
        }
    }
}

async fn sign(session: &Session, terms: &Terms, side: u8) -> Result<Value> {
    let signer = terms.from.signer()?;
    let specification = specification(terms)?;
    let order = order(session, terms, side, signer.address(), &specification).await?;
    let domain =
        signed::order_book_domain(session.chain_id(), session.address(SystemContract::OrderBook));
    let hash = order.eip712_signing_hash(&domain);
    let signature = Bytes::from(signer.sign_hash_sync(&hash)?.as_bytes());
    let chips = terms.named_chips.clone();
    files::write_json(&terms.out, &OrderFile { hash, order, specification, chips, signature })?;
    Ok(json!({ "order": hash, "maker": signer.address(), "file": terms.out }))
}

/// What the order is about.
fn specification(terms: &Terms) -> Result<signed::Specification> {
    let read = |path: &PathBuf| {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let document = read(&terms.spec)?;
    let named = |path: &Option<PathBuf>| -> Result<B256> {
        Ok(path.as_ref().map(read).transpose()?.map_or(B256::ZERO, |bytes| sha256(&bytes)))
    };
    Ok(signed::Specification {
        model: terms.model.unwrap_or_default(),
        leastPhi: terms.least_phi,
        environmentHash: terms.environment,
        modelHash: named(&terms.infer)?,
        dataHash: named(&terms.data)?,
        documentHash: keccak256(document),
    })
}

/// Hash of a list of chips, as orders and requests name it.
pub(crate) fn chips_hash(chips: &[B256]) -> B256 {
    keccak256(chips.concat())
}

async fn order(
    session: &Session,
    terms: &Terms,
    side: u8,
    maker: Address,
    specification: &signed::Specification,
) -> Result<signed::Order> {
    let is_inference = terms.infer.is_some();
    let money = Money::of(session, terms.token.unwrap_or_default()).await?;
    let epoch =
        session.read(SystemContract::OrderBook, &OrderBook::makerEpochOfCall { maker }).await?;
    Ok(signed::Order {
        maker,
        side,
        kind: if is_inference { INFERENCE } else { MACHINE_TIME },
        specHash: specification.eip712_hash_struct(),
        chipsHash: match terms.named_chips.as_slice() {
            [] => B256::ZERO,
            chips => chips_hash(chips),
        },
        unitPrice: money.units_u128(&terms.price)?,
        minUnits: if side == BID && !is_inference { terms.chips } else { 1 },
        maxUnits: terms.chips,
        duration: terms.duration,
        validFrom: 0,
        expiry: session.after(terms.good_for).await?,
        payer: Address::ZERO,
        token: money.token,
        counterparty: terms.counterparty.unwrap_or_default(),
        minRating: terms.min_rating,
        validationClass: if is_inference { terms.class } else { 0 },
        nonce: terms.nonce.map_or_else(fresh_nonce, Ok)?,
        makerEpoch: epoch,
    })
}

/// A nonce that nobody used: 256 random bits.
pub(crate) fn fresh_nonce() -> Result<U256> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the machine gives no random bytes")?;
    Ok(U256::from_be_bytes(bytes))
}

async fn post(session: &Session, file: OrderFile, from: &KeySource) -> Result<Value> {
    let call = OrderBook::postCall { order: file.order, signature: file.signature };
    let sent =
        session.send(&signer_for(from)?, SystemContract::OrderBook, U256::ZERO, &call).await?;
    Ok(json!({ "order": file.hash, "transaction": sent.hash, "gasUsed": sent.gas_used }))
}

async fn list(session: &Session) -> Result<Value> {
    let posted = session.events::<OrderBook::OrderPosted>(SystemContract::OrderBook, None).await?;
    let mut rows = Vec::new();
    for (event, _) in posted {
        let filled = session
            .read(SystemContract::OrderBook, &OrderBook::filledOfCall { order: event.order })
            .await?;
        let money = Money::of(session, event.content.token).await?;
        rows.push(json!({
            "order": event.order,
            "kind": if event.content.kind == INFERENCE { "inference" } else { "machine time" },
            "side": if event.content.side == ASK { "ask" } else { "bid" },
            "maker": event.maker,
            "token": event.content.token,
            "price": money.show(U256::from(event.content.unitPrice)),
            "chips": event.content.maxUnits,
            "nonce": event.content.nonce,
            "filled": filled,
            "duration": event.content.duration,
        }));
    }
    Ok(Value::Array(rows))
}

async fn cancel_nonces(session: &Session, nonces: &[U256], from: &KeySource) -> Result<Value> {
    let (word, mask) = word_and_mask(nonces)?;
    let call = OrderBook::cancelNoncesCall { word, mask };
    let signer = signer_for(from)?;
    let sent = session.send(&signer, SystemContract::OrderBook, U256::ZERO, &call).await?;
    Ok(json!({ "maker": signer.address(), "transaction": sent.hash, "gasUsed": sent.gas_used }))
}

/// Orders name the epoch of their maker: in a later one they are good for nothing.
async fn cancel_all(session: &Session, from: &KeySource) -> Result<Value> {
    let signer = signer_for(from)?;
    let maker = signer.address();
    let epoch =
        session.read(SystemContract::OrderBook, &OrderBook::makerEpochOfCall { maker }).await?;
    let next = epoch.checked_add(1).context("the maker's epochs are used up")?;
    let call = OrderBook::raiseMakerEpochCall { makerEpoch: next };
    let sent = session.send(&signer, SystemContract::OrderBook, U256::ZERO, &call).await?;
    Ok(json!({
        "maker": maker,
        "makerEpoch": next,
        "transaction": sent.hash,
        "gasUsed": sent.gas_used,
    }))
}

/// The word of nonces that lie in one, and a mask with their bits.
fn word_and_mask(nonces: &[U256]) -> Result<(U256, U256)> {
    let word = *nonces.first().context("no nonces")? >> 8;
    let mut mask = U256::ZERO;
    for nonce in nonces {
        ensure!(*nonce >> 8 == word, "the nonces lie in several words: cancel each word alone");
        mask.set_bit(usize::from(nonce.byte(0)), true);
    }
    Ok((word, mask))
}

async fn cancel(session: &Session, file: OrderFile, from: &KeySource) -> Result<Value> {
    let call = OrderBook::cancelCall { order: file.order };
    let sent =
        session.send(&signer_for(from)?, SystemContract::OrderBook, U256::ZERO, &call).await?;
    Ok(json!({ "order": file.hash, "transaction": sent.hash, "gasUsed": sent.gas_used }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_of_one_word_are_cancelled_together() -> Result<()> {
        let (word, mask) = word_and_mask(&[U256::from(0x100), U256::from(0x1ff)])?;

        assert_eq!(word, U256::from(1));
        assert_eq!(mask, U256::from(1) | (U256::from(1) << 255));
        Ok(())
    }

    #[test]
    fn nonces_of_two_words_are_refused() {
        assert!(word_and_mask(&[U256::from(0xff), U256::from(0x100)]).is_err());
    }
}
