//! Tests the job port through its own client, over real TLS.

mod strangers;

use super::*;
use crate::{
    agent::Home,
    notebook::Notebook,
    records::{BatchRecord, JobProgress, JobRecord, RentalRecord, Terms},
    store::BlobStore,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer_local::PrivateKeySigner;
use axum_server::Handle;
use redb::{Database, backends::InMemoryBackend};
use std::sync::Arc;
use tokio::sync::Semaphore;
use utnet_bindings::signed::{JobSpec, OperatorHalf, RenterHalf, SolStruct};
use utnet_jobs::{
    manifest::{Class, FileEntry, Manifest},
    merkle::{self, Leaf},
    port::{RatingAnswer, RatingRequest, Spec},
    remote::{FetchError, Remote},
    sha256,
};
use utnet_messages::{sign, verify};
use utnet_primitives::{BatchId, JobId, RentalId};

const SECRET: B256 = B256::repeat_byte(0x5e);
const LONGEST: usize = 1_000;
/// What one rental may bring: two files, each of which counts as a block of a disk.
const QUOTA: u64 = 8_192;

/// Files that are given to everybody at the same time.
const SEATS: usize = 2;

struct Port {
    _folder: tempfile::TempDir,
    desk: Arc<Desk>,
    remote: Remote,
    fingerprint: B256,
    handle: Handle<std::net::SocketAddr>,
    _tasks: tokio::task::JoinSet<()>,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

fn key(byte: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).expect("a key")
}

fn open() -> Port {
    open_with(Patience::default())
}

fn open_with(patience: Patience) -> Port {
    let folder = tempfile::tempdir().expect("temporary folder");
    let database = Database::builder().create_with_backend(InMemoryBackend::new());
    let desk = Arc::new(Desk {
        home: Home::new(1, key(1).address()),
        notebook: Notebook::open(Arc::new(database.expect("in memory"))).expect("opens"),
        blobs: BlobStore::open(folder.path().join("blobs")).expect("opens"),
        doors: Doors::default(),
        signer: key(1),
        renter_score: 70,
        longest_blob: LONGEST as u64,
        rental_bytes: QUOTA,
        uploads: Semaphore::new(2),
        downloads: Arc::new(Semaphore::new(1)),
        public_downloads: Arc::new(Semaphore::new(SEATS)),
        published: Published::default(),
    });
    let identity = Identity::load_or_make(folder.path()).expect("made");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("https://{}", listener.local_addr().expect("bound"));
    let (tls, handle) = (identity.server_config().expect("usable"), Handle::new());
    let mut tasks = tokio::task::JoinSet::new();
    let port = serve(listener, tls, Arc::clone(&desk), handle.clone(), patience);
    tasks.spawn(async move { port.await.expect("serves") });
    let fingerprint = identity.fingerprint();
    let remote = Remote::pinned(&url, fingerprint).expect("TLS");
    Port { _folder: folder, desk, remote, fingerprint, handle, _tasks: tasks }
}

impl Port {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.remote.url())
    }

    fn open_door(&self) {
        let door = Door { rental: RentalId::default(), secret: SECRET, is_open: true };
        self.desk.doors.set(vec![door]);
    }

    async fn put(&self, bytes: &[u8], secret: B256) -> u16 {
        let url = self.url(&format!("/v1/blobs/{}", hex::encode(sha256(bytes))));
        let request = self.remote.client().put(url).body(bytes.to_vec());
        let answer = request.bearer_auth(hex::encode(secret)).send().await.expect("an answer");
        answer.status().as_u16()
    }
}

#[tokio::test]
async fn only_a_running_rentals_secret_brings_files() {
    let port = open();
    assert_eq!(port.put(b"abc", SECRET).await, 401);

    port.open_door();
    assert_eq!(port.put(b"abc", B256::ZERO).await, 401);
    assert_eq!(port.put(b"abc", SECRET).await, 201);
    assert!(port.desk.blobs.has(&sha256(b"abc")));

    port.desk.doors.set(Vec::new());
    assert_eq!(port.put(b"abd", SECRET).await, 401);
}

