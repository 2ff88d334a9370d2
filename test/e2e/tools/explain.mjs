// Sees failures through viem and ethers on a node that knows the artifacts: node explain.mjs HTTP_URL WS_URL IPC_PATH
// ARTIFACT is forge's or hardhat's artifact of the contract Outer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { BaseError, ContractFunctionRevertedError, createTestClient, decodeErrorResult, http, publicActions, walletActions } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { ContractFactory, JsonRpcProvider, isCallException } from "ethers";

const [httpUrl] = process.argv.slice(2);
const artifact = JSON.parse(readFileSync(process.env.ARTIFACT, "utf8"));
const bytecode = artifact.bytecode.object ?? artifact.bytecode;
const abi = [...artifact.abi, { type: "error", name: "TooHigh", inputs: [{ name: "asked", type: "uint256" }, { name: "most", type: "uint256" }] }];
const account = mnemonicToAccount("test test test test test test test test test test test junk");
const client = createTestClient({ account, chain: foundry, mode: "anvil", transport: http(httpUrl) })
  .extend(publicActions)
  .extend(walletActions);
const lines = readFileSync(new URL("Explained.sol", import.meta.url), "utf8").split("\n");
const lineOf = (comment) => 1 + lines.findIndex((line) => line.includes(`// line of ${comment}`));
const at = (name, comment) => new RegExp(`at ${name} \\([^ )]*Explained\\.sol:${lineOf(comment)}\\)`);

// The node's own words, without any client between.
async function refusal(method, ...params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(httpUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { error } = await answer.json();
  assert.ok(error, `${method} must fail`);
  return error;
}

const provider = new JsonRpcProvider(httpUrl, undefined, { cacheTimeout: -1, polling: true, pollingInterval: 50 });
const outer = await new ContractFactory(abi, bytecode, await provider.getSigner(0)).deploy();
await outer.waitForDeployment();
const call = (name, ...args) => ({ from: account.address, to: outer.target, data: outer.interface.encodeFunctionData(name, args) });

// A custom error of a library, through two contracts: every line of the way, the innermost first.
for (const [method, request] of [
  ["eth_call", [call("ask", 11), "latest"]],
  ["eth_estimateGas", [call("ask", 11)]],
  ["eth_sendTransaction", [call("ask", 11)]],
]) {
  const error = await refusal(method, ...request);
  assert.equal(error.code, 3, method);
  assert.equal(decodeErrorResult({ abi, data: error.data }).errorName, "TooHigh");
  const [first, ...places] = error.message.split("\n");
  assert.equal(first, "execution reverted: TooHigh(asked: 11, most: 10)");
  assert.match(places[0], at("Checks.below", "the custom error"));
  assert.match(places[1], at("Inner.check", "the library's call"));
  assert.match(places[2], at("Outer._pass", "the contract's call"));
  assert.match(places[3], at("Outer.ask", "the private call"));
  assert.equal(places.length, 4, error.message);
}

// A panic, a constructor, and a reason of its own after a failure that was caught.
const panic = await refusal("eth_call", call("overflow"), "latest");
assert.match(panic.message, /^execution reverted: panic: arithmetic underflow or overflow \(0x11\)\n/);
assert.match(panic.message, at("Inner.sum", "the panic"));
const made = await refusal("eth_call", call("make", 0), "latest");
assert.match(made.message, /^execution reverted: no limit\n/);
assert.match(made.message.split("\n")[1], at("Inner.constructor", "the constructor"));
assert.match(made.message, at("Outer.make", "the creation"));
const own = await refusal("eth_call", call("caught", 99), "latest");
assert.match(own.message, /^execution reverted: own reason\n/);
assert.match(own.message.split("\n")[1], at("Outer.caught", "its own reason"));
assert.ok(!own.message.includes("Checks"), own.message);

// viem and ethers decode what they always do.
const contract = { abi, address: outer.target };
const failure = await client.simulateContract({ ...contract, functionName: "ask", args: [11n] }).then(() => assert.fail(), (error) => error);
assert.ok(failure instanceof BaseError);
const revert = failure.walk((error) => error instanceof ContractFunctionRevertedError);
assert.equal(revert.data.errorName, "TooHigh");
assert.deepEqual(revert.data.args, [11n, 10n]);
await assert.rejects(client.simulateContract({ ...contract, functionName: "make", args: [0n] }), /no limit/);
await assert.rejects(client.writeContract({ ...contract, functionName: "ask", args: [12n] }), /TooHigh/);
const custom = await outer.ask.staticCall(11).then(() => assert.fail(), (error) => error);
assert.ok(isCallException(custom) && custom.revert.name === "TooHigh");
const reason = await outer.caught.staticCall(99).then(() => assert.fail(), (error) => error);
assert.ok(isCallException(reason) && reason.reason === "own reason");
const refused = await outer.ask(11).then(() => assert.fail(), (error) => error);
assert.ok(isCallException(refused) && outer.interface.parseError(refused.data).name === "TooHigh");

// Mined, one that succeeds and one that fails: the node's log tells of both.
await (await outer.ask(7)).wait();
const mined = await client.sendTransaction({ to: outer.target, data: call("ask", 13).data, gas: 200_000n });
assert.equal((await client.waitForTransactionReceipt({ hash: mined })).status, "reverted");
console.log(`explain: ok ${mined}`);
process.exit(0);
