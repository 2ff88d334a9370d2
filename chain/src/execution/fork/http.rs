//! Asks nodes of the other chain over HTTP, with patience: another where one fails, and again after
//! a while.

use super::{
    Origin,
    place::Place,
    upstream::{Answer, Call, ForkError, Upstream},
};
use futures::future::join_all;
use hyper::header::{HeaderName, HeaderValue};
use parking_lot::RwLock;
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle, RuntimeFlavor},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tokio_util::task::TaskTracker;

/// Requests of one batch.
const BATCH: usize = 100;

/// How nodes are asked.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Sent with every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Times that a request which all nodes failed is tried again.
    pub retries: u32,
    /// Before the first repetition; each further one waits twice as long.
    pub backoff: Duration,
    /// In which an answer must come.
    pub timeout: Duration,
}

/// Nodes that are asked over HTTP, from a thread of their own: whoever asks waits for the answer,
/// be it the chain's writer or a reader of the state.
#[derive(Debug)]
pub struct HttpUpstream {
    places: RwLock<Arc<Places>>,
    manners: Manners,
    jobs: UnboundedSender<Job>,
}

/// Where the nodes are.
#[derive(Debug)]
struct Places {
    all: Vec<Place>,
    /// The one that answered last: it is asked first.
    current: AtomicUsize,
    /// Whether none answered the last time, all patience spent: then there is none until one does.
    are_gone: AtomicBool,
    /// The block that the nodes must have, once it is known.
    origin: OnceLock<Origin>,
}

struct Job {
    calls: Vec<Call>,
    places: Arc<Places>,
    manners: Manners,
    reply: SyncSender<Result<Vec<Answer>, ForkError>>,
}

impl HttpUpstream {
    /// Gets ready to ask; nothing is asked yet.
    ///
    /// # Errors
    /// When one is no URL, or the system gives no thread.
    pub fn new(urls: &[&str], manners: Manners) -> Result<Self, ForkError> {
        let places = RwLock::new(Arc::new(Places::new(urls, &manners)?));
        let (jobs, inbox) = unbounded_channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("fork".to_owned())
            .spawn(move || runtime.block_on(work(inbox)))?;
        Ok(Self { places, manners, jobs })
    }
}

impl Places {
    fn new(urls: &[&str], manners: &Manners) -> Result<Self, ForkError> {
        let all = urls.iter().map(|url| Place::new(url, manners)).collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() {
            return Err(ForkError::Url { why: "there is none".to_owned() });
        }
        Ok(Self {
            all,
            current: AtomicUsize::new(0),
            are_gone: AtomicBool::new(false),
            origin: OnceLock::new(),
        })
    }

    /// The node that is asked first.
    fn first(&self) -> &Place {
        &self.all[self.current.load(Ordering::Relaxed)]
    }

    /// Asks each node once, until one answers.
    async fn ask(&self, calls: &[Call]) -> Result<Vec<Answer>, ForkError> {
        let first = self.current.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for index in (first..self.all.len()).chain(0..first) {
            let place = &self.all[index];
            match place.ask(calls, self.origin.get()).await {
                Ok(answers) => {
                    self.current.store(index, Ordering::Relaxed);
                    self.are_gone.store(false, Ordering::Relaxed);
                    return Ok(answers);
                }
                Err(why) => failures.push((place.node(), why)),
            }
        }
        let (node, why) = failures.into_iter().next().unwrap_or_default();
        let others = self.all.len().saturating_sub(1);
        Err(match others {
            0 => ForkError::Unreachable { node, why },
            _ => ForkError::NoneAnswers { node, why, others },
        })
    }
}

impl Upstream for HttpUpstream {
    fn ask(&self, calls: &[Call]) -> Result<Vec<Answer>, ForkError> {
        let places = Arc::clone(&self.places.read());
        let node = places.first().node();
        let (reply, answer) = sync_channel(1);
        let job = Job { calls: calls.to_vec(), places, manners: self.manners.clone(), reply };
        let gone = || ForkError::Unreachable { node: node.clone(), why: "its thread ended".into() };
        self.jobs.send(job).map_err(|_ended| gone())?;
        let wait = || answer.recv().map_err(|_ended| gone())?;
        // A thread that drives other tasks must hand them over before it waits.
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
            _ => wait(),
        }
    }

    fn url(&self) -> String {
        self.places.read().first().url().to_owned()
    }

    fn expect(&self, origin: Origin) {
        // A fork begins once: what was expected first stays.
        self.places.read().origin.set(origin).ok();
    }

    fn set_url(&self, url: &str) -> Result<(), ForkError> {
        let places = Places::new(&[url], &self.manners)?;
        let mut current = self.places.write();
        if let Some(origin) = current.origin.get() {
            places.origin.set(*origin).ok();
        }
        *current = Arc::new(places);
        Ok(())
    }
}

/// Serves jobs, several at a time, until nobody can ask any more.
async fn work(mut inbox: UnboundedReceiver<Job>) {
    let tasks = TaskTracker::new();
    while let Some(job) = inbox.recv().await {
        tasks.spawn(async move {
            let answers = patiently(&job).await;
            // Who asked may have given up.
            drop(job.reply.send(answers));
        });
    }
    tasks.close();
    tasks.wait().await;
}

async fn patiently(job: &Job) -> Result<Vec<Answer>, ForkError> {
    let chunks = job.calls.chunks(BATCH).map(|calls| chunk(job, calls));
    let mut answers = Vec::new();
    for chunk in join_all(chunks).await {
        answers.extend(chunk?);
    }
    Ok(answers)
}

async fn chunk(job: &Job, calls: &[Call]) -> Result<Vec<Answer>, ForkError> {
    let Manners { retries, backoff, .. } = job.manners;
    // Patience is for nodes that stumble. Where none was there, each is asked once.
    let retries = if job.places.are_gone.load(Ordering::Relaxed) { 0 } else { retries };
    let mut pause = backoff;
    let mut tried = 0;
    loop {
        let fault = match job.places.ask(calls).await {
            Ok(answers) => return Ok(answers),
            Err(fault) => fault,
        };
        if tried == retries {
            job.places.are_gone.store(true, Ordering::Relaxed);
            return Err(fault);
        }
        tracing::debug!(%fault, "the forked chain is asked again");
        rest(pause).await;
        tried = tried.saturating_add(1);
        pause = pause.saturating_mul(2);
    }
}

#[expect(clippy::disallowed_methods, reason = "a node's patience is no matter of the chain's time")]
async fn rest(pause: Duration) {
    tokio::time::sleep(pause).await;
}
