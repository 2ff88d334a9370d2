//! Makes random contracts, calls of them, and the questions about these that both nodes are asked.

use crate::{
    client::{ALICE, BOB, Node, START},
    compare::comparable,
    programs::{Account, program},
};
use anyhow::{Context, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Contracts of a case.
const CONTRACTS: u64 = 3;
/// Gas of a call: the longest traces stay short.
const GAS: u64 = 200_000;
/// Who gets the tips.
const MINER: &str = "0x00000000000000000000000000000000000000f6";
/// Two gwei, twice the base fee.
const PRICE: &str = "0x77359400";

/// What both nodes are asked.
pub(crate) struct Case {
    number: u64,
    pub(crate) contracts: Vec<(String, String)>,
    /// A call of the first contract.
    call: Value,
    /// The same with prices or an access list; as a creation; as a transaction.
    priced: Value,
    creation: Value,
    transaction: Value,
    /// State and block otherwise than they are.
    state: Value,
    block: Value,
}

/// A question with its answer, as it can be compared.
pub(crate) struct Answered {
    pub(crate) method: &'static str,
    pub(crate) params: Value,
    pub(crate) answer: Value,
}

/// Makes a node ready for cases.
pub(crate) fn prepare(node: &Node) -> Result<()> {
    node.ask("anvil_setCoinbase", json!([MINER]))?;
    node.ask("anvil_setBalance", json!([MINER, "0xde0b6b3a7640000"]))?;
    node.ask("evm_setNextBlockTimestamp", json!([START + 1]))?;
    node.ask("evm_mine", json!([]))?;
    Ok(())
}

impl Case {
    /// The case of a number: its own random numbers, so that each can be played again alone.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
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
        let mut creation = with(&call, &json!({"data": hex(&program(&mut rng, &others))}));
        without(&mut creation, "to");
        let slot = |number: u8| format!("0x{number:064x}");
        let (first, second) = (&contracts[0].0, &contracts[1].0);
        let state = json!({
            first: {"balance": "0x7", "nonce": "0x5", "stateDiff": {slot(1): slot(rng.random())}},
            second: {"code": hex(&program(&mut rng, &others[..6])), "state": {slot(0): slot(3)}},
        });
        let block = json!({"number": "0x99", "time": "0x77777777"});
        let priced = with(&call, &prices(&mut rng, first));
        let prices = prices(&mut rng, first);
        let transaction = with(if rng.random_bool(0.2) { &creation } else { &call }, &prices);
        Self { number, contracts, call, priced, creation, transaction, state, block }
    }

    /// Puts the contracts in place and asks about the calls; then sends the transaction and asks about that.
    pub(crate) fn play(&self, node: &Node) -> Result<Vec<Answered>> {
        for (address, code) in &self.contracts {
            node.ask("anvil_setCode", json!([address, code]))?;
            node.ask("anvil_setBalance", json!([address, "0x64"]))?;
        }
        let ask = |(method, params)| ask(node, method, params);
        let mut answers: Vec<_> = self.before().into_iter().map(ask).collect::<Result<_>>()?;
        node.ask("evm_setNextBlockTimestamp", json!([START + 2 + self.number]))?;
        node.ask("anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"]))?;
        let hash = node.send(&self.transaction)?;
        let after = after(&hash, self.number + 2).into_iter().map(ask);
        answers.extend(after.collect::<Result<Vec<_>>>()?);
        Ok(answers)
    }

    fn before(&self) -> Vec<(&'static str, Value)> {
        let Self { call, priced, creation, state, block, .. } = self;
        let mut free = call.clone();
        without(&mut free, "gas");
        let mut all = vec![
            ("eth_call", json!([call, "latest"])),
            ("eth_call", json!([free, "latest"])),
            ("eth_call", json!([priced, "latest"])),
            ("eth_call", json!([creation, "latest"])),
            ("eth_call", json!([call, "latest", state])),
            ("eth_call", json!([call, "latest", state, block])),
            ("eth_createAccessList", json!([call, "latest"])),
            ("eth_estimateGas", json!([call, "latest", state])),
        ];
        let changed = json!({"tracer": "callTracer", "stateOverrides": state});
        all.push(("debug_traceCall", json!([call, "latest", changed])));
        let changed = with(&changed, &json!({"blockOverrides": block}));
        all.push(("debug_traceCall", json!([call, "latest", changed])));
        for call in [call, &free, priced, creation] {
            all.push(("eth_estimateGas", json!([call, "latest"])));
            all.push(("debug_traceCall", json!([call, "latest", {"tracer": "callTracer"}])));
        }
        for tracer in tracers().into_iter().filter(|tracer| tracer["tracer"] != "4byteTracer") {
            all.push(("debug_traceCall", json!([call, "latest", tracer])));
        }
        all
    }
}

/// One of the ways to pay: as always, by tip and cap, with an access list.
fn prices(rng: &mut impl Rng, contract: &str) -> Value {
    match rng.random_range(0..3) {
        0 => json!({"gasPrice": PRICE}),
        1 => json!({"maxFeePerGas": PRICE, "maxPriorityFeePerGas": "0x5"}),
        _ => {
            let list = json!([{"address": contract, "storageKeys": [format!("0x{:064x}", 1)]}]);
            json!({"gasPrice": PRICE, "accessList": list})
        }
    }
}

/// An object with fields set.
fn with(object: &Value, fields: &Value) -> Value {
    let mut object = object.clone();
    for (name, value) in fields.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    object
}

fn without(object: &mut Value, field: &str) {
    object.as_object_mut().map(|fields| fields.remove(field));
}

fn tracers() -> Vec<Value> {
    vec![
        json!({}),
        json!({"enableMemory": true, "enableReturnData": true}),
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
        ("debug_traceTransaction", json!([hash, {"tracer": "callTracer"}])),
    ];
    for kind in ["trace", "stateDiff", "vmTrace"] {
        all.push(("trace_replayBlockTransactions", json!([number, [kind]])));
    }
    for tracer in tracers() {
        all.push(("debug_traceTransaction", json!([hash, tracer])));
    }
    all
}

fn ask(node: &Node, method: &'static str, params: Value) -> Result<Answered> {
    let answer = node.exchange(method, params.clone());
    let answer = answer.with_context(|| format!("{method} {params}"))?;
    let answer = match (answer.get("result"), answer.get("error")) {
        (Some(result), None) => json!({"result": comparable(method, result.clone())}),
        // Each node has its own words for what went wrong.
        (None, Some(error)) => json!({"data": error.get("data")}),
        _ => answer,
    };
    Ok(Answered { method, params, answer })
}

fn account(number: u64) -> Account {
    let mut account = [0; 20];
    account[12..].copy_from_slice(&number.to_be_bytes());
    account
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
