//! Rates by commitment: both halves nested, sealed to a relayer, opened after both stand.

use crate::{
    commands::{access, rental},
    files,
    rented::Rented,
    session::Session,
    wallet::KeySource,
};
use alloy_primitives::{Address, B256};
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use utnet_bindings::RpoiEscrow;
use utnet_client::{Clock as _, SystemClock};
use utnet_jobs::port::RatingRequest;
use utnet_messages::{
    InboxMessage, PublicKey, REVEAL_GAS, Ratings, RenterHalf, rating_commitment, seal_inbox, sign,
};
use utnet_primitives::{RentalId, SystemContract};

/// How often the relayer is asked what became of the message.
const POLL: Duration = Duration::from_millis(200);
const POLLS: u32 = 150;

#[derive(Debug, Args)]
pub(crate) struct Rate {
    /// The rental.
    rental: RentalId,
    /// 1 to 100.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=100))]
    score: u8,
    /// The access file: the operator's worker signs its half over yours.
    #[arg(long)]
    access: PathBuf,
    /// The relayer's url.
    #[arg(long)]
    relayer: String,
    /// File to keep the rating in until it is revealed; only you may read it.
    #[arg(long)]
    out: PathBuf,
    /// The renter: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

#[derive(Debug, Args)]
pub(crate) struct Reveal {
    /// The file that `rate` wrote.
    #[arg(long)]
    rating: PathBuf,
    /// Sender: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

/// What is expected where a rating is.
const RATING_FILE: &str = "rating, as `utnet rental rate` writes it";

/// What opens a commitment later.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RatingFile {
    rental: RentalId,
    rater: Address,
    score: u8,
    salt: B256,
}

/// The rating of an earlier try, or a new one, kept before it is sent: a commitment that cannot be opened costs the rating
/// bond, and nobody knows what became of a try that was cut short.
fn keep(path: &Path, rental: RentalId, rater: Address, score: u8) -> Result<RatingFile> {
    if path.exists() {
        let kept: RatingFile = files::read_json(path, RATING_FILE)?;
        ensure!(
            (kept.rental, kept.rater, kept.score) == (rental, rater, score),
            "{} holds another rating ({} of rental {} by {}): it may have been sent, so it is not replaced; \
             take another --out",
            path.display(),
            kept.score,
            kept.rental,
            kept.rater
        );
        return Ok(kept);
    }
    let salt = B256::from(super::order::fresh_nonce()?);
    let rating = RatingFile { rental, rater, score, salt };
    files::write_secret_json(path, &rating)?;
    Ok(rating)
}

impl Rate {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let signer = self.from.signer()?;
        let rating = keep(&self.out, self.rental, signer.address(), self.score)?;
        let message = self.ratings(session, &signer, &rating).await?;
        let relayer = Relayer::new(&self.relayer)?;
        let sealed = seal_inbox(&message, &access::escrow(session), &relayer.key().await?)?;
        let id = relayer.post(&serde_json::to_value(&sealed)?).await?;
        let state = relayer.wait_for(&id).await?;
        Ok(json!({ "rental": self.rental, "message": id, "relayer": state, "file": self.out }))
    }

    async fn ratings(
        &self,
        session: &Session,
        signer: &alloy_signer_local::PrivateKeySigner,
        rating: &RatingFile,
    ) -> Result<InboxMessage> {
        let domain = access::escrow(session).domain();
        let commitment = rating_commitment(rating.rental, rating.rater, rating.score, rating.salt);
        let half = RenterHalf { rental: rating.rental.into(), commitment };
        let renter_signature = sign(&half, &domain, signer)?;
        let (of_access, access) = access::read(&self.access)?;
        ensure!(of_access == self.rental, "the access file is of rental {of_access}");
        let half = RatingRequest { commitment, signature: renter_signature.clone() };
        let answer = Rented::new(access)?.rate(self.rental, &half).await?;
        Ok(InboxMessage::Ratings(Ratings {
            rental: self.rental,
            renter_commitment: commitment,
            renter_signature,
            operator_commitment: answer.commitment,
            operator_signature: answer.signature,
        }))
    }
}

impl Reveal {
    pub(crate) async fn run(self, session: &Session) -> Result<Value> {
        let rating: RatingFile = files::read_json(&self.rating, RATING_FILE)?;
        let call = RpoiEscrow::revealCall {
            rental: rating.rental.into(),
            rater: rating.rater,
            score: rating.score,
            salt: rating.salt,
        };
        let sent = session
            .send_ahead(&self.from.signer()?, SystemContract::RpoiEscrow, &call, REVEAL_GAS)
            .await?;
        rental::show(session, rating.rental, Some(sent.gas_used)).await
    }
}

/// A relayer's inbox.
struct Relayer {
    client: reqwest::Client,
    url: String,
}

impl Relayer {
    fn new(url: &str) -> Result<Self> {
        // Plain http on loopback: messages are sealed. The TLS provider is still asked for.
        let tls = rustls::crypto::aws_lc_rs::default_provider().install_default();
        drop(tls); // an error means that one is installed already
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned() })
    }

    async fn key(&self) -> Result<PublicKey> {
        #[derive(Deserialize)]
        struct Published {
            key: PublicKey,
        }
        Ok(serde_json::from_value::<Published>(self.get("/v1/key").await?)?.key)
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.url);
        let answer = self.client.get(&url).send().await.with_context(|| format!("GET {url}"))?;
        read(answer, &url).await
    }

    async fn post(&self, sealed: &Value) -> Result<String> {
        let url = format!("{}/v1/inbox", self.url);
        let answer = self
            .client
            .post(&url)
            .json(sealed)
            .send()
            .await
            .with_context(|| format!("POST {url}"))?;
        let body = read(answer, &url).await?;
        let id = body.get("id").and_then(Value::as_str);
        id.map(str::to_owned).with_context(|| format!("{url} gave no id"))
    }

    /// Waits until the message is mined; the relayer's last word otherwise.
    async fn wait_for(&self, id: &str) -> Result<Value> {
        let mut state = Value::Null;
        for _ in 0..POLLS {
            state = self.get(&format!("/v1/inbox/{id}")).await?;
            match state.get("state").and_then(Value::as_str) {
                Some("mined") => return Ok(state),
                Some("rejected" | "failed") => bail!("the relayer did not carry it: {state}"),
                _ => SystemClock.sleep(POLL).await,
            }
        }
        bail!("the relayer is still busy with it: {state}")
    }
}

async fn read(answer: reqwest::Response, url: &str) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{url}: {status}: {text}");
    serde_json::from_str(&text).with_context(|| format!("{url} did not answer with JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second try used to draw another salt and to overwrite the first, which may have been committed already.
    #[test]
    fn a_rating_that_may_have_been_sent_is_used_again_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rating.json");
        let (rental, rater) = (RentalId(B256::repeat_byte(1)), Address::repeat_byte(2));

        let first = keep(&path, rental, rater, 90).unwrap();
        let again = keep(&path, rental, rater, 90).unwrap();
        let other = keep(&path, rental, rater, 10).unwrap_err().to_string();

        assert_eq!(first.salt, again.salt);
        assert!(other.contains("may have been sent"), "{other}");
        assert_eq!(files::read_json::<RatingFile>(&path, RATING_FILE).unwrap().salt, first.salt);
    }
}
