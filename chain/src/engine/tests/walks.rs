//! Random walks forth and back, compared with full copies of what the chain showed before.

use super::support::{TestChain, Tx, account, on_chain, seeded, stranger};
use crate::{
    engine::SnapshotId,
    execution::{AccountPatch, At, BlockRecord, ChainView},
    miner::MiningMode,
    pool::PoolOrder,
};
use alloy_primitives::{Address, B256, TxHash, U256, bytes};
use proptest::prelude::*;
use std::{collections::BTreeMap, time::Duration};
use utnet_primitives::{Height, Seconds};

/// Accounts that the steps pay and change.
const PAYEES: u64 = 6;
/// Dev accounts that send.
const SENDERS: usize = 3;
/// How far back the states of blocks are looked at after each step.
const LOOK_BACK: u64 = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Sends the next transaction of an account, or one that leaves a gap.
    Send {
        from: usize,
        to: u64,
        gap: u64,
    },
    DropAll,
    Mine(u64),
    /// Sets balance and a slot of an account; zero takes it away.
    Patch {
        who: u64,
        wei: u64,
    },
    /// Raises the nonce of an account that sends.
    Raise {
        who: usize,
        by: u64,
    },
    /// Gives an account code that logs, and counts in its slot 1, when it is paid.
    Log(u64),
    Shift(i64),
    Next(u64),
    Interval(Option<u64>),
    /// The wall clock goes on.
    Wait(u64),
    Snapshot,
    Revert(usize),
    Rollback(u64),
    Reorg(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..SENDERS, 0..PAYEES, 0..2_u64).prop_map(|(from, to, gap)| Step::Send { from, to, gap }),
        1 => Just(Step::DropAll),
        5 => (1..4_u64).prop_map(Step::Mine),
        2 => (0..PAYEES, 0..3_u64).prop_map(|(who, wei)| Step::Patch { who, wei }),
        1 => (0..SENDERS, 1..3_u64).prop_map(|(who, by)| Step::Raise { who, by }),
        2 => (0..PAYEES).prop_map(Step::Log),
        1 => (-500..1_000_i64).prop_map(Step::Shift),
        1 => (1..1_000_u64).prop_map(Step::Next),
        1 => proptest::option::of(1..100_u64).prop_map(Step::Interval),
        2 => (1..1_000_u64).prop_map(Step::Wait),
        4 => Just(Step::Snapshot),
        4 => any::<usize>().prop_map(Step::Revert),
        1 => (0..3_u64).prop_map(Step::Rollback),
        1 => (0..3_u64).prop_map(Step::Reorg),
    ]
}

/// Every account: balance, nonce, hash of its code, slots; and the root over all.
type State = (B256, BTreeMap<Address, (U256, u64, B256, Vec<(B256, U256)>)>);

/// All that can be seen of a chain.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    /// With transactions, receipts and logs.
    blocks: Vec<BlockRecord>,
    state: State,
    /// In order of arrival.
    ready: Vec<TxHash>,
    queued: Vec<TxHash>,
    next_timestamp: Seconds,
}

fn state(view: &ChainView, at: At) -> State {
    let state = view.state(at).unwrap();
    let accounts = state.accounts().unwrap().into_iter().map(|(address, info)| {
        let slots = state.slots(address).unwrap();
        (address, (info.balance, info.nonce, info.code_hash, slots))
    });
    let accounts = accounts.collect();
    (state.state_root(&Default::default()).unwrap(), accounts)
}

fn look(t: &TestChain) -> Seen {
    let view = t.chain.view().unwrap();
    let pool = t.chain.pool_view();
    let queued = pool.content().queued.into_values();
    Seen {
        blocks: (0..=view.height().0)
            .map(|height| view.block(Height(height)).unwrap().unwrap())
            .collect(),
        state: state(&view, At::Latest),
        ready: pool.ready_in(PoolOrder::Arrival, 0).iter().map(|entry| entry.hash).collect(),
        queued: queued.flat_map(BTreeMap::into_values).map(|entry| entry.hash).collect(),
        next_timestamp: t.chain.next_attributes(&view).timestamp,
    }
}

/// What the chain showed at snapshots that can still be asked for, and after blocks.
#[derive(Default)]
struct Copies {
    snapshots: Vec<(SnapshotId, Seen)>,
    blocks: BTreeMap<B256, State>,
}

