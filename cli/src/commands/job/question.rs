//! Asks about a result: challenges it, follows its committee, and makes its poster show it on chain.

use super::{
    POLL,
    place::{Located, Place},
};
use crate::{amount, session::Session, wallet::KeySource};
use alloy_primitives::{B256, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolValue as _;
use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use utnet_bindings::{
    Committee, ResultRollup,
    states::{CaseState, ChallengeState, SeatState},
};
use utnet_client::{Clock as _, SystemClock};
use utnet_primitives::SystemContract;

/// How often the chain is asked whether the beacon of a draw is there (one minute in all).
const DRAW_POLLS: u32 = 300;

#[derive(Debug, Subcommand)]
pub(crate) enum Question {
    /// Dispute a result with a bond, and draw the committee whose members compute it again.
    Challenge {
        #[command(flatten)]
        located: Located,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Show the committee that judges a disputed result.
    Committee(Located),
    /// Ask a larger committee about a verdict, at twice its price; anybody, once a case.
    Appeal {
        #[command(flatten)]
        located: Located,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Ask the poster to show a result's manifest on chain; if it does not, the result falls.
    Request {
        #[command(flatten)]
        located: Located,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Close a request that was not answered in time: the result falls, and the fee comes back.
    Lapse {
        #[command(flatten)]
        located: Located,
        /// Sender: dev:N or a key file.
        #[arg(long)]
        from: KeySource,
    },
    /// Wait for the verdict over a disputed result.
    Verdict {
        #[command(flatten)]
        located: Located,
        /// Seconds to wait.
        #[arg(long, default_value_t = 120)]
        seconds: u32,
    },
}

impl Question {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        match self {
            Self::Challenge { located, from } => challenge(session, &located, &from).await,
            Self::Committee(located) => seats(session, &located).await,
            Self::Appeal { located, from } => appeal(session, &located, &from).await,
            Self::Request { located, from } => request(session, &located, &from).await,
            Self::Lapse { located, from } => lapse(session, &located, &from).await,
            Self::Verdict { located, seconds } => verdict(session, &located, seconds).await,
        }
    }
}

async fn seats(session: &Session, located: &Located) -> Result<Value> {
    committee(session, located.name(session).await?.subject()).await
}

async fn challenge(session: &Session, located: &Located, from: &KeySource) -> Result<Value> {
    let place = located.find(session).await?;
    let Place { batch, index } = place.place;
    let rollup = SystemContract::ResultRollup;
    let bond: u128 = session.read(rollup, &ResultRollup::challengeBondCall {}).await?;
    let price: u128 = session.read(rollup, &ResultRollup::challengePriceCall {}).await?;
    let call = ResultRollup::challengeCall {
        batch: batch.into(),
        leaf: place.leaf(),
        index: U256::from(index),
        path: place.path.clone(),
    };
    let signer = from.signer()?;
    let sent = session.send(&signer, rollup, U256::from(price), &call).await?;
    let subject = sent
        .event::<ResultRollup::LeafChallenged>()
        .context("the rollup announced no challenge")?
        .subject;
    draw(session, &signer, subject).await?;
    Ok(json!({
        "batch": batch,
        "index": index,
        "bond": amount::show(U256::from(bond)),
        "price": amount::show(U256::from(price)),
        "committee": committee(session, subject).await?,
        "transaction": sent.hash,
        "gasUsed": sent.gas_used,
    }))
}

async fn case_of(session: &Session, subject: B256) -> Result<Committee::Case> {
    session.read(SystemContract::Committee, &Committee::caseOfCall { subject }).await
}

/// Draws who computes again, once the beacon that decides is there; the workers may be faster.
async fn draw(session: &Session, signer: &PrivateKeySigner, subject: B256) -> Result<()> {
    let waiting = case_of(session, subject).await?;
    let is_drawn =
        |case: &Committee::Case| case.round > waiting.round || case.state != waiting.state;
    for _ in 0..DRAW_POLLS {
        if session.head().await? >= waiting.drawHeight {
            break;
        }
        SystemClock.sleep(POLL).await;
    }
    if is_drawn(&case_of(session, subject).await?) {
        return Ok(());
    }
    let call = Committee::drawCall { subject };
    match session.send(signer, SystemContract::Committee, U256::ZERO, &call).await {
        Ok(_drawn) => Ok(()),
        Err(_) if is_drawn(&case_of(session, subject).await?) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A case and the members of its latest committee.
async fn committee(session: &Session, subject: B256) -> Result<Value> {
    let case = case_of(session, subject).await?;
    let call = Committee::seatsOfCall { subject, round: case.round };
    let seats: Vec<Committee::Seat> = session.read(SystemContract::Committee, &call).await?;
    let mut members = Vec::new();
    for seat in seats {
        let state = SeatState::try_from(seat.state)?;
        let verdict = (state == SeatState::Revealed).then_some(seat.word);
        let (member, weight) = (seat.member, seat.weight);
        members.push(
            json!({ "member": member, "weight": weight, "state": state, "verdict": verdict }),
        );
    }
    Ok(json!({
        "subject": subject,
        "state": CaseState::try_from(case.state)?,
        "round": case.round,
        "isAppealed": case.isAppealed,
        "deadline": case.deadline,
        "agreeing": case.agreeing,
        "weight": case.weight,
        "members": members,
    }))
}

async fn appeal(session: &Session, located: &Located, from: &KeySource) -> Result<Value> {
    let subject = located.name(session).await?.subject();
    let contract = SystemContract::Committee;
    let seats: u8 = session.read(contract, &Committee::appealSeatsCall {}).await?;
    let price: u128 = session.read(contract, &Committee::priceOfCall { seats }).await?;
    let value = U256::from(price).saturating_mul(U256::from(2));
    let (signer, call) = (from.signer()?, Committee::appealCall { subject });
    session.send(&signer, contract, value, &call).await?;
    draw(session, &signer, subject).await?;
    committee(session, subject).await
}

async fn request(session: &Session, located: &Located, from: &KeySource) -> Result<Value> {
    let Place { batch, index } = located.name(session).await?;
    let rollup = SystemContract::ResultRollup;
    let fee: u128 = session.read(rollup, &ResultRollup::dataFeeCall {}).await?;
    let call = ResultRollup::requestDataCall { batch: batch.into(), index: U256::from(index) };
    let sent = session.send(&from.signer()?, rollup, U256::from(fee), &call).await?;
    let asked =
        sent.event::<ResultRollup::DataRequested>().context("the rollup announced no request")?;
    Ok(json!({
        "batch": batch,
        "index": index,
        "fee": amount::show(U256::from(fee)),
        "deadline": asked.deadline,
    }))
}

async fn lapse(session: &Session, located: &Located, from: &KeySource) -> Result<Value> {
    let Place { batch, index } = located.name(session).await?;
    let call = ResultRollup::lapseCall { batch: batch.into(), index: U256::from(index) };
    let rollup = SystemContract::ResultRollup;
    let sent = session.send(&from.signer()?, rollup, U256::ZERO, &call).await?;
    sent.event::<ResultRollup::DataWithheld>().context("the rollup announced no lapse")?;
    Ok(json!({ "batch": batch, "index": index, "hasFallen": true }))
}

async fn verdict(session: &Session, located: &Located, seconds: u32) -> Result<Value> {
    let place = located.name(session).await?;
    let Place { batch, index } = place;
    let call = ResultRollup::challengeOfCall { batch: batch.into(), index: U256::from(index) };
    for _ in 0..seconds.saturating_mul(5) {
        let challenge = session.read(SystemContract::ResultRollup, &call).await?;
        let state = ChallengeState::try_from(challenge.state)?;
        if state >= ChallengeState::Upheld {
            let claim = (challenge.resultRoot, U256::from(challenge.steps));
            return Ok(json!({
                "batch": batch,
                "index": index,
                "state": state,
                "claimed": keccak256(claim.abi_encode_params()),
                "found": challenge.found,
                "committee": committee(session, place.subject()).await?,
            }));
        }
        SystemClock.sleep(POLL).await;
    }
    bail!("no verdict within {seconds} s")
}
