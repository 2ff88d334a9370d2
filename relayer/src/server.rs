//! Runs a relayer: http, the check of waiting messages and the outbox, until it is told to stop.

use crate::{
    ProcessError, Progress, Relayer, Setup, config::Config, http::router, judge::with_causes,
};
use alloy_primitives::B256;
use redb::Database;
use std::{
    fs::DirBuilder,
    future::Future,
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use utnet_bindings::RpoiEscrow::rentalOfCall;
use utnet_client::{
    Backoff, CallError, Chain, Clock, DeploymentError, Dispatcher, Outbox, OutboxError, Policy,
    Rpc, RpcError, StorageError, call_contract, read_contracts, storage,
};
use utnet_messages::{Escrow, SecretFileError, SecretKey, load_account};
use utnet_primitives::SystemContract;

/// The database's file in the data folder.
const DATABASE: &str = "relayer.redb";

/// Holds the url of the running relayer, for `status`.
const URL_FILE: &str = "url";

/// A look at the inbox even if nobody said that something came.
const TURN: Duration = Duration::from_secs(5);

/// Time for open requests to end after the order to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Why a relayer does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// A key could not be read; `utnet-relayer init` makes both.
    #[error("reading a key{}", if is_missing(.0) { " (run utnet-relayer init first)" } else { "" })]
    Key(#[from] SecretFileError),
    /// The data folder could not be made.
    #[error("data folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The node's url is none, or its first answer was a refusal.
    #[error("the node")]
    Rpc(#[from] RpcError),
    /// The file of contracts is not of this chain, or not one.
    #[error("the contracts")]
    Contracts(#[from] DeploymentError),
    /// There is no escrow at the address.
    #[error("the escrow")]
    Escrow(#[source] Box<CallError>),
    /// The database failed, or another relayer has it open.
    #[error("the database {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: StorageError,
    },
    /// The outbox did not start, or its database failed.
    #[error("the outbox")]
    Outbox(#[from] OutboxError),
    /// The database failed while it ran.
    #[error(
        "the relayer stops; every message that it accepted is kept, and it goes on when it is started again"
    )]
    Failed(#[from] ProcessError),
    /// The address is taken or not ours.
    #[error("listening")]
    Listen(#[from] io::Error),
}

impl From<CallError> for Stopped {
    fn from(error: CallError) -> Self {
        Self::Escrow(Box::new(error))
    }
}

/// Runs a relayer until `stop`; prints one line to `out` once it listens.
///
/// # Errors
/// [`Stopped`] when it cannot start, or the listener fails.
pub async fn run(
    config: &Config,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    out: &mut (impl Write + Send),
) -> Result<(), Stopped> {
    let signer = load_account(&config.key_file)?;
    let secret = SecretKey::load(&config.inbox_key_file)?;
    make_folder(&config.datadir)?;
    let chain = Rpc::new(&config.rpc, Arc::clone(&clock))?;
    let Some(escrow) = find_escrow(&chain, config, &clock, &stop).await? else { return Ok(()) };

    let outbox = Outbox::open(open_database(&config.datadir)?, signer.address())?;
    let mut dispatcher =
        Dispatcher::start(&outbox, chain.clone(), signer, Arc::clone(&clock), Policy::default())
            .await?;
    let room = config.room;
    let setup = Setup { chain, escrow, secret, outbox, room, clock: Arc::clone(&clock) };
    let relayer = Arc::new(Relayer::new(setup).map_err(OutboxError::from)?);

    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "other machines are served too");
    }
    let url_file = config.datadir.join(URL_FILE);
    std::fs::write(&url_file, format!("http://{address}\n"))?;
    writeln!(out, "Listening on {address}").and_then(|()| out.flush())?;

    let serve = axum::serve(listener, router(Arc::clone(&relayer)))
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let (served, processed, dispatched) = tokio::join!(
        ending(&stop, async {
            tokio::select! {
                served = serve => served,
                () = grace(&*clock, &stop) => Ok(()),
            }
        }),
        ending(&stop, process(&relayer, &*clock, &stop)),
        ending(&stop, dispatcher.run(stop.cancelled())),
    );
    // Whoever finds it after a crash finds nobody at its address: it is no loss if it stays.
    std::fs::remove_file(&url_file).ok();
    processed?;
    dispatched?;
    Ok(served?)
}

/// Makes the data folder, for its owner only.
///
/// # Errors
/// [`Stopped::Folder`].
pub fn make_folder(path: &Path) -> Result<(), Stopped> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| Stopped::Folder { path: path.to_owned(), source })
}

