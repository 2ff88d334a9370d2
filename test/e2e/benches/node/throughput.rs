//! Measures transactions per second: payments, token transfers, calls that fill many slots.

use crate::{
    contract::{deploy, fillCall, transferCall},
    load::{Outcome, Stream, run, scaled},
    peer::{Peer, Running},
    table::Table,
    wallet::{Action, dev_accounts, sign_many},
};
use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::Result;

/// Accounts that send.
const SENDERS: u32 = 40;
/// Flags that both nodes need for the load: room in a block, accounts with money.
const ROOM: [&str; 4] = ["--gas-limit", "2000000000", "--accounts", "41"];
/// How blocks come about.
const MODES: [(&str, &[&str]); 2] = [("automine", &[]), ("1 s blocks", &["--block-time", "1"])];

/// What the n-th transaction of a sender does.
type Act = fn(Address, &PrivateKeySigner, u64) -> Action;

pub(crate) fn transfers(peer: &Peer, table: &mut Table) -> Result<()> {
    let act: Act = |_, key, n| Action::pay(somebody(key, n));
    all("transfers to new accounts", scaled(160_000), act, peer, table)
}

pub(crate) fn erc20(peer: &Peer, table: &mut Table) -> Result<()> {
    let act: Act = |token, key, n| {
        let input = transferCall { to: somebody(key, n), amount: U256::from(1) }.abi_encode();
        call(token, input, 80_000)
    };
    all("ERC-20 transfers to new holders", scaled(80_000), act, peer, table)
}

pub(crate) fn store(peer: &Peer, table: &mut Table) -> Result<()> {
    let act: Act =
        |load, _, _| call(load, fillCall { slots: U256::from(20) }.abi_encode(), 600_000);
    all("calls that fill 20 slots", scaled(8_000), act, peer, table)
}

fn call(to: Address, input: Vec<u8>, gas: u64) -> Action {
    Action { to: to.into(), value: U256::ZERO, input: Bytes::from(input), gas }
}

/// An address that nobody else of the load pays.
fn somebody(key: &PrivateKeySigner, n: u64) -> Address {
    Address::from_word(keccak256([key.address().as_slice(), &n.to_be_bytes()].concat()))
}

fn all(what: &str, count: u64, act: Act, peer: &Peer, table: &mut Table) -> Result<()> {
    let mut keys = dev_accounts(SENDERS + 1)?;
    let deployer = keys.remove(0);
    let target = deployer.address().create(0);
    let streams = streams(&keys, count, |key, n| act(target, key, n))?;
    for (mode, flags) in MODES {
        let what = format!("{what}, {mode}");
        let node = peer.start(&[ROOM.as_slice(), flags].concat());
        match node.and_then(|node| on(&node, &deployer, &streams)) {
            Ok(outcome) => table.note(&what, peer.name, show(outcome)),
            Err(error) => table.note_failure(&what, peer.name, &error),
        }
    }
    Ok(())
}

fn streams(
    keys: &[PrivateKeySigner],
    count: u64,
    act: impl Fn(&PrivateKeySigner, u64) -> Action + Sync,
) -> Result<Vec<Stream>> {
    let each = count / u64::from(SENDERS);
    keys.iter()
        .map(|key| {
            let transactions = sign_many(key, 0, each, |n| act(key, n))?;
            Ok(Stream { sender: key.address(), first: 0, transactions })
        })
        .collect()
}

fn on(node: &Running, deployer: &PrivateKeySigner, streams: &[Stream]) -> Result<Outcome> {
    deploy(&mut node.client()?, deployer)?;
    run(node, streams)
}

fn show(outcome: Outcome) -> String {
    let Outcome { per_second, core_micros, left_behind } = outcome;
    let left =
        if left_behind == 0 { String::new() } else { format!(", {left_behind} never mined") };
    format!("{per_second:.0}/s ({core_micros:.0} us of a core each){left}")
}
