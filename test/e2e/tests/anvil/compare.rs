//! Says where two nodes' answers differ, apart from what must. `docs/anvil.md` gives the reasons.

use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Takes out what must differ: block hashes, since anvil's genesis lacks the system contracts of EIP-4788, 7002 and
/// 7251, and what anvil 1.7.1 has otherwise than geth, or than what Parity's traces have been since.
pub(crate) fn comparable(method: &str, mut answer: Value) -> Value {
    match (&mut answer, method) {
        (Value::Array(list), _) if method.starts_with("debug_trace") => {
            list.iter_mut().for_each(|one| free_root(&mut one["result"]));
        }
        (Value::Object(_), _) if method.starts_with("debug_trace") => free_root(&mut answer),
        (Value::Array(list), "trace_transaction" | "trace_block" | "trace_filter") => {
            flat_calls(list);
        }
        (Value::Array(list), "trace_replayBlockTransactions") => {
            list.iter_mut().for_each(|one| {
                if let Some(calls) = one["trace"].as_array_mut() {
                    flat_calls(calls);
                }
                if let Some(accounts) = one["stateDiff"].as_object_mut() {
                    accounts.values_mut().for_each(born);
                }
                steps(&mut one["vmTrace"]);
            });
        }
        (Value::Object(receipt), "eth_getTransactionReceipt") => {
            receipt.retain(|name, _| !matches!(name.as_str(), "blobGasPrice" | "blockTimestamp"));
        }
        (Value::Object(answer), "eth_createAccessList") => {
            if let Some(Value::Array(list)) = answer.get_mut("accessList") {
                list.sort_by_key(|item| item["address"].to_string());
            }
        }
        _ => {}
    }
    strip(&mut answer);
    answer
}

/// The gas of a call trace's root lacks the intrinsic gas.
fn free_root(trace: &mut Value) {
    if let Some(fields) = trace.as_object_mut()
        && fields.contains_key("gasUsed")
    {
        fields.remove("gas");
    }
}

/// Calls of precompiles that move nothing are left out, and creations that fail have no address.
fn flat_calls(list: &mut Vec<Value>) {
    list.retain(|call| !is_precompiled(&call["action"]));
    for call in list {
        let is_failed_creation = call["type"] == "create" && !call["error"].is_null();
        let Some(call) = call.as_object_mut() else { continue };
        call.remove("traceAddress");
        call.remove("subtraces");
        if is_failed_creation {
            call.remove("result");
        }
    }
}

fn is_precompiled(action: &Value) -> bool {
    let to = action["to"].as_str().unwrap_or_default();
    let number = u64::from_str_radix(to.get(26..).unwrap_or_default(), 16);
    to.starts_with(&format!("0x{}", "0".repeat(24)))
        && matches!(number, Ok(1..=0x11 | 0x100))
        && action["value"] == "0x0"
}

/// An account that was not there before is new, and not changed from nothing.
fn born(account: &mut Value) {
    let to = account["balance"].pointer("/*/to").cloned();
    if account["balance"].pointer("/*/from") == Some(&json!("0x0")) {
        account["balance"] = json!({"+": to});
    }
    for (field, nothing) in [("code", "0x"), ("nonce", "0x0")] {
        if account[field] == json!({"+": nothing}) {
            account[field] = json!("=");
        }
    }
}

/// No step where the code has ended or has no opcode: it costs nothing.
fn steps(trace: &mut Value) {
    let Some(steps) = trace.get_mut("ops").and_then(Value::as_array_mut) else { return };
    if steps.last().is_some_and(|last| last["cost"] == 0) {
        steps.pop();
    }
}

/// Takes out, at any depth, hashes of blocks; of VM traces all but the steps; accounts that were not there; and each
/// node's own words for what went wrong.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("blockHash");
            if fields.contains_key("ex") {
                fields.retain(|name, _| matches!(name.as_str(), "cost" | "pc"));
            }
            if fields.contains_key("ops") {
                fields.remove("code");
            }
            if let Some(error) = fields.get_mut("error").filter(|error| error.is_string()) {
                *error = json!("an error");
            }
            fields.retain(|_, field| !is_absent_account(field));
            fields.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

fn is_absent_account(value: &Value) -> bool {
    value.get("balance").is_some_and(|balance| balance == "0x0")
        && value.get("nonce").is_none()
        && value.get("code").is_none()
}

/// Where two answers differ first, as a path.
pub(crate) fn difference(path: &str, ours: &Value, theirs: &Value) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| {
                let (a, b) = (a.get(key), b.get(key));
                let (a, b) = (a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null));
                difference(&format!("{path}.{key}"), a, b)
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.into_iter().find_map(|(at, (a, b))| difference(&format!("{path}[{at}]"), a, b))
        }
        _ if ours == theirs => None,
        _ => Some(format!("{path}: ours {ours}, anvil {theirs}")),
    }
}
