//! Follows a chain that loses requests and rewrites itself, and compares with the chain at the end.

use alloy_primitives::{Address, B256, Log, LogData};
use alloy_rpc_types_eth::Filter;
use redb::Database;
use std::sync::Arc;
use utnet_client::{
    CursorError, LogCursor, News,
    simulation::{Faults, RecordingChain},
};
use utnet_primitives::Height;

const EMITTER: Address = Address::repeat_byte(7);

fn database(path: &std::path::Path) -> Arc<Database> {
    Arc::new(Database::create(path).expect("a file of our own"))
}

fn emit(chain: &RecordingChain, number: u8) {
    let topics = vec![B256::with_last_byte(number)];
    chain.emit(Log { address: EMITTER, data: LogData::new_unchecked(topics, Default::default()) });
}

fn cursor(db: Arc<Database>) -> LogCursor {
    LogCursor::open(db, "test", Height(1), Filter::new().address(EMITTER)).expect("a new cursor")
}

/// Reads all there is; keeps one line per canonical block, as a follower would.
async fn follow(cursor: &LogCursor, chain: &RecordingChain, seen: &mut Vec<(u64, Vec<u8>)>) {
    loop {
        let news = match cursor.next(chain).await {
            Ok(news) => news,
            Err(error) => {
                assert!(error.is_retryable(), "{error}");
                continue;
            }
        };
        match &news {
            News::Nothing => return,
            News::RolledBack { block } => {
                assert_eq!(seen.pop().map(|(number, _)| number), Some(block.number.0));
            }
            News::Block { block, logs } => {
                let numbers = logs.iter().map(|log| log.topics()[0][31]).collect();
                seen.push((block.number.0, numbers));
            }
        }
        cursor.accept(&news).expect("stored");
    }
}

#[tokio::test]
async fn every_block_is_delivered_in_order_with_its_logs() {
    let dir = tempfile::tempdir().expect("a folder");
    let chain = RecordingChain::new(1, Faults { lost_requests: 30, ..Faults::default() });
    for number in 1..=5 {
        emit(&chain, number);
        chain.mine();
    }
    let mut seen = Vec::new();
    follow(&cursor(database(&dir.path().join("db"))), &chain, &mut seen).await;
    let expected: Vec<_> = (1..=5u8).map(|n| (u64::from(n), vec![n])).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_cursor_resumes_after_a_restart_and_repeats_what_was_not_accepted() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("db");
    let chain = RecordingChain::new(1, Faults::default());
    chain.mine();
    chain.mine();

    let first = {
        let cursor = cursor(database(&path));
        let news = cursor.next(&chain).await.expect("no faults");
        cursor.accept(&news).expect("stored");
        cursor.next(&chain).await.expect("no faults")
    };
    let again = cursor(database(&path)).next(&chain).await.expect("no faults");

    assert_eq!(first, again);
    assert!(matches!(again, News::Block { block, .. } if block.number == Height(2)));
}

#[tokio::test]
async fn a_reorganisation_takes_blocks_back_one_by_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let cursor = cursor(database(&dir.path().join("db")));
    let chain = RecordingChain::new(1, Faults::default());
    let mut seen = Vec::new();
    for number in 1..=4 {
        emit(&chain, number);
        chain.mine();
    }
    follow(&cursor, &chain, &mut seen).await;

    chain.reorganise(3, false);
    emit(&chain, 9);
    chain.mine();
    follow(&cursor, &chain, &mut seen).await;

    assert_eq!(seen, [(1, vec![1]), (2, vec![9])]);
}

#[tokio::test]
async fn a_chain_rewritten_deeper_than_remembered_stops_the_cursor() {
    let dir = tempfile::tempdir().expect("a folder");
    let cursor = cursor(database(&dir.path().join("db")));
    let chain = RecordingChain::new(1, Faults::default());
    for _ in 0..300 {
        chain.mine();
    }
    let mut seen = Vec::new();
    follow(&cursor, &chain, &mut seen).await;

    chain.reorganise(usize::MAX, true);
    let error = loop {
        match cursor.next(&chain).await {
            Ok(news) => cursor.accept(&news).expect("stored"),
            Err(error) => break error,
        }
    };

    assert!(matches!(error, CursorError::TooDeep { .. }));
}