#[tokio::test]
async fn a_file_under_a_wrong_name_or_too_long_is_refused() {
    let port = open();
    port.open_door();
    let url = port.url(&format!("/v1/blobs/{}", hex::encode(sha256(b"other"))));
    let request = port.remote.client().put(url).body("abc").bearer_auth(hex::encode(SECRET));
    assert_eq!(request.send().await.expect("an answer").status().as_u16(), 422);
    assert_eq!(port.put(&vec![0; LONGEST + 1], SECRET).await, 413);
}

/// The body used to be read whole before anybody looked at the secret: strangers could fill the memory.
#[tokio::test]
async fn a_stranger_is_turned_away_before_a_byte_of_the_file_is_taken() {
    let port = open();
    let url = port.url(&format!("/v1/blobs/{}", hex::encode(sha256(b"abc"))));
    let never = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request = port.remote.client().put(url).body(reqwest::Body::wrap_stream(never));
    let answer = request.bearer_auth(hex::encode(SECRET)).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 401);
}

#[tokio::test]
async fn a_rental_brings_as_much_as_it_may_and_no_more() {
    let port = open();
    port.open_door();
    assert_eq!(port.put(b"one", SECRET).await, 201);
    assert_eq!(port.put(b"two", SECRET).await, 201);
    assert_eq!(port.put(b"one", SECRET).await, 201);

    assert_eq!(port.put(b"three", SECRET).await, 507);
    assert!(!port.desk.blobs.has(&sha256(b"three")));
}

#[tokio::test]
async fn only_files_may_be_long() {
    let port = open();
    let url = port.url(&format!("/v1/rentals/{}/rating", RentalId::default()));
    let long = serde_json::json!({ "commitment": "0".repeat(100_000) });
    let answer = port.remote.client().post(url).json(&long).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 413);
}

#[tokio::test]
async fn another_certificate_is_not_spoken_to() {
    let port = open();
    let other = Remote::pinned(port.remote.url(), B256::repeat_byte(1)).expect("TLS");
    let batch = BatchId(B256::repeat_byte(2));
    assert!(matches!(other.dossier(batch).await, Err(FetchError::Line(_))));
    assert!(matches!(port.remote.dossier(batch).await, Err(FetchError::Refused { status: 404 })));
}

#[tokio::test]
async fn everybody_reads_posted_batches_and_nothing_else() {
    let port = open();
    let (input, private) = (b"to be or not".as_slice(), b"somebody else's".as_slice());
    port.desk.blobs.put(input).expect("kept");
    port.desk.blobs.put(private).expect("kept");
    let (batch, spec, leaf) = post(&port, input);

    let pointer = format!("{}#sha256={}", port.remote.url(), hex::encode(port.fingerprint));
    let public = Remote::from_pointer(&pointer).expect("a pointer");
    let dossier = public.dossier(batch).await.expect("public");

    let root = merkle::root(&[leaf.hash()]).expect("a leaf");
    assert_eq!((dossier.root, dossier.leaves), (root, vec![leaf]));
    assert_eq!(dossier.specs, [Spec(spec)]);
    assert_eq!(public.blob(batch, &sha256(input)).await.expect("public"), input);
    let refused = public.blob(batch, &sha256(private)).await;
    assert!(matches!(refused, Err(FetchError::Refused { status: 404 })));
}

/// A batch of one job with this input, as it was posted.
fn post(port: &Port, input: &[u8]) -> (BatchId, JobSpec, Leaf) {
    let spec = JobSpec { inputHash: sha256(input), price: u128::MAX, ..crate::testing::spec() };
    let id = JobId(B256::repeat_byte(3));
    let leaf = Leaf { job: id, result_root: B256::ZERO, steps: 5 };
    let batch = BatchId(B256::repeat_byte(4));
    let progress = JobProgress::Waiting;
    let job = JobRecord { id, spec: spec.clone(), progress, terms: Terms::Job };
    port.desk.notebook.put(&job).expect("kept");
    let record = BatchRecord {
        number: 0,
        leaves: vec![leaf],
        root: merkle::root(&[leaf.hash()]).expect("a leaf"),
        pointer: String::new(),
        bond: U256::ZERO,
        id: Some(batch),
        closed_at: None,
    };
    port.desk.notebook.put(&record).expect("kept");
    (batch, spec, leaf)
}

