//! Plays the renter's part of a rental, and anybody's: open, acknowledge, end, poke, show.

use crate::{
    amount::Amount,
    commands::order::{ORDER_FILE, OrderFile, chips_hash, fresh_nonce},
    files,
    money::Money,
    report::with_gas,
    sealing,
    session::{Session, Site},
    wallet::KeySource,
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::Eip712Domain;
use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use utnet_bindings::{
    PociRegistry, RentalDesk, RpoiEscrow,
    signed::{self, SolStruct as _},
    states::{ChipState, RentalState},
};
use utnet_primitives::{RentalId, SystemContract};

const ESCROW: SystemContract = SystemContract::RpoiEscrow;

#[derive(Debug, Subcommand)]
pub(crate) enum Rental {
    /// Sign the request and open the rental: matches both orders, reserves chips, locks deposit, rent and bonds.
    Open(Opening),
    /// Tell the worker the key to seal the access to, and fetch, open and check what it hands over.
    Access(crate::commands::access::Fetch),
    /// Open a bad hand-over in public: the court has everything returned and the operator punished.
    Complain(crate::commands::complaint::Complain),
    /// Acknowledge the hand-over: time starts.
    Acknowledge(One),
    /// Extend a running rental at its price.
    TopUp(TopUp),
    /// Consent, as the operator, to an extension beyond the ask's duration: prints the signature.
    Consent(Extension),
    /// Take the chips back, as the operator, after a notice.
    Reclaim(Reclaim),
    /// End a rental one of whose chips was slashed or quarantined.
    EndFor(EndFor),
    /// End the rental now: only used time is paid.
    End(One),
    /// Sign a rating's commitment, let the operator sign its own over it, and send both through a relayer.
    Rate(crate::commands::rating::Rate),
    /// Open the commitment of a rating.
    Reveal(crate::commands::rating::Reveal),
    /// Move a rental whose deadline has passed to its next state.
    Poke(One),
    /// Show a rental.
    Show {
        /// The rental.
        rental: RentalId,
    },
    /// List rentals, newest last.
    List,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The rental.
    rental: RentalId,
    /// Sender: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

/// How long a rental shall run.
#[derive(Debug, Args)]
pub(crate) struct Extension {
    /// The rental.
    rental: RentalId,
    /// Seconds in all, from the start.
    #[arg(long)]
    duration: u64,
    /// Who signs or sends: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

#[derive(Debug, Args)]
pub(crate) struct TopUp {
    #[command(flatten)]
    extension: Extension,
    /// The operator's consent, needed beyond the duration of its ask.
    #[arg(long, default_value_t)]
    consent: Bytes,
}

#[derive(Debug, Args)]
pub(crate) struct Reclaim {
    #[command(flatten)]
    one: One,
    /// Seconds until the chips are back; a shorter notice than agreed costs a part of the bond.
    #[arg(long)]
    notice: u64,
}

#[derive(Debug, Args)]
pub(crate) struct EndFor {
    #[command(flatten)]
    one: One,
    /// Position of the chip among the rental's, from 0.
    #[arg(long)]
    position: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Opening {
    /// The operator's ask.
    #[arg(long)]
    ask: PathBuf,
    /// The renter's bid.
    #[arg(long)]
    bid: PathBuf,
    /// The renter's sealing key (P-256), to which the access will be sealed.
    #[arg(long)]
    sealing_key: PathBuf,
    /// What the renter leaves as security, in the orders' money.
    #[arg(long)]
    deposit: Amount,
    /// The renter, who signs and sends: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

impl Rental {
    pub(crate) async fn run(self, site: &Site) -> Result<Value> {
        self.run_over(&Session::connect(site).await?).await
    }

    async fn run_over(self, session: &Session) -> Result<Value> {
        match self {
            Self::Open(opening) => open(session, &opening).await,
            Self::Access(fetch) => fetch.run(session).await,
            Self::Complain(complaint) => complaint.run(session).await,
            Self::Acknowledge(one) => acknowledge(session, &one).await,
            Self::TopUp(top_up) => extend(session, &top_up).await,
            Self::Consent(extension) => consent(session, &extension),
            Self::Reclaim(reclaim) => take_back(session, &reclaim).await,
            Self::EndFor(end) => end_for(session, &end).await,
            Self::End(one) => end(session, &one).await,
            Self::Rate(rate) => rate.run(session).await,
            Self::Reveal(reveal) => reveal.run(session).await,
            Self::Poke(one) => poke(session, &one).await,
            Self::Show { rental } => show(session, rental, None).await,
            Self::List => list(session).await,
        }
    }
}

/// The key of whoever sends.
pub(crate) fn signer_for(from: &KeySource) -> Result<PrivateKeySigner> {
    from.signer()
}

/// The domain of everything that the escrow checks.
pub(crate) fn domain(session: &Session) -> Eip712Domain {
    signed::rpoi_escrow_domain(session.chain_id(), session.address(ESCROW))
}

/// A rental as the escrow keeps it.
pub(crate) async fn rental_of(session: &Session, id: RentalId) -> Result<RpoiEscrow::Rental> {
    session.read(ESCROW, &RpoiEscrow::rentalOfCall { id: id.into() }).await
}

async fn open(session: &Session, opening: &Opening) -> Result<Value> {
    let signer = opening.from.signer()?;
    require_fresh(session, &sealing::public_key(&opening.sealing_key)?).await?;
    let ask: OrderFile = files::read_json(&opening.ask, ORDER_FILE)?;
    let bid: OrderFile = files::read_json(&opening.bid, ORDER_FILE)?;
    let chips = match named_chips(&ask, &bid) {
        Some(named) => named.to_vec(),
        None => free_chips(session, &ask, bid.order.maxUnits).await?,
    };
    let request = request(session, opening, &ask, &bid, &chips).await?;
    let signature = signer.sign_hash_sync(&request.eip712_signing_hash(&domain(session)))?;
    let call = RentalDesk::openCall {
        opening: RentalDesk::Opening {
            ask: ask.order.into(),
            askSignature: ask.signature,
            bid: bid.order.into(),
            bidSignature: bid.signature,
            specification: bid.specification,
            request,
            requestSignature: Bytes::from(signature.as_bytes()),
            chips,
            renterKey: sealing::public_key(&opening.sealing_key)?,
        },
    };
    let sent = session.send(&signer, SystemContract::RentalDesk, U256::ZERO, &call).await?;
    let opened = sent
        .event::<RpoiEscrow::RentalOpened>()
        .ok_or_else(|| anyhow::anyhow!("the escrow announced no rental"))?;
    show(session, RentalId(opened.rental), Some(sent.gas_used)).await
}

/// A complaint computes with the sealing key whatever point the operator has chosen, in public: under a key of two
/// rentals one operator could have the other's hand-over opened.
async fn require_fresh(session: &Session, key: &Bytes) -> Result<()> {
    let opened = session.events::<RpoiEscrow::RentalOpened>(ESCROW, None).await?;
    let earlier = opened.iter().find(|(event, _)| event.renterKey == *key);
    ensure!(
        earlier.is_none(),
        "a sealing key is for one rental, and this one has had its own: `utnet key sealing` makes another"
    );
    Ok(())
}

async fn request(
    session: &Session,
    opening: &Opening,
    ask: &OrderFile,
    bid: &OrderFile,
    chips: &[B256],
) -> Result<RentalDesk::RentalRequest> {
    let chips_hash = chips_hash(chips);
    let money = Money::of(session, bid.order.token).await?;
    let units = u128::from(bid.order.maxUnits) * u128::from(bid.order.duration);
    let rent = ask.order.unitPrice.checked_mul(units).ok_or_else(|| {
        anyhow::anyhow!("{} chips for {} s cost too much", bid.order.maxUnits, bid.order.duration)
    })?;
    let mut request = RentalDesk::RentalRequest {
        renter: bid.order.maker,
        operator: ask.order.maker,
        bid: bid.hash,
        chipsHash: chips_hash,
        duration: bid.order.duration,
        deposit: money.units_u128(&opening.deposit)?,
        rent,
        documentHash: B256::ZERO,
        renterKeyHash: keccak256(sealing::public_key(&opening.sealing_key)?),
        nonce: fresh_nonce()?,
        deadline: session.after(600).await?,
    };
    // E_R: the request itself, as JSON, before its own hash is in it.
    request.documentHash = B256::from_slice(&Sha256::digest(serde_json::to_vec(&request)?));
    Ok(request)
}

/// The only chips that may fill the orders, if one of them names some.
fn named_chips<'a>(ask: &'a OrderFile, bid: &'a OrderFile) -> Option<&'a [B256]> {
    [ask, bid].into_iter().map(|file| file.chips.as_slice()).find(|chips| !chips.is_empty())
}

/// Active chips of the ask's maker that meet its specification and that nobody rents, as many as wanted.
async fn free_chips(session: &Session, ask: &OrderFile, wanted: u32) -> Result<Vec<B256>> {
    let (operator, wish) = (ask.order.maker, &ask.specification);
    let registry = SystemContract::PociRegistry;
    let all: Vec<B256> = session.read(registry, &PociRegistry::chipsOfCall { operator }).await?;
    let mut free = Vec::new();
    for chip in all {
        let state: u8 = session.read(registry, &PociRegistry::stateOfCall { id: chip }).await?;
        let record = session.read(registry, &PociRegistry::chipOfCall { chip }).await?;
        let is_free = ChipState::try_from(state)? == ChipState::Active && record.rentals == 0;
        let is_model = wish.model == 0 || wish.model == record.model;
        if is_free && is_model && record.phi >= wish.leastPhi {
            free.push(chip);
        }
    }
    let wanted = usize::try_from(wanted)?;
    ensure!(
        free.len() >= wanted,
        "{operator} has {} fitting free chips, {wanted} are wanted",
        free.len()
    );
    free.truncate(wanted);
    Ok(free)
}

async fn acknowledge(session: &Session, one: &One) -> Result<Value> {
    let call = RpoiEscrow::acknowledgeCall { rental: one.rental.into(), signature: Bytes::new() };
    let sent = session.send(&one.from.signer()?, ESCROW, U256::ZERO, &call).await?;
    show(session, one.rental, Some(sent.gas_used)).await
}

/// What payer and operator sign for an extension.
fn top_up_digest(session: &Session, extension: &Extension) -> B256 {
    let message = signed::TopUp { rental: extension.rental.into(), duration: extension.duration };
    message.eip712_signing_hash(&domain(session))
}

async fn extend(session: &Session, top_up: &TopUp) -> Result<Value> {
    let extension = &top_up.extension;
    let call = RpoiEscrow::topUpCall {
        rental: extension.rental.into(),
        duration: extension.duration,
        payerSignature: Bytes::new(),
        operatorSignature: top_up.consent.clone(),
    };
    let sent = session.send(&extension.from.signer()?, ESCROW, U256::ZERO, &call).await?;
    show(session, extension.rental, Some(sent.gas_used)).await
}

fn consent(session: &Session, extension: &Extension) -> Result<Value> {
    let signature = extension.from.signer()?.sign_hash_sync(&top_up_digest(session, extension))?;
    Ok(json!({
        "rental": extension.rental,
        "duration": extension.duration,
        "consent": Bytes::from(signature.as_bytes()),
    }))
}

async fn take_back(session: &Session, reclaim: &Reclaim) -> Result<Value> {
    let one = &reclaim.one;
    let call =
        RpoiEscrow::reclaimNoticeCall { rental: one.rental.into(), noticeSeconds: reclaim.notice };
    let sent = session.send(&one.from.signer()?, ESCROW, U256::ZERO, &call).await?;
    show(session, one.rental, Some(sent.gas_used)).await
}

async fn end_for(session: &Session, end: &EndFor) -> Result<Value> {
    let one = &end.one;
    let call =
        RpoiEscrow::endForCall { rental: one.rental.into(), position: U256::from(end.position) };
    let sent = session.send(&one.from.signer()?, ESCROW, U256::ZERO, &call).await?;
    show(session, one.rental, Some(sent.gas_used)).await
}

async fn end(session: &Session, one: &One) -> Result<Value> {
    let call = RpoiEscrow::endCall { rental: one.rental.into(), signature: Bytes::new() };
    let sent = session.send(&one.from.signer()?, ESCROW, U256::ZERO, &call).await?;
    show(session, one.rental, Some(sent.gas_used)).await
}

async fn poke(session: &Session, one: &One) -> Result<Value> {
    let call = RpoiEscrow::pokeCall { rental: one.rental.into() };
    let sent = session.send(&one.from.signer()?, ESCROW, U256::ZERO, &call).await?;
    show(session, one.rental, Some(sent.gas_used)).await
}

/// Everything that a person wants to know of a rental.
pub(crate) async fn show(session: &Session, id: RentalId, gas_used: Option<u64>) -> Result<Value> {
    let rental = rental_of(session, id).await?;
    ensure!(!rental.renter.is_zero(), "there is no rental {id}");
    let state: u8 = session.read(ESCROW, &RpoiEscrow::stateOfCall { rental: id.into() }).await?;
    let accrued: u128 =
        session.read(ESCROW, &RpoiEscrow::accruedOfCall { rental: id.into() }).await?;
    let refunds = session.events::<RpoiEscrow::AbsenceRefunded>(ESCROW, Some(id.into())).await?;
    let refunded: u128 = refunds.iter().map(|(event, _)| event.refund).sum();
    let money = Money::of(session, rental.token).await?;
    let shown = |units: u128| money.show(U256::from(units));
    let report = json!({
        "rental": id,
        "state": RentalState::try_from(state)?,
        "renter": rental.renter,
        "operator": rental.operator,
        "chips": rental.chips,
        "duration": rental.duration,
        "mostDuration": rental.mostDuration,
        "token": rental.token,
        "deposit": shown(rental.deposit),
        "rent": shown(rental.rent),
        "accrued": shown(accrued),
        "refundedForAbsence": shown(refunded),
        "forgivenInDisputes": shown(rental.forgiven),
        "startedAt": rental.startedAt,
        "endedAt": rental.endedAt,
        "deadline": rental.deadline,
        "renterScore": rental.renterScore,
        "operatorScore": rental.operatorScore,
    });
    Ok(with_gas(report, gas_used))
}

async fn list(session: &Session) -> Result<Value> {
    let opened = session.events::<RpoiEscrow::RentalOpened>(ESCROW, None).await?;
    let mut rows = Vec::new();
    for (event, _) in opened {
        let call = RpoiEscrow::stateOfCall { rental: event.rental };
        let state: u8 = session.read(ESCROW, &call).await?;
        let money = Money::of(session, event.token).await?;
        rows.push(json!({
            "rental": event.rental,
            "state": RentalState::try_from(state)?,
            "renter": event.renter,
            "operator": event.operator,
            "rent": money.show(U256::from(event.rent)),
        }));
    }
    Ok(Value::Array(rows))
}
