//! Submits a job: uploads its files to the rented worker, signs the specification, opens it on chain.

use crate::{
    amount,
    commands::{
        access,
        order::{ORDER_FILE, OrderFile, fresh_nonce},
    },
    files,
    rented::Rented,
    session::{Sent, Session},
    wallet::KeySource,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use utnet_bindings::{JobEscrow, signed};
use utnet_jobs::{
    environment::environment_of,
    params::{InferParams, Params, TrainParams, WasmParams},
    sha256,
};
use utnet_messages::sign;
use utnet_primitives::{RentalId, SystemContract};

/// Kinds of jobs, with the parameters that are taken when none are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A WASM module that reads the input on stdin.
    Wasm,
    /// A TorchScript module over tensors.
    Infer,
    /// A small language model that learns the input text.
    Train,
}

#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The access file of the rental.
    #[arg(long)]
    access: PathBuf,
    /// What kind of job.
    #[arg(long)]
    kind: Kind,
    /// WASM module or TorchScript file; training brings its own.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Input file.
    #[arg(long)]
    input: PathBuf,
    /// Parameters, a JSON file; the kind's defaults if absent.
    #[arg(long)]
    params: Option<PathBuf>,
    /// Seed of all chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Paid when the result is final.
    #[arg(long, value_parser = amount::parse_u128, required_unless_present = "ask")]
    price: Option<u128>,
    /// The worker's order of inference: the job is one request under it, at its price.
    #[arg(long, requires = "bid", conflicts_with = "price")]
    ask: Option<PathBuf>,
    /// The renter's own order of inference.
    #[arg(long, requires = "ask")]
    bid: Option<PathBuf>,
    /// Seconds until the result must be revealed.
    #[arg(long, default_value_t = 300)]
    within: u64,
    /// The renter, who signs and sends: dev:N or a key file.
    #[arg(long)]
    from: KeySource,
}

impl Submit {
    pub(super) async fn run(self, session: &Session) -> Result<Value> {
        let signer = self.from.signer()?;
        let (rental, access) = access::read(&self.access)?;
        let worker = Rented::new(access)?;
        let params = self.params()?;
        worker.wait_for_door().await?;
        let files = self.upload(&worker, &params).await?;
        let spec = self.spec(session, rental, signer.address(), files).await?;
        let price = spec.price;
        let sent = match self.orders()? {
            Some(orders) => {
                // The client itself sends: its word needs no signature.
                let signature = Bytes::new();
                let call = JobEscrow::openFromOrdersCall { orders, specs: vec![spec], signature };
                session.send(&signer, SystemContract::JobEscrow, U256::ZERO, &call).await?
            }
            None => open(session, &signer, spec).await?,
        };
        let opened = sent.event::<JobEscrow::JobOpened>().context("the escrow announced no job")?;
        Ok(json!({
            "job": opened.job,
            "kind": params.kind(),
            "worker": opened.worker,
            "price": amount::show(U256::from(price)),
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
        }))
    }

    /// The two orders that the request is under.
    fn orders(&self) -> Result<Option<JobEscrow::JobOrders>> {
        let (Some(ask), Some(bid)) = (&self.ask, &self.bid) else { return Ok(None) };
        let ask: OrderFile = files::read_json(ask, ORDER_FILE)?;
        let bid: OrderFile = files::read_json(bid, ORDER_FILE)?;
        Ok(Some(JobEscrow::JobOrders {
            ask: ask.order.into(),
            askSignature: ask.signature,
            bid: bid.order.into(),
            bidSignature: bid.signature,
            specification: bid.specification.into(),
        }))
    }

    fn params(&self) -> Result<Params> {
        match &self.params {
            Some(path) => Params::decode(&read(path)?)
                .with_context(|| format!("parameters in {}", path.display())),
            None => Ok(match self.kind {
                Kind::Wasm => Params::Wasm(WasmParams::default()),
                Kind::Infer => Params::TorchInfer(InferParams::default()),
                Kind::Train => Params::TorchTrain(TrainParams::default()),
            }),
        }
    }

    async fn upload(&self, worker: &Rented, params: &Params) -> Result<Uploaded> {
        let program = match (&self.program, self.kind) {
            (Some(path), _) => worker.put(read(path)?).await?,
            (None, Kind::Train) => B256::ZERO,
            (None, kind) => bail!("--program is needed for {kind:?}"),
        };
        let input = worker.put(read(&self.input)?).await?;
        let environment = sha256(environment_of(params).as_bytes());
        let params = worker.put(params.encode()).await?;
        Ok(Uploaded { program, input, params, environment })
    }

    async fn spec(
        &self,
        session: &Session,
        rental: RentalId,
        client: Address,
        files: Uploaded,
    ) -> Result<signed::JobSpec> {
        let worker = crate::commands::rental::rental_of(session, rental).await?.operator;
        let asked = self.orders()?.map(|orders| orders.ask.unitPrice);
        Ok(signed::JobSpec {
            client,
            worker,
            rental: rental.into(),
            programHash: files.program,
            inputHash: files.input,
            environmentHash: files.environment,
            kernelProfile: B256::ZERO,
            seed: self.seed,
            paramsHash: files.params,
            tolerance: match self.kind {
                Kind::Wasm => 0,
                Kind::Infer | Kind::Train => 1,
            },
            price: asked.or(self.price).context("no price")?,
            deadline: session.after(self.within).await?,
            nonce: fresh_nonce()?,
        })
    }
}

/// Opens a job with the renter's signature.
async fn open(session: &Session, signer: &PrivateKeySigner, spec: signed::JobSpec) -> Result<Sent> {
    let contract = SystemContract::JobEscrow;
    let domain = signed::job_escrow_domain(session.chain_id(), session.address(contract));
    let signature: Bytes = sign(&spec, &domain, signer)?;
    session.send(signer, contract, U256::ZERO, &JobEscrow::openCall { spec, signature }).await
}

/// SHA-256 of the files that the worker has now.
struct Uploaded {
    program: B256,
    input: B256,
    params: B256,
    /// Named only: the worker brings it.
    environment: B256,
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
