#!/usr/bin/env python3
"""Writes the first corpus of a fuzz target: random bytes seldom have a form that is looked at.

Usage: fuzz-corpus.py TARGET FOLDER

For a precompile the corpus is its known answers; for the node's RPC every name that it serves, the samples below, and
the requests of Ethereum's public tests where these lie beside the repository. `FOLDER.dict` gets the words of JSON.
"""

import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VECTORS = ROOT / "test" / "vectors"
PUBLIC = ROOT.parent / "shared" / "rpc-compat" / "tests"
LONGEST = 8_000  # bytes of an input; the public tests have transactions with blobs

ALICE = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
LOGGER, PARROT = (f"0x{number:040x}" for number in (0xA1, 0xB2))  # the contracts of chain/fuzz
CALL = {"from": ALICE, "to": LOGGER, "value": "0x1", "gas": "0x186a0", "data": "0x01020304"}
STATE = {PARROT: {"balance": "0x1", "nonce": "0x2", "code": "0x602a60005260206000f3", "stateDiff": {"$tx": "$block"}}}
BLOCK = {"number": "0x9", "time": "0x7fffffff", "gasLimit": "0xfffff", "baseFeePerGas": "0x1", "prevRandao": "$block"}
TRACERS = ("callTracer", "prestateTracer", "4byteTracer", "flatCallTracer", "muxTracer", "erc7562Tracer", "noopTracer")

SAMPLES = [
    ("eth_call", [CALL, "latest", STATE, BLOCK]),
    ("eth_call", [{**CALL, "accessList": [{"address": LOGGER, "storageKeys": ["$tx"]}]}, {"blockHash": "$block"}]),
    ("eth_estimateGas", [{**CALL, "to": PARROT}, "pending", STATE]),
    ("eth_createAccessList", [CALL, "latest"]),
    ("eth_callMany", [[{"transactions": [CALL, CALL], "blockOverride": BLOCK}], {"blockNumber": "latest"}, STATE]),
    ("eth_simulateV1", [{"blockStateCalls": [{"blockOverrides": BLOCK, "stateOverrides": STATE, "calls": [CALL]}],
                         "traceTransfers": True, "validation": False, "returnFullTransactions": True}, "latest"]),
    ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "latest", "address": [LOGGER], "topics": [None, ["$tx"]]}]),
    ("eth_getLogs", [{"blockHash": "$block"}]),
    ("eth_newFilter", [{"fromBlock": "0x1", "topics": []}]),
    ("eth_feeHistory", ["0x4", "latest", [0, 50.5, 100]]),
    ("eth_getProof", [ALICE, ["0x0", "$tx"], "latest"]),
    ("eth_sendTransaction", [{**CALL, "maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1", "nonce": "0x1"}]),
    ("eth_signTypedData_v4", [ALICE, {"types": {"EIP712Domain": [], "A": [{"name": "x", "type": "uint256[]"}]},
                                      "primaryType": "A", "domain": {}, "message": {"x": [1]}}]),
    ("eth_subscribe", ["logs", {"address": LOGGER}]),
    ("eth_getTransactionReceipt", ["$tx"]),
    ("eth_getBlockByHash", ["$block", True]),
    ("debug_storageRangeAt", ["$block", 0, LOGGER, "0x", 10]),
    ("debug_traceTransaction", ["$tx", {"enableMemory": True, "enableReturnData": True, "limit": 5}]),
    ("trace_call", [CALL, ["trace", "vmTrace", "stateDiff"], "latest", STATE, BLOCK]),
    ("trace_callMany", [[[CALL, ["trace"]], [CALL, ["stateDiff"]]], "latest"]),
    ("trace_filter", [{"fromBlock": "0x0", "toBlock": "0x1", "toAddress": [LOGGER], "after": 0, "count": 3}]),
    ("trace_replayTransaction", ["$tx", ["trace", "vmTrace"]]),
    ("trace_get", ["$tx", ["0x0"]]),
    ("ots_searchTransactionsBefore", [ALICE, 0, 5]),
    ("testing_buildBlockV1", ["$block", {"timestamp": "0x7fffffff", "prevRandao": "$tx", "suggestedFeeRecipient": ALICE,
                                         "withdrawals": [], "parentBeaconBlockRoot": "$tx"}, None, "0x"]),
    ("anvil_mine", ["0x2", "0xc"]),
    ("evm_mine", [{"timestamp": 1_900_000_000, "blocks": 2}]),
    ("anvil_reorg", ["0x1", [[CALL, 0]]]),
    ("anvil_setStorageAt", [LOGGER, "0x1", "$tx"]),
    ("anvil_setBalance", [ALICE, "0xffffffffffffffffffff"]),
    ("anvil_reset", [{"forking": {"jsonRpcUrl": "http://127.0.0.1:1", "blockNumber": 1}}]),
    ("evm_setNextBlockTimestamp", ["0x77359400"]),
    ("wallet_sendCalls", [{"version": "2.0.0", "chainId": "0x7a69", "from": ALICE, "calls": [{"to": LOGGER}]}]),
]
SAMPLES += [("debug_traceCall", [CALL, "latest", {"tracer": tracer, "tracerConfig": {"withLog": True}}]) for tracer in TRACERS]
SAMPLES += [("debug_traceTransaction", ["$tx", {"tracer": tracer}]) for tracer in TRACERS]

