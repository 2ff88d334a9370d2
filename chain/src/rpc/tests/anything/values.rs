//! Makes parameters: such as methods take, such as none takes, and what lies between.

use proptest::{collection, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// Names of fields that parameters have somewhere.
const FIELDS: &str = "from to gas gasPrice maxFeePerGas maxPriorityFeePerGas maxFeePerBlobGas value nonce data input \
    chainId type accessList blobVersionedHashes blobs authorizationList address storageKeys fromBlock toBlock \
    blockHash blockNumber requireCanonical topics balance code state stateDiff movePrecompileToAddress number time \
    gasLimit baseFeePerGas withdrawals tracer tracerConfig onlyTopCall withLog diffMode stateOverrides \
    blockOverrides txIndex blockStateCalls calls transactions timestamp validation";
/// Words that mean a block.
const TAGS: &str = "latest pending earliest safe finalized";
/// Names of tracers.
const TRACERS: &str =
    "callTracer prestateTracer 4byteTracer flatCallTracer muxTracer erc7562Tracer noopTracer";
/// Words that mean something somewhere.
const WORDS: &str =
    "latest pending 0x 0x0 0x1 0x5208 0xffffffffffffffff trace vmTrace stateDiff newHeads logs";

/// Accounts: a dev account, another, a precompile, a system contract, nobody.
static ACCOUNTS: [&str; 5] = [
    "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "0x0000000000000000000000000000000000000005",
    "0x0000f90827f1c53a10cb7a02335b175320002935",
    "0x00000000000000000000000000000000deadbeef",
];

/// Codes that end: they return, log, store, revert, read the block, call another, create, or are none.
static CODES: [&str; 8] = [
    "0x602a60005260206000f3",
    "0x602a60006000a1",
    "0x60015460010160015500",
    "0x366000600037366000fd",
    "0x4360005243404160205260406000f3",
    "0x6000600060006000600073f39fd6e51aad88f6f4ce6ab8827279cfffb9226661fffff1",
    "0x69602a60005560016000f3600052600a60166000f0",
    "0xef0100",
];

/// Parameters of one call.
pub(super) fn params() -> impl Strategy<Value = Vec<Value>> {
    collection::vec(prop_oneof![3 => useful(), 1 => whatever()], 0..5)
}

/// What some method takes.
fn useful() -> BoxedStrategy<Value> {
    prop_oneof![
        account(),
        quantity(),
        hash(),
        block(),
        code(),
        word(WORDS),
        yes_or_no(),
        request(),
        filter(),
        state(),
        block_fields(),
        tracing(),
        simulation(),
        bundles(),
    ]
    .boxed()
}

/// Any JSON, with fields and words that parameters have.
fn whatever() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        yes_or_no(),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        account(),
        quantity(),
        hash(),
        code(),
        word(WORDS),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![collection::vec(inner.clone(), 0..5).prop_map(Value::Array), fields(inner),]
    })
    .boxed()
}

fn fields(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    let names = select(FIELDS.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let pairs = collection::vec((names, value), 0..6);
    pairs.prop_map(|pairs| Value::Object(pairs.into_iter().collect())).boxed()
}

/// One of the words in a list.
fn word(list: &'static str) -> BoxedStrategy<Value> {
    select(list.split(' ').collect::<Vec<_>>()).prop_map(Value::from).boxed()
}

fn yes_or_no() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(Value::from).boxed()
}

fn account() -> BoxedStrategy<Value> {
    select(&ACCOUNTS[..]).prop_map(Value::from).boxed()
}

/// Small numbers, the largest of some sizes, and any.
fn quantity() -> BoxedStrategy<Value> {
    let number = prop_oneof![
        4 => 0..8_u128,
        1 => select(vec![21_000, 1_000_000, u128::from(u32::MAX), u128::from(u64::MAX), u128::MAX]),
        1 => any::<u128>(),
    ];
    number.prop_map(|number| json!(format!("{number:#x}"))).boxed()
}

fn hash() -> BoxedStrategy<Value> {
    any::<[u8; 32]>().prop_map(|bytes| json!(format!("0x{}", hex::encode(bytes)))).boxed()
}

fn block() -> BoxedStrategy<Value> {
    prop_oneof![
        word(TAGS),
        (0..4_u8).prop_map(|number| json!(format!("{number:#x}"))),
        (0..4_u8).prop_map(|number| json!({"blockNumber": format!("{number:#x}")})),
        hash().prop_map(|hash| json!({"blockHash": hash, "requireCanonical": true})),
    ]
    .boxed()
}