/// Every reader used to have its file in memory whole, as many as came and for as long as they liked.
#[tokio::test]
async fn slow_readers_hold_a_seat_each_and_the_next_one_is_told_to_come_again() {
    let port = open();
    // More than two systems hold for one line.
    let input = vec![7; 32 << 20];
    port.desk.blobs.put(&input).expect("kept");
    let (batch, ..) = post(&port, &input);
    let url = port.url(&format!("/v1/results/{batch}/blobs/{}", hex::encode(sha256(&input))));
    let ask = async || port.remote.client().get(&url).send().await.expect("an answer");

    let slow = [ask().await, ask().await];
    assert_eq!(ask().await.status().as_u16(), 503);
    assert_eq!(port.desk.public_downloads.available_permits(), 0);

    drop(slow);
    let both = port.desk.public_downloads.acquire_many(SEATS as u32).await.expect("open");
    drop(both);
    assert_eq!(ask().await.bytes().await.expect("whole"), input);
}

#[tokio::test]
async fn a_damaged_file_breaks_off_and_may_be_brought_again() {
    let port = open();
    let input = vec![7; 200_000];
    let name = port.desk.blobs.put(&input).expect("kept");
    let (batch, ..) = post(&port, &input);
    std::fs::write(port.desk.blobs.path_of(&name), vec![8; 200_000]).expect("damaged");

    assert!(matches!(port.remote.blob(batch, &name).await, Err(FetchError::Line(_))));
    assert!(!port.desk.blobs.has(&name));
    port.desk.blobs.put(&input).expect("brought again");
    assert_eq!(port.remote.blob(batch, &name).await.expect("whole"), input);
}

/// A stranger's request used to read and hash all manifests of its batch.
#[tokio::test]
async fn the_manifests_of_a_batch_are_read_once() {
    let port = open();
    let manifest = Manifest {
        class: Class::Exact,
        files: vec![FileEntry { bytes: 3, name: "stdout".into(), sha256: sha256(b"abc") }],
        job: JobId(B256::repeat_byte(3)),
        metrics: Default::default(),
        version: 1,
    };
    port.desk.blobs.put(b"abc").expect("kept");
    let root = port.desk.blobs.put(&manifest.encode()).expect("kept");
    let (batch, ..) = post(&port, b"input");
    let mut record = port.desk.notebook.all::<BatchRecord>().expect("kept").remove(0);
    record.leaves[0].result_root = root;
    port.desk.notebook.put(&record).expect("kept");

    assert_eq!(port.remote.blob(batch, &sha256(b"abc")).await.expect("public"), b"abc");
    std::fs::remove_file(port.desk.blobs.path_of(&root)).expect("there");
    assert_eq!(port.remote.blob(batch, &sha256(b"abc")).await.expect("public"), b"abc");
}

#[tokio::test]
async fn the_operators_half_is_nested_over_the_renters_and_always_the_same() {
    let port = open();
    let (renter, rental) = (key(2), RentalId(B256::repeat_byte(6)));
    let record = RentalRecord {
        id: rental,
        renter: renter.address(),
        renter_key: Bytes::new(),
        secret: None,
        closed_at: None,
    };
    port.desk.notebook.put(&record).expect("kept");
    let domain = port.desk.home.sealing().domain();
    let half = RenterHalf { rental: rental.0, commitment: B256::repeat_byte(7) };
    let signed_by = |signer: &PrivateKeySigner| RatingRequest {
        commitment: half.commitment,
        signature: sign(&half, &domain, signer).expect("in memory"),
    };
    let url = port.url(&format!("/v1/rentals/{rental}/rating"));
    let ask = async |request: RatingRequest| {
        port.remote.client().post(&url).json(&request).send().await.expect("an answer")
    };

    assert_eq!(ask(signed_by(&key(3))).await.status().as_u16(), 403);
    let answer: RatingAnswer = ask(signed_by(&renter)).await.json().await.expect("JSON");
    let again: RatingAnswer = ask(signed_by(&renter)).await.json().await.expect("JSON");

    let ours = OperatorHalf {
        rental: rental.0,
        commitment: answer.commitment,
        renterHalf: half.eip712_hash_struct(),
    };
    verify(&ours, &domain, &answer.signature, key(1).address()).expect("the operator's");
    assert_eq!(answer, again);
    assert_ne!(answer.commitment, B256::ZERO);
    assert_ne!(key(1).address(), Address::ZERO);
}
