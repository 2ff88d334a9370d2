//! Random contracts and calls give the same answers on both nodes.
//!
//! Each case places contracts that call one another, asks about a call in every way, sends it, and asks about the
//! transaction. `UTNET_CASES` says how many, `SEED` which ones.

use crate::{
    client::{ALICE, BOB, Node, START},
    compare::{comparable, difference},
    programs::{Account, program},
};
use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Cases of every day.
const CASES: u64 = 30;
/// Differences that are told before the run is given up.
const MOST_DIFFERENCES: usize = 10;
/// Contracts of a case.
const CONTRACTS: u64 = 3;
/// Gas of a call: the longest traces stay short.
const GAS: u64 = 200_000;
/// Estimates are exact to 1.5 % on either node, in percent of the larger.
const TOLERANCE_PERCENT: u64 = 2;
const MINER: &str = "0x00000000000000000000000000000000000000f6";

fn asked(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var_os(name);
    text.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(otherwise)
}

/// What both nodes are asked.
struct Case {
    contracts: Vec<(String, String)>,
    call: Value,
}

impl Case {
    /// The case of a number: its own random numbers, so that each can be played again alone.
    fn new(seed: u64, number: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let own = (0..CONTRACTS).map(|index| account(0xc0de_0000 + number * CONTRACTS + index));
        let own: Vec<Account> = own.collect();
        // The hash functions, identity, the pairing check; somebody, nobody.
        let mut others: Vec<Account> = [2, 3, 4, 8].map(account).into();
        others.extend([[0xb0; 20], account(0xdead_0000 + number)]);
        let mut contracts = Vec::new();
        // Each calls only those after it, so that calls do not go deep.
        for address in own.into_iter().rev() {
            contracts.push((hex(&address), hex(&program(&mut rng, &others))));
            others.push(address);
        }
        contracts.reverse();
        let mut data = vec![0; rng.random_range(0..70)];
        rng.fill(&mut data[..]);
        let call = json!({
            "from": if rng.random_bool(0.5) { ALICE } else { BOB },
            "to": contracts[0].0,
            "value": format!("{:#x}", rng.random_range(0..3_u8)),
            "gas": format!("{GAS:#x}"),
            "data": hex(&data),
        });
        Self { contracts, call }
    }

    /// Puts the contracts in place and asks about the call; then makes a transaction of it.
    fn play(&self, node: &Node, number: u64) -> Result<Vec<(String, Value)>> {
        for (address, code) in &self.contracts {
            node.ask("anvil_setCode", json!([address, code]))?;
            node.ask("anvil_setBalance", json!([address, "0x64"]))?;
        }
        let mut answers = Vec::new();
        for (method, params) in self.before() {
            answers.push(exchange(node, method, params)?);
        }
        let later = START + 2 + number;
        node.ask("evm_setNextBlockTimestamp", json!([later]))?;
        node.ask("anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"]))?;
        let mut transaction = self.call.clone();
        transaction["gasPrice"] = json!("0x77359400");
        let hash = node.send(&transaction)?;
        for (method, params) in after(&hash, number + 2) {
            answers.push(exchange(node, method, params)?);
        }
        Ok(answers)
    }

    fn before(&self) -> Vec<(&'static str, Value)> {
        let call = &self.call;
        let mut free = call.clone();
        free.as_object_mut().map(|fields| fields.remove("gas"));
        let mut all = vec![
            ("eth_call", json!([call, "latest"])),
            ("eth_call", json!([free, "latest"])),
            ("eth_estimateGas", json!([call, "latest"])),
            ("eth_estimateGas", json!([free])),
            ("eth_createAccessList", json!([call, "latest"])),
            ("debug_traceCall", json!([free, "latest", {"tracer": "callTracer"}])),
        ];
        for tracer in tracers().into_iter().filter(|tracer| tracer["tracer"] != "4byteTracer") {
            all.push(("debug_traceCall", json!([call, "latest", tracer])));
        }
        all
    }
}

fn tracers() -> Vec<Value> {
    vec![
        json!({}),
        json!({"enableMemory": true, "enableReturnData": true}),
        json!({"tracer": "callTracer"}),
        json!({"tracer": "callTracer", "tracerConfig": {"withLog": true}}),
        json!({"tracer": "prestateTracer"}),
        json!({"tracer": "prestateTracer", "tracerConfig": {"diffMode": true}}),
        json!({"tracer": "4byteTracer"}),
    ]
}

fn after(hash: &Value, block: u64) -> Vec<(&'static str, Value)> {
    let number = format!("{block:#x}");
    let mut all = vec![
        ("eth_getTransactionReceipt", json!([hash])),
        ("trace_transaction", json!([hash])),
        ("trace_block", json!([number])),
    ];
    for kind in ["trace", "stateDiff", "vmTrace"] {
        all.push(("trace_replayBlockTransactions", json!([number, [kind]])));
    }
    for tracer in tracers() {
        all.push(("debug_traceTransaction", json!([hash, tracer])));
    }
    all
}

