//! Random contracts and calls give the same answers on both nodes. `UTNET_CASES` says how many, `SEED` which ones.

use crate::{
    cases::{Answered, Case, prepare},
    client::{Node, START},
    compare::difference,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Cases of every day.
const CASES: u64 = 30;
/// Differences that are told before the run is given up.
const MOST_DIFFERENCES: usize = 10;
/// Estimates are exact to 1.5 % on either node, in percent of the larger.
const TOLERANCE_PERCENT: u64 = 2;

fn asked(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var_os(name);
    text.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(otherwise)
}

/// Where our answer to a question differs from theirs; `all` are ours.
fn differ(ours: &Answered, theirs: &Value, all: &[Answered]) -> Option<String> {
    let (a, b) = (&ours.answer, theirs);
    match ours.method {
        "eth_estimateGas" => estimate(ours, theirs, all),
        // anvil refuses to list what a call touches that fails without the list; geth lists it.
        "eth_createAccessList" if b.get("result").is_none() => {
            let fails = a["result"]["error"].is_string() || !succeeds(&ours.params, all);
            (!fails).then(|| format!("ours {a}, anvil {b}"))
        }
        // anvil looks once; geth again with the list, until it says all that is touched then.
        "eth_createAccessList" if lists_more(&a["result"], &b["result"]) => None,
        // anvil counts calls of precompiles, too.
        "debug_traceTransaction" if ours.params[1]["tracer"] == "4byteTracer" => {
            let counts = a["result"].as_object()?;
            let more =
                |(name, count): &(&String, &Value)| b["result"][*name].as_u64() < count.as_u64();
            counts.iter().find(more).map(|(name, _)| format!("{name}: ours {a}, anvil {b}"))
        }
        // anvil shows no steps of a transaction in which a creation meets an address that is taken.
        "trace_replayBlockTransactions"
            if b.pointer("/result/0/vmTrace/ops") == Some(&json!([])) =>
        {
            None
        }
        _ => difference("", a, b),
    }
}

fn estimate(ours: &Answered, theirs: &Value, all: &[Answered]) -> Option<String> {
    let (a, b) = (&ours.answer["result"], &theirs["result"]);
    let (Some(a), Some(b)) = (number(a), number(b)) else {
        return difference("", &ours.answer, theirs);
    };
    // anvil finds a limit with which inner calls fail, if the outer one succeeds without them.
    let is_starved = gas_used(&ours.params, all).is_some_and(|used| b < used);
    let allowed = a.max(b) * TOLERANCE_PERCENT / 100;
    (!is_starved && a.abs_diff(b) > allowed).then(|| format!("ours {a}, anvil {b}"))
}

/// The gas that a call uses when it has all it may have, by the answer of the call tracer.
fn gas_used(params: &Value, all: &[Answered]) -> Option<u64> {
    let is_traced = |one: &&Answered| {
        one.method == "debug_traceCall"
            && one.params[0] == params[0]
            && one.params[2]["tracer"] == "callTracer"
            && one.params[2]["stateOverrides"] == params[2]
    };
    number(&all.iter().find(is_traced)?.answer["result"]["gasUsed"])
}

/// Whether the call with these parameters succeeds.
fn succeeds(params: &Value, all: &[Answered]) -> bool {
    let mut calls = all.iter().filter(|one| one.method == "eth_call" && one.params == *params);
    calls.any(|one| one.answer.get("result").is_some())
}

fn number(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.trim_start_matches("0x"), 16).ok()
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

#[test]
fn random_calls_give_the_answers_of_anvil() -> Result<()> {
    let (seed, cases) = (asked("SEED", 2_026), asked("UTNET_CASES", CASES));
    let start = START.to_string();
    let ours = Node::ours(&["--timestamp", &start])?;
    let anvil = Node::anvil(&["--timestamp", &start, "--steps-tracing"])?;
    prepare(&ours)?;
    prepare(&anvil)?;
    let (mut wrong, mut compared) = (Vec::new(), 0_usize);
    for number in 0..cases {
        let case = Case::new(seed, number);
        let place = || format!("case {number} of seed {seed}: {:?}", case.contracts);
        let (a, b) =
            (case.play(&ours).with_context(place)?, case.play(&anvil).with_context(place)?);
        compared += a.len();
        for (one, other) in a.iter().zip(&b) {
            if let Some(at) = differ(one, &other.answer, &a) {
                let Answered { method, params, .. } = one;
                wrong.push(format!(
                    "case {number}: {method} {params}\n    {at}\n    {:?}",
                    case.contracts
                ));
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