/// Whether there is no such key file.
fn is_missing(error: &SecretFileError) -> bool {
    matches!(error, SecretFileError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// Tells the others to stop when one part ends: each has nothing to do without the rest.
async fn ending<T>(stop: &CancellationToken, part: impl Future<Output = T>) -> T {
    let ended = part.await;
    stop.cancel();
    ended
}

/// Completes some time after `stop`, for connections that never end.
async fn grace(clock: &dyn Clock, stop: &CancellationToken) {
    stop.cancelled().await;
    clock.sleep(GRACE).await;
}

/// The url of the relayer that runs in a data folder.
///
/// # Errors
/// The system's, when none runs.
pub fn running_url(datadir: &Path) -> io::Result<String> {
    Ok(std::fs::read_to_string(datadir.join(URL_FILE))?.trim().to_owned())
}

/// Checks waiting messages until `stop`.
async fn process<C: Chain>(
    relayer: &Relayer<C>,
    clock: &dyn Clock,
    stop: &CancellationToken,
) -> Result<(), ProcessError> {
    let backoff = Backoff::default();
    let mut failures = 0;
    loop {
        let turn = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            turn = process_all(relayer) => turn,
        };
        let wait = match turn {
            Ok(()) => {
                failures = 0;
                TURN
            }
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                failures += 1;
                tracing::warn!(reason = with_causes(&error), failures, "the inbox waits");
                backoff.wait(failures)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = relayer.received() => {}
            () = clock.sleep(wait) => {}
        }
    }
}

async fn process_all<C: Chain>(relayer: &Relayer<C>) -> Result<(), ProcessError> {
    while relayer.process_next().await? == Progress::One {}
    Ok(())
}

/// Waits for the node and makes sure that the escrow is there; `None` if told to stop.
async fn find_escrow(
    chain: &Rpc,
    config: &Config,
    clock: &Arc<dyn Clock>,
    stop: &CancellationToken,
) -> Result<Option<Escrow>, Stopped> {
    let backoff = Backoff::default();
    let mut failures = 0;
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return Ok(None),
            asked = ask_escrow(chain, config) => asked,
        };
        let error = match asked {
            Err(Stopped::Escrow(error)) if error.is_retryable() => error,
            other => return other.map(Some),
        };
        failures += 1;
        tracing::warn!(reason = with_causes(&*error), failures, "waiting for the node");
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = clock.sleep(backoff.wait(failures)) => {}
        }
    }
}

async fn ask_escrow(chain: &Rpc, config: &Config) -> Result<Escrow, Stopped> {
    let given = config.escrow.unwrap_or_default();
    let chain_id = chain.chain_id().await.map_err(|source| CallError::Rpc {
        to: given,
        function: "chain id",
        source,
    })?;
    let address = match config.escrow {
        Some(address) => address,
        None => read_contracts(config.contracts.as_deref(), chain_id)?
            .address(SystemContract::RpoiEscrow),
    };
    call_contract(chain, address, &rentalOfCall::from((B256::ZERO,))).await?;
    Ok(Escrow { chain_id, address })
}

fn open_database(datadir: &Path) -> Result<Arc<Database>, Stopped> {
    let path = datadir.join(DATABASE);
    storage::on_disk(&path).map_err(|source| Stopped::Database { path, source })
}