async fn act(t: &TestChain, copies: &mut Copies, step: Step) {
    match step {
        Step::Send { from, to, gap } => send(t, from, to, gap).await,
        Step::DropAll => t.chain.drop_transactions(None).await.unwrap(),
        Step::Mine(blocks) => drop(t.chain.mine(blocks, None).await.unwrap()),
        Step::Patch { who, wei } => {
            let storage = BTreeMap::from([(U256::from(2), U256::from(wei))]);
            let balance = Some(U256::from(wei));
            patch(t, stranger(who), AccountPatch { balance, storage, ..Default::default() }).await;
        }
        Step::Raise { who, by } => {
            let nonce = Some(nonce_of(t, who) + by);
            let sender = account(who).address();
            patch(t, sender, AccountPatch { nonce, ..Default::default() }).await;
        }
        Step::Log(who) => {
            let code = Some(bytes!("60015460010160015560006000a0"));
            patch(t, stranger(who), AccountPatch { code, ..Default::default() }).await;
        }
        Step::Shift(seconds) => drop(t.chain.increase_time(seconds).await.unwrap()),
        Step::Next(seconds) => {
            let head = t.chain.view().unwrap().head().timestamp;
            t.chain.set_next_timestamp(Seconds(head + seconds)).await.unwrap();
        }
        Step::Interval(seconds) => {
            t.chain.set_block_interval(seconds.map(Seconds)).await.unwrap();
        }
        Step::Wait(seconds) => t.clock.advance(Duration::from_secs(seconds)),
        Step::Snapshot => {
            let seen = look(t);
            copies.snapshots.push((t.chain.snapshot().await.unwrap(), seen));
        }
        Step::Revert(which) => revert(t, copies, which).await,
        Step::Rollback(depth) => roll_back(t, depth).await,
        Step::Reorg(depth) => {
            let depth = depth.min(t.chain.view().unwrap().height().0);
            t.chain.reorg(depth, BTreeMap::new()).await.unwrap();
        }
    }
}

fn nonce_of(t: &TestChain, who: usize) -> u64 {
    let state = t.chain.view().unwrap().state(At::Latest).unwrap();
    state.account(account(who).address()).unwrap().unwrap().nonce
}

async fn send(t: &TestChain, from: usize, to: u64, gap: u64) {
    let next = t.chain.pool_view().next_nonce(account(from).address());
    let nonce = next.unwrap_or_else(|| nonce_of(t, from)) + gap;
    let tx = Tx::from(from).nonce(nonce).to(stranger(to)).gas(100_000).fee(100_000_000_000);
    // One that the pool has already changes nothing.
    t.chain.submit(tx.signed()).await.ok();
}

async fn patch(t: &TestChain, address: Address, patch: AccountPatch) {
    t.chain.patch(vec![(address, patch)]).await.unwrap();
}

/// A snapshot leads back if the block is there on which it was taken; else nothing changes, and the
/// others stay.
async fn revert(t: &TestChain, copies: &mut Copies, which: usize) {
    let Some(index) = which.checked_rem(copies.snapshots.len()) else { return };
    let before = look(t);
    let (id, seen) = copies.snapshots[index].clone();
    let can_return = before.blocks.starts_with(&seen.blocks);

    assert_eq!(t.chain.revert(id).await.unwrap(), can_return);

    if !can_return {
        assert_eq!(look(t), before);
        return;
    }
    assert_eq!(look(t), seen);
    for (over, _) in copies.snapshots.split_off(index) {
        assert!(!t.chain.revert(over).await.unwrap(), "a snapshot was used twice");
        assert_eq!(look(t), seen);
    }
}

async fn roll_back(t: &TestChain, depth: u64) {
    let before = look(t);
    let depth = depth.min(t.chain.view().unwrap().height().0);

    let head = t.chain.rollback(depth).await.unwrap();

    let now = look(t);
    assert_eq!(now.blocks.len() as u64, head.0 + 1);
    assert!(before.blocks.starts_with(&now.blocks));
    if depth == 0 {
        return assert_eq!(now, before);
    }
    assert_eq!(now.state, state(&t.chain.view().unwrap(), At::After(head)));
}

/// Every block that is on the chain shows the state it showed when it was new.
fn check_blocks(t: &TestChain, copies: &mut Copies) {
    let view = t.chain.view().unwrap();
    let head = view.height().0;
    for height in head.saturating_sub(LOOK_BACK)..=head {
        let header = view.header(Height(height)).unwrap().unwrap();
        let now = state(&view, At::After(Height(height)));
        assert_eq!(now.0, header.state_root);
        assert_eq!(&now, copies.blocks.entry(header.hash()).or_insert_with(|| now.clone()));
    }
}

proptest! {
    #![proptest_config(seeded(48))]

    #[test]
    fn going_back_shows_what_was_there(
        is_instant in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..50),
    ) {
        let mode = if is_instant { MiningMode::Instant } else { MiningMode::Manual };
        on_chain(mode, async |t| {
            let mut copies = Copies::default();
            for step in steps {
                act(&t, &mut copies, step).await;
                check_blocks(&t, &mut copies);
            }
        });
    }
}
