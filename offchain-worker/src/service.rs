//! Runs everything that `utnet-worker run` is made of, and ends it in order.

use crate::{
    agent::{Agent, Choices, Home, Parts},
    compute::Runtime,
    config::{Settings, torch_process},
    epochs::epoch_blocks,
    https::{Desk, Doors, Identity, Patience, Published, serve},
    notebook::Notebook,
    records,
    store::BlobStore,
};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result};
use axum_server::Handle;
use redb::Database;
use std::{
    fs::DirBuilder,
    io::Write,
    net::{SocketAddr, TcpListener},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use utnet_client::{
    Chain, Clock, Dispatcher, Outbox, Policy, Rpc, SystemClock, read_contracts, storage,
};
use utnet_messages::load_account;

/// Time between two looks at the chain.
const TURN: Duration = Duration::from_millis(400);

/// Time that open connections get to end.
const GRACE: Duration = Duration::from_secs(2);

/// Files that renters may bring at the same time.
const UPLOADS: usize = 16;

/// Files that are given at the same time to renters, and to everybody.
const DOWNLOADS: usize = 8;
const PUBLIC_DOWNLOADS: usize = 32;

/// What a person must do when the database or the chain behind it is not what it was.
const LOOK_AT_THE_DISK: &str = "the worker stops; what it has noted is kept, and it goes on from there when it is started again";

/// Works until `stop` is cancelled; writes one line with its address to `out` when the job port is open.
///
/// # Errors
/// When it cannot start, or one of its parts ends by itself.
pub async fn run(
    settings: Settings,
    stop: CancellationToken,
    out: &mut (dyn Write + Send),
) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ground = Ground::prepare(&settings, &clock).await?;
    let (home, identity) = (ground.home, Identity::load_or_make(&settings.datadir)?);
    let listener = listen(settings.listen, &ground.notebook)?;
    let address = listener.local_addr()?;
    let url = settings.url.clone().unwrap_or_else(|| format!("https://{address}"));
    let mut dispatcher = ground.dispatcher(&clock).await?;
    let parts = ground.parts(&settings, url, &identity, &clock)?;
    let desk = Arc::new(desk(&settings, &parts));
    let agent = Agent::new(parts, settings.start)?;
    if settings.is_moved {
        agent.read_again()?;
    }

    let mut tasks = JoinSet::new();
    let handle = Handle::new();
    let port =
        serve(listener, identity.server_config()?, desk, handle.clone(), Patience::default());
    tasks.spawn(async move { port.await.context("the job port") });
    let until = stop.clone();
    tasks.spawn(async move { dispatcher.run(until.cancelled()).await.context(LOOK_AT_THE_DISK) });
    tasks.spawn(follow(agent, clock, stop.clone()));
    writeln!(out, "Listening on https://{address}").and_then(|()| out.flush())?;
    let (operator, chain_id) = (home.operator, home.chain_id);
    tracing::info!(%operator, chain_id, fingerprint = %identity.fingerprint(), "worker started");
    supervise(tasks, stop, handle).await
}

/// What everything else stands on: the chain, the key, the folder.
struct Ground {
    signer: PrivateKeySigner,
    rpc: Rpc,
    home: Home,
    epoch_blocks: u64,
    notebook: Notebook,
    outbox: Outbox,
    blobs: BlobStore,
}