/// The question, and the answer as it can be compared.
fn exchange(node: &Node, method: &str, params: Value) -> Result<(String, Value)> {
    let question = format!("{method} {params}");
    let answer = node.exchange(method, params).with_context(|| question.clone())?;
    let shown = match (answer.get("result"), answer.get("error")) {
        (Some(result), None) => json!({"result": comparable(method, result.clone())}),
        // Each node has its own words for what went wrong.
        (None, Some(error)) => json!({"data": error.get("data")}),
        _ => answer,
    };
    Ok((question, shown))
}

/// Where two answers differ. `used` is the gas that the call uses when it has all it may have.
fn differ(question: &str, ours: &Value, theirs: &Value, used: Option<u64>) -> Option<String> {
    let estimates = (number(&ours["result"]), number(&theirs["result"]));
    match (question.split(' ').next(), estimates) {
        // anvil finds a limit with which inner calls fail, if the outer one succeeds without them.
        (Some("eth_estimateGas"), (Some(_), Some(theirs)))
            if used.is_some_and(|used| theirs < used) =>
        {
            None
        }
        (Some("eth_estimateGas"), (Some(a), Some(b))) => {
            let allowed = a.max(b) * TOLERANCE_PERCENT / 100;
            (a.abs_diff(b) > allowed).then(|| format!("ours {a}, anvil {b}"))
        }
        // anvil refuses to list what a call touches that fails; geth lists it.
        (Some("eth_createAccessList"), _) if theirs.get("result").is_none() => {
            ours["result"]["error"].is_null().then(|| format!("ours {ours}, anvil {theirs}"))
        }
        // anvil looks once; geth again with the list, until it says all that is touched then.
        (Some("eth_createAccessList"), _) if lists_more(&ours["result"], &theirs["result"]) => None,
        // anvil counts calls of precompiles, too.
        (Some("debug_traceTransaction"), _) if question.contains("4byteTracer") => {
            let counts = ours["result"].as_object()?;
            let more = |(name, count): &(&String, &Value)| {
                theirs["result"][*name].as_u64() < count.as_u64()
            };
            counts.iter().find(more).map(|(name, _)| format!("{name}: ours {ours}, anvil {theirs}"))
        }
        // anvil shows no steps of a transaction in which a creation meets an address that is taken.
        (Some("trace_replayBlockTransactions"), _)
            if theirs.pointer("/result/0/vmTrace/ops") == Some(&json!([])) =>
        {
            None
        }
        _ => difference("", ours, theirs),
    }
}

/// Whether an access list has all of another, and more.
fn lists_more(all: &Value, some: &Value) -> bool {
    let touched = |answer: &Value| -> BTreeSet<String> {
        let items = answer["accessList"].as_array().into_iter().flatten();
        let slots = items.flat_map(|item| {
            let keys = item["storageKeys"].as_array().into_iter().flatten();
            let named = keys.map(|key| format!("{} {key}", item["address"]));
            named.chain([item["address"].to_string()]).collect::<Vec<_>>()
        });
        slots.collect()
    };
    let (all, some) = (touched(all), touched(some));
    all.len() > some.len() && all.is_superset(&some)
}

fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.trim_start_matches("0x"), 16).ok()
}

/// The gas that the call of a question uses, by the answer of the call tracer.
fn gas_used(answers: &[(String, Value)], question: &str) -> Option<u64> {
    let has_limit = |question: &str| question.contains("\"gas\":");
    let is_traced = |asked: &str| {
        asked.starts_with("debug_traceCall")
            && asked.contains("callTracer")
            && has_limit(asked) == has_limit(question)
    };
    let (_, answer) = answers.iter().find(|(asked, _)| is_traced(asked))?;
    number(&answer["result"]["gasUsed"])
}

fn account(number: u64) -> Account {
    let mut account = [0; 20];
    account[12..].copy_from_slice(&number.to_be_bytes());
    account
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[test]
fn random_calls_give_the_answers_of_anvil() -> Result<()> {
    let (seed, cases) = (asked("SEED", 2_026), asked("UTNET_CASES", CASES));
    let start = START.to_string();
    let ours = Node::ours(&["--timestamp", &start])?;
    let anvil = Node::anvil(&["--timestamp", &start, "--steps-tracing"])?;
    for node in [&ours, &anvil] {
        node.ask("anvil_setCoinbase", json!([MINER]))?;
        node.ask("anvil_setBalance", json!([MINER, "0xde0b6b3a7640000"]))?;
        node.ask("evm_setNextBlockTimestamp", json!([START + 1]))?;
        node.ask("evm_mine", json!([]))?;
    }
    let (mut wrong, mut compared) = (Vec::new(), 0_usize);
    for number in 0..cases {
        let case = Case::new(seed, number);
        let played =
            || -> Result<_> { Ok((case.play(&ours, number)?, case.play(&anvil, number)?)) };
        let place = || format!("case {number} of seed {seed}: {:?}", case.contracts);
        let (a, b) = played().with_context(place)?;
        compared += a.len();
        for ((question, one), (_, other)) in a.iter().zip(&b) {
            if let Some(at) = differ(question, one, other, gas_used(&a, question)) {
                wrong
                    .push(format!("case {number}: {question}\n    {at}\n    {:?}", case.contracts));
            }
        }
        if wrong.len() >= MOST_DIFFERENCES {
            break;
        }
    }
    eprintln!("seed {seed}: {cases} cases, {compared} answers compared, {} differ", wrong.len());
    ensure!(wrong.is_empty(), "SEED={seed}: {} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