# Which methods' bytes are what `rpc_binary` sends after its first byte, and that byte.
BINARY = {"eth_sendRawTransaction": 0, "debug_getRawTransaction": 1, "debug_getRawBlock": 2}


def public_exchanges():
    """Requests and answers of the public tests, each a pair of objects."""
    for path in sorted(PUBLIC.glob("*/*.io")):
        asked = None
        for line in path.read_text().splitlines():
            if line.startswith(">> "):
                asked = json.loads(line[3:])
            elif line.startswith("<< ") and asked is not None:
                yield asked, json.loads(line[3:])


def requests():
    """Methods with parameters."""
    known = json.loads((VECTORS / "rpc_names.json").read_text())
    yield from ((name["name"], []) for name in known if "reason" not in name)
    yield from SAMPLES
    yield from ((asked["method"], asked.get("params", [])) for asked, _ in public_exchanges())


def texts(target):
    """The requests as the target takes them."""
    all_of_it = [(method, json.dumps(params, separators=(",", ":"))) for method, params in requests()]
    if target == "rpc_params":
        return [f"{method} {params}".encode() for method, params in all_of_it]
    whole = [f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}' for method, params in all_of_it]
    batches = [f"[{','.join(whole[at:at + 3])}]" for at in range(0, len(whole), 20)]
    return [text.encode() for text in whole + batches]


def binaries():
    """Transactions and blocks, each after the byte that chooses its method."""
    for asked, answered in public_exchanges():
        found = answered.get("result") if asked["method"].startswith("debug_getRaw") else (asked.get("params") or [None])[0]
        if asked["method"] in BINARY and isinstance(found, str) and found.startswith("0x"):
            for choice in {BINARY[asked["method"]], 0}:
                yield bytes([choice]) + bytes.fromhex(found[2:])
    yield from (bytes([choice]) for choice in range(6))


def known_answers(target):
    """The inputs of a precompile's known answers."""
    cases = json.loads((VECTORS / f"{target}.json").read_text())
    for case in cases if isinstance(cases, list) else cases["cases"]:
        yield bytes.fromhex(case["input"].removeprefix("0x"))


def words():
    """Words of JSON: names of methods and fields, with their quotes."""
    def names(value):
        if isinstance(value, dict):
            for name, field in value.items():
                yield name
                yield from names(field)
        elif isinstance(value, list):
            for item in value:
                yield from names(item)

    found = {"latest", "pending", "earliest", "safe", "finalized", "$tx", "$block", *TRACERS}
    for method, params in requests():
        found |= {method, *names(params)}
    return sorted(word for word in found if len(word) < 60)


def main():
    """Fills the folder of a target."""
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    is_rpc = target.startswith("rpc_")
    inputs = known_answers(target) if not is_rpc else binaries() if target == "rpc_binary" else texts(target)
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        if not is_rpc or len(data) <= LONGEST:
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
    if is_rpc:
        lines = (f'"\\"{word}\\""\n' for word in words())
        folder.with_suffix(".dict").write_text("".join(lines))
    print(len(list(folder.iterdir())), "inputs to begin with")


if __name__ == "__main__":
    main()
