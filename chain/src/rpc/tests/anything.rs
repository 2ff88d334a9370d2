//! Sends anything at all to every method: each answer is well-formed, none tells of a fault of the node, and
//! the node goes on.

mod values;

use super::{answers::fault, support::desk};
use crate::{
    engine::test_support::seeded,
    rpc::{Desk, names},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use values::params;

/// What mines as many blocks as it is told, as long as its caller waits.
const LABOURS: [&str; 2] = ["anvil_mine", "hardhat_mine"];
/// The most blocks that a test wants to wait for.
const FEW: u64 = 3;
/// The method whose specification has the code of a node's fault for some calls that no block could take.
const SIMULATE: &str = "eth_simulateV1";

/// Parameters that no method has in this form, or only one.
fn odd_params() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let odd = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("0x"),
        json!("0x0"),
        json!("0xffffffffffffffff"),
        json!("0xzz"),
        json!("latest"),
        json!("pending"),
        json!("earliest"),
        json!(format!("0x{}", "ab".repeat(20))),
        json!(format!("0x{}", "cd".repeat(32))),
        json!(format!("0x{}", "f".repeat(65))),
        json!("\u{0}\u{1f980}"),
        json!([]),
        json!({}),
        json!([[]]),
        json!([null]),
        json!({"": null}),
        deep,
    ];
    let lists = odd.into_iter().flat_map(|odd| [json!([odd]), json!([odd, odd, odd, odd, odd])]);
    lists.chain([json!([]), json!({}), json!(7), json!("text"), json!(null)]).collect()
}

/// The same parameters, but none that ask for more work or patience than a test has.
fn bounded(method: &str, mut params: Value) -> Value {
    if let Some(list) = params.as_array_mut() {
        if LABOURS.contains(&method) && !list.is_empty() {
            list[0] = json!(FEW);
        }
        if method.ends_with("Sync") {
            list.truncate(1);
            list.resize(1, json!({}));
            list.push(json!(1));
        }
    }
    params
}

/// Asks, and says what is wrong with the answer.
async fn wrong(desk: &mut Desk, method: &str, params: Value) -> Option<String> {
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": bounded(method, params)});
    let answers = desk.ask(request.to_string().as_bytes()).await;
    if answers.is_empty() {
        return Some(format!("no answer to {request}"));
    }
    if method == SIMULATE && answers[0].get().contains("-32603") {
        return None;
    }
    answers.iter().find_map(|answer| Some(format!("{} to {request}", fault(answer.get())?)))
}

/// Whether the node still answers, and its engine works.
async fn is_alive(desk: &mut Desk) -> bool {
    let asked = br#"{"jsonrpc":"2.0","id":1,"method":"evm_snapshot"}"#;
    let answers = desk.ask(asked).await;
    answers.iter().any(|answer| answer.get().contains("\"result\":\"0x"))
}

#[tokio::test]
async fn no_odd_parameter_makes_a_method_fail_inside() {
    let mut desk = desk();
    let mut found = Vec::new();
    for method in names() {
        for params in odd_params() {
            found.extend(wrong(&mut desk, method, params).await);
        }
        assert!(is_alive(&mut desk).await, "after {method}");
    }
    desk.close().await;
    assert!(found.is_empty(), "{} answers:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_form() {
    let nested = "[".repeat(100_000);
    let texts: [&[u8]; 14] = [
        b"",
        b" \n",
        b"x",
        b"{}",
        b"[]",
        b"[[]]",
        b"[{}]",
        b"[1,null]",
        b"{\"id\":1}",
        b"[{\"jsonrpc\":\"2.0\"}]",
        b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"eth_chainId\"}",
        b"{\"jsonrpc\":\"1.0\",\"method\":1,\"id\":1}",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}",
        nested.as_bytes(),
    ];
    let mut desk = desk();
    for text in texts {
        for answer in desk.ask(text).await {
            assert_eq!(fault(answer.get()), None, "{}", String::from_utf8_lossy(text));
        }
        assert!(is_alive(&mut desk).await);
    }
    desk.close().await;
}

proptest! {
    #![proptest_config(seeded(48))]

    #[test]
    fn no_calls_one_after_another_make_the_node_fail(
        calls in proptest::collection::vec((any::<prop::sample::Index>(), params()), 1..40),
    ) {
        let methods: Vec<_> = names().collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut desk = desk();
            for (method, params) in calls {
                let method = methods[method.index(methods.len())];
                let wrong = wrong(&mut desk, method, Value::Array(params)).await;
                prop_assert_eq!(wrong, None);
            }
            prop_assert!(is_alive(&mut desk).await);
            desk.close().await;
            Ok(())
        })?;
    }
}
