//! Submits a job: uploads its files to the rented worker, signs the specification, opens it on chain.

use crate::{
    amount,
    commands::{access, order::fresh_nonce},
    rented::Rented,
    session::Session,
    wallet::KeySource,
};
use alloy_primitives::{Address, B256, Bytes, U256};
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
use utnet_primitives::{RentalId, SystemContract, system_address};

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
    #[arg(long, value_parser = amount::parse_u128)]
    price: u128,
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
        let domain = signed::job_escrow_domain(
            session.chain_id(),
            system_address(SystemContract::JobEscrow),
        );
        let signature: Bytes = sign(&spec, &domain, &signer)?;
        let call = JobEscrow::openCall { spec, signature };
        let sent = session.send(&signer, SystemContract::JobEscrow, U256::ZERO, &call).await?;
        let opened = sent.event::<JobEscrow::JobOpened>().context("the escrow announced no job")?;
        Ok(json!({
            "job": opened.job,
            "kind": params.kind(),
            "worker": opened.worker,
            "price": amount::show(U256::from(self.price)),
            "transaction": sent.hash,
            "gasUsed": sent.gas_used,
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
            price: self.price,
            deadline: session.after(self.within).await?,
            nonce: fresh_nonce()?,
        })
    }
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
