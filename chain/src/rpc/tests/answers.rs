//! Says what is wrong with the text of an answer, by JSON-RPC 2.0. The fuzz targets judge by it, too.

use serde_json::{Map, Value};

/// The code of a fault of the node itself.
const INTERNAL: i64 = -32_603;

/// What is wrong with an answer, a batch of them or a notification; `None` when it is well-formed and tells of
/// no fault of the node.
pub(crate) fn fault(text: &str) -> Option<String> {
    let found = match serde_json::from_str(text) {
        Err(error) => Some(format!("not JSON: {error}")),
        Ok(Value::Array(batch)) if batch.is_empty() => Some("an empty batch".to_owned()),
        Ok(Value::Array(batch)) => batch.iter().find_map(fault_of_one),
        Ok(one) => fault_of_one(&one),
    };
    found.map(|why| format!("{why}: {text}"))
}

fn fault_of_one(answer: &Value) -> Option<String> {
    let Some(answer) = answer.as_object() else { return Some("not an object".to_owned()) };
    if answer.get("jsonrpc") != Some(&Value::from("2.0")) {
        return Some("no version".to_owned());
    }
    if answer.contains_key("method") {
        let is_notice = answer.contains_key("params") && !answer.contains_key("id");
        return (!is_notice).then(|| "a notification with an id, or without parameters".to_owned());
    }
    if !matches!(answer.get("id"), Some(Value::Null | Value::Number(_) | Value::String(_))) {
        return Some("no id".to_owned());
    }
    match (answer.get("result"), answer.get("error")) {
        (Some(_), None) => None,
        (None, Some(Value::Object(error))) => fault_of_error(error),
        _ => Some("neither a result nor an error, or both".to_owned()),
    }
}

fn fault_of_error(error: &Map<String, Value>) -> Option<String> {
    if error.get("message").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Some("an error without a message".to_owned());
    }
    match error.get("code").and_then(Value::as_i64) {
        None => Some("an error without a code".to_owned()),
        Some(INTERNAL) => Some("a fault of the node".to_owned()),
        Some(_) => None,
    }
}

#[test]
fn an_answer_lacks_no_part_and_tells_of_no_fault_of_the_node() {
    for good in [
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"[{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"no"}}]"#,
        r#"{"jsonrpc":"2.0","method":"eth_subscription","params":{}}"#,
    ] {
        assert_eq!(fault(good), None);
    }
    for bad in [
        "",
        "[]",
        r#"{"id":1,"result":1}"#,
        r#"{"jsonrpc":"2.0","result":1}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"both"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"no code"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"a fault"}}"#,
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
}
