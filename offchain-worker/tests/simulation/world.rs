//! Stands for the contracts: answers views, and changes when transactions are executed.

mod fleet;
mod jobs;
mod questions;
mod rentals;

use crate::rounds::{EPOCH, Rounds};
use alloy_primitives::{Address, B256, Log, U256, keccak256};
use alloy_rpc_types_eth::Filter;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent};
use fleet::Fleet;
use questions::Questions;
use redb::{Database, backends::InMemoryBackend};
use rentals::Rentals;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use utnet_bindings::{
    JobEscrow,
    signed::{JobSpec, SolStruct, job_escrow_domain},
    states::JobState,
};
use utnet_client::{
    Clock, Dispatcher, LogCursor, ManualClock, Outbox, Policy,
    simulation::{Faults, RecordingChain},
};
use utnet_jobs::params::{Params, WasmParams};
use utnet_primitives::{Height, RentalId, Seconds};
use utnet_worker::{
    agent::{Agent, Choices, Home, Parts},
    compute::{Limits, Runtime, torch},
    https::Doors,
    notebook::{Notebook, Record},
    store::BlobStore,
};

pub(crate) const CHAIN: u64 = 31_337;
/// Seconds that a batch stays open; half of them must be left when a place in it is revealed.
const WINDOW: u64 = 60;
const BOND: u128 = 1_000;
/// What a stranger's job pays at least.
pub(crate) const LEAST_PRICE: u128 = 1_000_000_000_000_000_000;

/// A worker's folder: what survives when its process dies.
pub(crate) struct Desk {
    _folder: tempfile::TempDir,
    blobs: BlobStore,
    database: Arc<Database>,
    runtime: Arc<Runtime>,
    pub(crate) doors: Doors,
    /// Folder of chips: with one, also an empty one, the environment is proven.
    pub(crate) chips: Option<PathBuf>,
    /// How long what is closed is kept.
    pub(crate) keep: Seconds,
}

pub(crate) type Process = (Agent<RecordingChain>, Dispatcher<RecordingChain>);

fn no_torch() -> torch::process::Process {
    torch::process::Process { program: "/nowhere".into(), library_path: None }
}

fn operator() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).expect("a key")
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        Self {
            blobs: BlobStore::open(folder.path()).expect("opens"),
            _folder: folder,
            database: Arc::new(database.expect("in memory")),
            runtime: Arc::new(Runtime::new(Limits::default(), no_torch()).expect("supported")),
            doors: Doors::default(),
            chips: None,
            keep: Seconds(86_400),
        }
    }

    /// One that keeps chips, and so proves its environment.
    pub(crate) fn with_chips() -> Self {
        let desk = Self::new();
        Self { chips: Some(desk._folder.path().to_path_buf()), ..desk }
    }

    pub(crate) fn home(&self) -> Home {
        Home::new(CHAIN, operator().address())
    }

    /// Removes a file that the worker keeps.
    pub(crate) fn lose(&self, name: &B256) {
        std::fs::remove_file(self.blobs.path_of(name)).expect("there");
    }

    /// What this worker remembers of one kind.
    pub(crate) fn records<R: Record>(&self) -> Vec<R> {
        let notebook = Notebook::open(Arc::clone(&self.database)).expect("opens");
        notebook.all().expect("readable")
    }

    /// The newest block that this worker has read.
    pub(crate) fn read_up_to(&self) -> Option<Height> {
        let db = Arc::clone(&self.database);
        let cursor = LogCursor::open(db, "worker", Height(0), Filter::new()).expect("opens");
        cursor.position().expect("readable").map(|block| block.number)
    }

    /// A process that knows nothing but the folder; `None` when the node does not answer.
    async fn start(&self, chain: &RecordingChain, clock: &ManualClock) -> Option<Process> {
        let signer = operator();
        let outbox = Outbox::open(Arc::clone(&self.database), signer.address()).expect("opens");
        let clock: Arc<dyn Clock> = Arc::new(clock.clone());
        let dispatcher = Dispatcher::start(
            &outbox,
            chain.clone(),
            signer.clone(),
            Arc::clone(&clock),
            Policy::default(),
        );
        let dispatcher = dispatcher.await.ok()?;
        let parts = Parts {
            chain: chain.clone(),
            home: self.home(),
            notebook: Notebook::open(Arc::clone(&self.database)).expect("opens"),
            outbox,
            blobs: self.blobs.clone(),
            runtime: Arc::clone(&self.runtime),
            signer,
            clock,
            doors: self.doors.clone(),
            choices: Choices {
                chips: self.chips.clone(),
                epoch_blocks: EPOCH,
                renter_score: 80,
                parallel_jobs: 2,
                least_price: LEAST_PRICE,
                committee_seats: 0,
                keep: self.keep,
                url: "https://127.0.0.1:1".into(),
                cert_fingerprint: B256::ZERO,
                fault: None,
            },
        };
        Some((Agent::new(parts, Height(0)).expect("opens"), dispatcher))
    }
}