fn code() -> BoxedStrategy<Value> {
    let known = select(&CODES[..]).prop_map(Value::from);
    let random = collection::vec(any::<u8>(), 0..24);
    let random = random.prop_map(|bytes| json!(format!("0x{}", hex::encode(bytes))));
    prop_oneof![3 => known, 1 => random].boxed()
}

/// An object with some of these fields.
fn object(all: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = all
        .into_iter()
        .map(|(name, value)| {
            option::of(value).prop_map(move |value| Some((name.to_owned(), value?)))
        })
        .collect();
    fields.prop_map(|fields| fields.into_iter().flatten().collect::<Map<_, _>>().into()).boxed()
}

fn request() -> BoxedStrategy<Value> {
    let list = json!([{"address": ACCOUNTS[0], "storageKeys": []}]);
    object(vec![
        ("from", account()),
        ("to", account()),
        ("gas", quantity()),
        ("gasPrice", quantity()),
        ("maxFeePerGas", quantity()),
        ("maxPriorityFeePerGas", quantity()),
        ("value", quantity()),
        ("nonce", quantity()),
        ("data", code()),
        ("input", code()),
        ("chainId", Just(json!("0x7a69")).boxed()),
        (
            "type",
            select(vec![json!("0x0"), json!("0x1"), json!("0x2"), json!("0x3"), json!("0x4")])
                .boxed(),
        ),
        ("accessList", Just(list).boxed()),
        ("maxFeePerBlobGas", quantity()),
        ("blobVersionedHashes", collection::vec(hash(), 0..3).prop_map(Value::Array).boxed()),
    ])
}

fn filter() -> BoxedStrategy<Value> {
    let topics =
        collection::vec(prop_oneof![hash(), Just(Value::Null)], 0..5).prop_map(Value::Array);
    object(vec![
        ("fromBlock", block()),
        ("toBlock", block()),
        ("blockHash", hash()),
        ("address", account()),
        ("topics", topics.boxed()),
        ("fromAddress", account().prop_map(|one| json!([one])).boxed()),
        ("after", quantity()),
        ("count", quantity()),
    ])
}

fn state() -> BoxedStrategy<Value> {
    let slots = (hash(), hash()).prop_map(|(slot, value)| {
        let slot = slot.as_str().unwrap_or_default().to_owned();
        json!({slot: value})
    });
    let changed = object(vec![
        ("balance", quantity()),
        ("nonce", quantity()),
        ("code", code()),
        ("state", slots.clone().boxed()),
        ("stateDiff", slots.boxed()),
        ("movePrecompileToAddress", account()),
    ]);
    (select(&ACCOUNTS[..]), changed)
        .prop_map(|(account, changed)| json!({account: changed}))
        .boxed()
}

fn block_fields() -> BoxedStrategy<Value> {
    object(vec![
        ("number", quantity()),
        ("time", quantity()),
        ("gasLimit", quantity()),
        ("feeRecipient", account()),
        ("prevRandao", hash()),
        ("baseFeePerGas", quantity()),
        ("blobBaseFee", quantity()),
    ])
}

fn tracing() -> BoxedStrategy<Value> {
    let config = object(vec![
        ("onlyTopCall", yes_or_no()),
        ("withLog", yes_or_no()),
        ("diffMode", yes_or_no()),
        ("callTracer", Just(json!({})).boxed()),
    ]);
    object(vec![
        ("tracer", word(TRACERS)),
        ("tracerConfig", config),
        ("enableMemory", yes_or_no()),
        ("limit", quantity()),
        ("txIndex", quantity()),
        ("stateOverrides", state()),
        ("blockOverrides", block_fields()),
        ("timeout", select(vec![json!("1s"), json!("x")]).boxed()),
    ])
}

fn simulation() -> BoxedStrategy<Value> {
    let one = object(vec![
        ("blockOverrides", block_fields()),
        ("stateOverrides", state()),
        ("calls", collection::vec(request(), 0..3).prop_map(Value::Array).boxed()),
    ]);
    object(vec![
        ("blockStateCalls", collection::vec(one, 0..3).prop_map(Value::Array).boxed()),
        ("traceTransfers", yes_or_no()),
        ("validation", yes_or_no()),
        ("returnFullTransactions", yes_or_no()),
    ])
}

/// Calls as `eth_callMany` and `trace_callMany` take them.
fn bundles() -> BoxedStrategy<Value> {
    let pairs = collection::vec((request(), Just(json!(["trace", "stateDiff"]))), 0..3);
    let bundles = collection::vec(request(), 0..3);
    prop_oneof![
        bundles.prop_map(|transactions| json!([{"transactions": transactions}])),
        pairs.prop_map(|pairs| json!(pairs)),
    ]
    .boxed()
}