impl Ground {
    async fn prepare(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self> {
        let signer = load_account(&settings.key_file)?;
        let database = open_database(&settings.datadir)?;
        let rpc = Rpc::new(&settings.rpc, Arc::clone(clock))?;
        let chain_id = rpc.chain_id().await.context("asking the node for its chain")?;
        let contracts = read_contracts(settings.contracts.as_deref(), chain_id)?;
        let home = Home::on(&contracts, chain_id, signer.address());
        Ok(Self {
            epoch_blocks: epoch_blocks(&rpc, home.registry, settings.epoch_blocks).await?,
            notebook: Notebook::open(Arc::clone(&database))?,
            outbox: Outbox::open(database, signer.address())?,
            blobs: BlobStore::open(settings.datadir.join("blobs"))?,
            signer,
            rpc,
            home,
        })
    }

    async fn dispatcher(&self, clock: &Arc<dyn Clock>) -> Result<Dispatcher<Rpc>> {
        let (rpc, signer) = (self.rpc.clone(), self.signer.clone());
        let policy = Policy::default();
        Ok(Dispatcher::start(&self.outbox, rpc, signer, Arc::clone(clock), policy).await?)
    }

    fn parts(
        self,
        settings: &Settings,
        url: String,
        identity: &Identity,
        clock: &Arc<dyn Clock>,
    ) -> Result<Parts<Rpc>> {
        Ok(Parts {
            choices: choices(settings, self.epoch_blocks, url, identity),
            chain: self.rpc,
            home: self.home,
            notebook: self.notebook,
            outbox: self.outbox,
            blobs: self.blobs,
            runtime: Arc::new(Runtime::new(settings.limits, torch_process())?),
            signer: self.signer,
            doors: Doors::default(),
            clock: Arc::clone(clock),
        })
    }
}

/// What the job port needs of the worker's parts.
fn desk(settings: &Settings, parts: &Parts<Rpc>) -> Desk {
    Desk {
        home: parts.home,
        notebook: parts.notebook.clone(),
        blobs: parts.blobs.clone(),
        doors: parts.doors.clone(),
        signer: parts.signer.clone(),
        renter_score: settings.renter_score,
        longest_blob: settings.longest_blob,
        rental_bytes: settings.rental_bytes,
        uploads: Semaphore::new(UPLOADS),
        downloads: Arc::new(Semaphore::new(DOWNLOADS)),
        public_downloads: Arc::new(Semaphore::new(PUBLIC_DOWNLOADS)),
        published: Published::default(),
    }
}

fn choices(settings: &Settings, epoch_blocks: u64, url: String, identity: &Identity) -> Choices {
    if let Some(fault) = settings.fault {
        tracing::warn!(?fault, "test dial is on: results are deliberately wrong");
    }
    Choices {
        chips: settings.chips.clone(),
        epoch_blocks,
        renter_score: settings.renter_score,
        parallel_jobs: settings.parallel_jobs,
        least_price: settings.least_price.0,
        committee_seats: settings.committee_seats,
        keep: settings.keep,
        url,
        cert_fingerprint: identity.fingerprint(),
        fault: settings.fault,
    }
}

/// Waits for the stop, or for a part that ends by itself, then for all parts.
async fn supervise(
    mut tasks: JoinSet<Result<()>>,
    stop: CancellationToken,
    handle: Handle<SocketAddr>,
) -> Result<()> {
    let first = tokio::select! {
        () = stop.cancelled() => Ok(()),
        ended = tasks.join_next() => match ended {
            Some(ended) => ended.context("a part of the worker failed").flatten(),
            None => Ok(()),
        },
    };
    stop.cancel();
    handle.graceful_shutdown(Some(GRACE));
    let mut outcome = first;
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.context("a part of the worker failed").flatten();
        outcome = outcome.and(ended);
    }
    tracing::info!("worker stopped");
    outcome
}

async fn follow<C: Chain>(
    mut agent: Agent<C>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<()> {
    let mut failures = 0_u32;
    loop {
        // Cutting a tick short is like a crash there: nothing is lost.
        let turn = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            turn = agent.tick() => turn,
        };
        match turn {
            Ok(()) => failures = 0,
            Err(error) if error.is_fatal() => {
                return Err(error).context(LOOK_AT_THE_DISK);
            }
            Err(error) => {
                failures += 1;
                let reason = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(reason, failures, "cut short, beginning anew");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = clock.sleep(TURN) => {}
        }
    }
}

fn open_database(folder: &Path) -> Result<Arc<Database>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("worker.redb");
    storage::on_disk(&path).with_context(|| format!("opening {}", path.display()))
}

/// Opens the job port; port 0 takes the port of the last run again, because posted batches name it.
fn listen(wanted: SocketAddr, notebook: &Notebook) -> Result<TcpListener> {
    let kept = notebook.find::<records::Settings>(&[])?.map(|settings| settings.port);
    let again = kept.filter(|_| wanted.port() == 0).map(|port| SocketAddr::new(wanted.ip(), port));
    let listener = match again.map(TcpListener::bind) {
        Some(Ok(listener)) => listener,
        _ => TcpListener::bind(wanted).with_context(|| format!("listening on {wanted}"))?,
    };
    listener.set_nonblocking(true)?;
    notebook.put(&records::Settings { port: listener.local_addr()?.port() })?;
    Ok(listener)
}