struct Job {
    spec: JobSpec,
    state: JobState,
    /// The commitment, then the batch.
    word: B256,
    index: usize,
    root: B256,
}

struct Batch {
    root: B256,
    leaves: u32,
    until: u64,
    is_returned: bool,
}

#[derive(Default)]
struct Contracts {
    now: u64,
    jobs: BTreeMap<B256, Job>,
    batches: BTreeMap<B256, Batch>,
    rentals: Rentals,
    fleet: Fleet,
    rounds: Rounds,
    questions: Questions,
    /// Batches of which the worker learns only when their places cannot be revealed any more.
    late_news: usize,
    held: Vec<(u64, Log)>,
    /// Questions about the state of jobs.
    looks: usize,
}

/// The chain, its contracts and the clock.
pub(crate) struct World {
    pub(crate) chain: RecordingChain,
    contracts: Arc<Mutex<Contracts>>,
    clock: ManualClock,
    applied: usize,
    home: Home,
    process: Option<Process>,
}

impl World {
    pub(crate) fn new(faults: Faults) -> Self {
        let chain = RecordingChain::new(CHAIN, faults);
        let contracts = Arc::new(Mutex::new(Contracts::default()));
        let shared = Arc::clone(&contracts);
        chain.answer_calls(move |request| {
            let mut contracts = shared.lock().expect("one thread");
            contracts.looks +=
                usize::from(request.input.starts_with(&JobEscrow::jobOfCall::SELECTOR));
            Ok(contracts.answer(request))
        });
        let home = Home::new(CHAIN, operator().address());
        let clock = ManualClock::at(Seconds(0));
        Self { chain, contracts, clock, applied: 0, home, process: None }
    }

