//! What a fork says about the chain that it goes on from.

use super::support::{ALICE, BOB, Node};
use serde_json::{Value, json};

/// An account that only the other chain knows.
const STRANGER: &str = "0x7777777777777777777777777777777777777777";
/// Creation code that leaves one zero byte as code.
const MAKER: &str = "0x602a60005560016000f3";

/// A chain of some blocks: the stranger pays in the second and makes a contract in the third.
async fn upstream() -> (Node, [Value; 2]) {
    let node = Node::instant().await;
    node.ask("anvil_setBalance", json!([STRANGER, "0xde0b6b3a7640000"])).await;
    // Blocks of the other chain run again without what its cheats did just before them.
    node.ask("anvil_mine", json!([1])).await;
    node.ask("anvil_impersonateAccount", json!([STRANGER])).await;
    let paid = json!([{"from": STRANGER, "to": BOB, "value": "0x5"}]);
    let made = json!([{"from": STRANGER, "data": MAKER}]);
    let receipts = [
        node.ask("eth_sendTransactionSync", paid).await,
        node.ask("eth_sendTransactionSync", made).await,
    ];
    node.ask("anvil_mine", json!([400])).await;
    (node, receipts)
}

/// How often a node was asked for anything.
async fn asked(node: &Node) -> u64 {
    let metrics = node.metrics().await;
    let counts =
        metrics.lines().filter(|line| line.starts_with("utnet_rpc_request_duration_seconds_count"));
    counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

/// Without a first block every block of the other chain was asked for, one by one.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_calls_asks_the_other_chain_for_no_more_than_is_named() {
    let (upstream, [paid, _]) = upstream().await;
    let fork = Node::fork_of(&upstream).await;
    node_pays(&fork).await;
    let before = asked(&upstream).await;

    let own = fork.ask("trace_filter", json!([{"toAddress": [BOB]}])).await;
    let wide =
        fork.refusal("trace_filter", json!([{"fromBlock": "0x0", "toBlock": "0x12c"}])).await;
    assert_eq!(asked(&upstream).await, before);
    let named = json!([{"fromBlock": "0x0", "toBlock": "0x3", "toAddress": [BOB]}]);
    let old = fork.ask("trace_filter", named).await;

    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(wide.code(), -32_602);
    assert!(wide.message().contains("limited to 300 blocks of the forked chain"), "{wide}");
    assert_eq!(old[0]["transactionHash"], paid["transactionHash"]);
}

async fn node_pays(node: &Node) {
    node.ask("eth_sendTransactionSync", json!([{"from": ALICE, "to": BOB, "value": "0x1"}])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_before_a_fork_is_not_taken_for_nothing() {
    let (upstream, [paid, made]) = upstream().await;
    let fork = Node::fork_of(&upstream).await;

    for (nonce, receipt) in [(0, &paid), (1, &made)] {
        let hash = fork.ask("ots_getTransactionBySenderAndNonce", json!([STRANGER, nonce])).await;
        assert_eq!(hash, receipt["transactionHash"]);
    }
    let transaction = fork.ask("eth_getTransactionBySenderAndNonce", json!([STRANGER, 0])).await;
    assert_eq!(transaction["blockNumber"], "0x2");
    let creator = json!([made["contractAddress"]]);
    let refused = fork.refusal("ots_getContractCreator", creator).await;
    assert!(refused.message().contains("forked off"), "{refused}");
    assert_eq!(refused.code(), -32_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_refuses_proofs_by_the_code_of_a_refusal() {
    let (upstream, _) = upstream().await;
    let fork = Node::fork_of(&upstream).await;

    let refused = fork.refusal("eth_getProof", json!([ALICE, [], "latest"])).await;

    assert_eq!(refused.code(), -32_000);
    assert!(refused.message().contains("a forked chain has no proofs"), "{refused}");
}
