// Does with viem what its users do: node viem.mjs HTTP_URL WS_URL
import assert from "node:assert/strict";
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createTestClient, http, parseEther,
  publicActions, walletActions, webSocket,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { abi, bytecode } from "./counter.mjs";

const [httpUrl, wsUrl] = process.argv.slice(2);
const account = mnemonicToAccount("test test test test test test test test test test test junk");
const client = createTestClient({ account, chain: foundry, mode: "anvil", transport: http(httpUrl) })
  .extend(publicActions)
  .extend(walletActions);
const ws = createPublicClient({ chain: foundry, transport: webSocket(wsUrl) });
const bob = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

// Deploys, writes, reads.
const deployed = await client.waitForTransactionReceipt({ hash: await client.deployContract({ abi, bytecode }) });
const counter = { abi, address: deployed.contractAddress };

// Subscribes before writing.
const seen = { blocks: [], logs: [], hashes: [] };
const stops = [
  ws.watchBlocks({ onBlock: (block) => seen.blocks.push(block) }),
  ws.watchContractEvent({ ...counter, onLogs: (logs) => seen.logs.push(...logs) }),
  ws.watchPendingTransactions({ onTransactions: (hashes) => seen.hashes.push(...hashes) }),
];
await ws.getBlockNumber();
await new Promise((resolve) => setTimeout(resolve, 200));

const { request } = await client.simulateContract({ ...counter, functionName: "add", args: [7n] });
const hash = await client.writeContract(request);
const receipt = await client.waitForTransactionReceipt({ hash });
assert.equal(receipt.status, "success");
assert.equal(await client.readContract({ ...counter, functionName: "count" }), 7n);

// Sees why a call fails.
const failure = await client
  .simulateContract({ ...counter, functionName: "add", args: [101n] })
  .then(() => assert.fail("must revert"), (error) => error);
assert.ok(failure instanceof BaseError);
const revert = failure.walk((error) => error instanceof ContractFunctionRevertedError);
assert.equal(revert.data.errorName, "TooMany");
await assert.rejects(client.simulateContract({ ...counter, functionName: "add", args: [13n] }), /unlucky/);

// Finds logs in every way.
const logs = await client.getContractEvents({ ...counter, eventName: "Counted", fromBlock: 0n, strict: true });
assert.equal(logs[0].args.count, 7n);
const filter = await client.createContractEventFilter({ ...counter, eventName: "Counted", fromBlock: 0n });
assert.equal((await client.getFilterLogs({ filter })).length, 1);

// Moves state and time.
const snapshot = await client.snapshot();
await client.setBalance({ address: bob, value: parseEther("1") });
assert.equal(await client.getBalance({ address: bob }), parseEther("1"));
await client.impersonateAccount({ address: counter.address });
await client.setBalance({ address: counter.address, value: parseEther("2") });
const paid = await client.sendTransaction({ account: counter.address, to: bob, value: 1n });
assert.equal((await client.waitForTransactionReceipt({ hash: paid })).status, "success");
const before = await client.getBlock();
await client.increaseTime({ seconds: 3_600 });
await client.mine({ blocks: 2 });
assert.ok((await client.getBlock()).timestamp >= before.timestamp + 3_600n);
await client.revert({ id: snapshot });
assert.notEqual(await client.getBalance({ address: bob }), parseEther("1"));

// Overrides state, estimates, traces, proves.
const overridden = await client.readContract({
  ...counter, functionName: "count",
  stateOverride: [{ address: counter.address, stateDiff: [{ slot: `0x${"0".repeat(64)}`, value: `0x${"0".repeat(62)}2a` }] }],
});
assert.equal(overridden, 42n);
assert.ok((await client.estimateContractGas({ ...counter, functionName: "add", args: [1n], account })) > 21_000n);
const trace = await client.request({ method: "debug_traceTransaction", params: [hash, { tracer: "callTracer" }] });
assert.equal(trace.to, counter.address.toLowerCase());
const proof = await client.getProof({ address: counter.address, storageKeys: [`0x${"0".repeat(64)}`] });
assert.equal(proof.storageProof[0].value, 7n);
assert.ok((await client.getTxpoolStatus()).pending === 0);

// Waits for what was subscribed.
const deadline = Date.now() + 10_000;
while (Date.now() < deadline && !(seen.blocks.length && seen.logs.length && seen.hashes.length)) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
for (const [name, list] of Object.entries(seen)) assert.ok(list.length, `no ${name} over ws`);
assert.equal(seen.logs[0].args.count, 7n);
for (const stop of stops) stop();
console.log("viem: ok");
process.exit(0);