    fn locked(&self) -> MutexGuard<'_, Contracts> {
        self.contracts.lock().expect("one thread")
    }

    /// Plays until `is_over`, killing the process now and then.
    pub(crate) async fn play(&mut self, desk: &Desk, seed: u64, is_over: impl Fn(&Self) -> bool) {
        for round in 0..600 {
            if is_over(self) {
                return;
            }
            if keccak256([seed.to_be_bytes(), u64::to_be_bytes(round)].concat())[0] < 40 {
                self.process = None;
            }
            self.round(desk).await;
        }
        assert!(is_over(self), "not over after 600 blocks, seed {seed}");
    }

    /// One look of the worker, one turn of its outbox, one block.
    pub(crate) async fn round(&mut self, desk: &Desk) {
        if self.process.is_none() {
            self.process = desk.start(&self.chain, &self.clock).await;
        }
        if let Some((agent, dispatcher)) = &mut self.process {
            // A request that fails cuts the tick short there.
            drop(agent.tick().await);
            agent.settle().await.expect("the notebook works");
            if !self.chain.turn(dispatcher).await {
                self.process = None;
            }
        }
        self.clock.advance(Duration::from_secs(1));
        self.mine();
    }

    /// Blocks that pass while no worker runs.
    pub(crate) fn stay_away(&mut self, blocks: usize) {
        self.process = None;
        for _ in 0..blocks {
            self.clock.advance(Duration::from_secs(1));
            self.mine();
        }
    }

    fn mine(&mut self) {
        let head = self.chain.mine();
        self.locked().now = head.timestamp.0;
        self.locked().rounds.height = head.number.0;
        let done = self.chain.executed();
        let (news, held) = {
            let mut contracts = self.locked();
            let now = contracts.now;
            let held = std::mem::take(&mut contracts.held);
            held.into_iter().partition(|(due, _)| *due <= now)
        };
        let news: Vec<(u64, Log)> = news;
        self.locked().held = held;
        news.into_iter().for_each(|(_, log)| self.chain.emit(log));
        for executed in done.iter().skip(self.applied) {
            let log = self.locked().apply(executed, self.home);
            log.into_iter().for_each(|log| self.chain.emit(log));
            self.ask_for_data();
        }
        self.applied = done.len();
    }

    /// A well paid job of a stranger.
    pub(crate) fn open_job(&self, desk: &Desk, nonce: u64) -> B256 {
        // More than a JSON number holds.
        self.open_priced_job(desk, nonce, 20 * LEAST_PRICE)
    }

    pub(crate) fn open_priced_job(&self, desk: &Desk, nonce: u64, price: u128) -> B256 {
        self.open(JobSpec { price, nonce: U256::from(nonce), ..self.spec(desk) })
    }

    /// A renter's job that pays nothing itself.
    pub(crate) fn open_rented_job(&self, desk: &Desk, nonce: u64, rental: RentalId) -> B256 {
        let spec = self.spec(desk);
        self.open(JobSpec { rental: rental.0, price: 0, nonce: U256::from(nonce), ..spec })
    }

    /// As many well paid jobs.
    pub(crate) fn open_jobs(&self, desk: &Desk, count: u64) {
        let spec = self.spec(desk);
        for nonce in 0..count {
            self.open(JobSpec { nonce: U256::from(nonce), ..spec.clone() });
        }
    }

    fn spec(&self, desk: &Desk) -> JobSpec {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/wordrank.wasm");
        let module = std::fs::read(path).expect("scripts/guests was run before");
        let params = Params::Wasm(WasmParams::default()).encode();
        JobSpec {
            client: Address::repeat_byte(9),
            worker: self.home.operator,
            rental: B256::ZERO,
            programHash: desk.blobs.put(&module).expect("kept"),
            inputHash: desk.blobs.put(b"to be or not to be").expect("kept"),
            environmentHash: B256::ZERO,
            kernelProfile: B256::ZERO,
            seed: 0,
            paramsHash: desk.blobs.put(&params).expect("kept"),
            tolerance: 0,
            price: LEAST_PRICE,
            deadline: 10_000,
            nonce: U256::ZERO,
        }
    }

    fn open(&self, spec: JobSpec) -> B256 {
        let id = spec.eip712_signing_hash(&job_escrow_domain(CHAIN, self.home.jobs));
        let event = JobEscrow::JobOpened {
            job: id,
            client: spec.client,
            worker: spec.worker,
            spec: spec.clone(),
        };
        self.chain.emit(log(self.home.jobs, &event));
        let (word, root) = (B256::ZERO, B256::ZERO);
        let job = Job { spec, state: JobState::Open, word, index: 0, root };
        self.locked().jobs.insert(id, job);
        id
    }

    pub(crate) fn is_paid(&self, job: B256) -> bool {
        self.locked().jobs[&job].state == JobState::Paid
    }

    pub(crate) fn is_revealed(&self, job: B256) -> bool {
        self.locked().jobs[&job].state == JobState::Revealed
    }

    pub(crate) fn rounds_opened(&self) -> usize {
        self.locked().rounds.opened()
    }

    pub(crate) fn batches(&self) -> usize {
        self.locked().batches.len()
    }

    pub(crate) fn bonds_out(&self) -> usize {
        self.locked().batches.values().filter(|batch| !batch.is_returned).count()
    }

    /// How often a job's result was settled, by the place that was revealed.
    pub(crate) fn times_settled(&self, job: B256) -> usize {
        let (contracts, chain) = (self.locked(), &self.chain);
        let root = contracts.jobs[&job].root;
        let settled = chain.executed().into_iter().filter_map(|done| {
            let call = JobEscrow::settleCall::abi_decode(&done.input).ok()?;
            (call.job == job && call.leaf.resultRoot == root).then_some(())
        });
        settled.count()
    }

    /// The worker learns of the first batch when it is too late to reveal a place in it.
    pub(crate) fn delay_first_news(&self) {
        self.locked().late_news = 1;
    }

    /// How often the chain was asked about a job.
    pub(crate) fn looks(&self) -> usize {
        self.locked().looks
    }
}

fn log<E: SolEvent>(address: Address, event: &E) -> Log {
    Log { address, data: event.encode_log_data() }
}
