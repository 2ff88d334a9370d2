// Uses the test actions of viem, in both modes: node viem_actions.mjs HTTP_URL WS_URL IPC_PATH URL_TO_FORK
// The node runs without POCI, so that coinbase may be set. Hardhat has no interval of timestamps, and counts that of mining
// in milliseconds: these two are anvil's only.
import assert from "node:assert/strict";
import { createTestClient, http, parseEther, parseGwei, publicActions, walletActions } from "viem";
import { foundry } from "viem/chains";
import { abi, bytecode } from "./counter.mjs";

const [httpUrl, , , forkedUrl] = process.argv.slice(2);
const [alice, bob, stranger, other] = [
  "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  "0x00000000000000000000000000000000000057a9",
  "0x00000000000000000000000000000000000057aa",
];
const slot = (n) => `0x${n.toString(16).padStart(64, "0")}`;

for (const mode of ["anvil", "hardhat"]) {
  const client = createTestClient({ account: alice, chain: foundry, mode, transport: http(httpUrl) })
    .extend(publicActions)
    .extend(walletActions);
  const start = await client.snapshot();
  const send = (more) => client.sendTransaction({ to: bob, value: 1n, ...more });

  // The pool: mining off, look, drop, mine.
  await client.setAutomine(false);
  assert.equal(await client.getAutomine(), false);
  const hashes = [await send(), await send(), await send({ nonce: 1_000 })];
  assert.deepEqual(await client.getTxpoolStatus(), { pending: 2, queued: 1 });
  const content = await client.getTxpoolContent();
  assert.equal(Object.keys(content.pending[alice] ?? content.pending[alice.toLowerCase()]).length, 2);
  const inspected = await client.inspectTxpool();
  assert.match(JSON.stringify(inspected.pending), /1 wei/);
  await client.dropTransaction({ hash: hashes[1] });
  await client.dropTransaction({ hash: hashes[2] });
  assert.deepEqual(await client.getTxpoolStatus(), { pending: 1, queued: 0 });
  const before = await client.getBlockNumber({ cacheTime: 0 });
  await client.mine({ blocks: 3, interval: 10 });
  assert.equal(await client.getBlockNumber({ cacheTime: 0 }), before + 3n);
  assert.equal((await client.getTransactionReceipt({ hash: hashes[0] })).status, "success");
  await client.setAutomine(true);
  assert.equal(await client.getAutomine(), true);

  // Accounts.
  await client.setBalance({ address: stranger, value: parseEther("3") });
  assert.equal(await client.getBalance({ address: stranger }), parseEther("3"));
  await client.setNonce({ address: stranger, nonce: 7 });
  assert.equal(await client.getTransactionCount({ address: stranger }), 7);
  await client.impersonateAccount({ address: stranger });
  const impersonated = await client.sendUnsignedTransaction({ from: stranger, to: bob, value: 1n });
  assert.equal((await client.waitForTransactionReceipt({ hash: impersonated })).from, stranger);
  await client.stopImpersonatingAccount({ address: stranger });
  await assert.rejects(client.sendUnsignedTransaction({ from: stranger, to: bob, value: 1n }));
  const { contractAddress } = await client.waitForTransactionReceipt({ hash: await client.deployContract({ abi, bytecode }) });
  await client.setCode({ address: stranger, bytecode: await client.getCode({ address: contractAddress }) });
  await client.setStorageAt({ address: stranger, index: 0, value: slot(42) });
  assert.equal(await client.readContract({ abi, address: stranger, functionName: "count" }), 42n);

  // Time.
  const head = async () => client.getBlock();
  const { timestamp } = await head();
  await client.increaseTime({ seconds: 1_000 });
  await client.mine({ blocks: 1 });
  assert.ok((await head()).timestamp >= timestamp + 1_000n);
  const next = (await head()).timestamp + 5_000n;
  await client.setNextBlockTimestamp({ timestamp: next });
  await client.mine({ blocks: 1 });
  assert.equal((await head()).timestamp, next);
  if (mode === "anvil") {
    await client.setBlockTimestampInterval({ interval: 7 });
    await client.mine({ blocks: 1 });
    assert.equal((await head()).timestamp, next + 7n);
    await client.removeBlockTimestampInterval();
  }

  // Blocks.
  await client.setBlockGasLimit({ gasLimit: 25_000_000n });
  await client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei("3") });
  await client.setCoinbase({ address: stranger });
  await client.mine({ blocks: 1 });
  const block = await head();
  assert.equal(block.gasLimit, 25_000_000n);
  assert.equal(block.baseFeePerGas, parseGwei("3"));
  assert.equal(block.miner, stranger);
  if (mode === "anvil") {
    await client.setIntervalMining({ interval: 1 });
    const deadline = Date.now() + 20_000;
    const number = () => client.getBlockNumber({ cacheTime: 0 });
    while ((await number()) <= block.number) assert.ok(Date.now() < deadline, "no block came by itself");
    await client.setIntervalMining({ interval: 0 });
    await client.setAutomine(true);
  }
  await client.setMinGasPrice({ gasPrice: parseGwei("4") });
  await assert.rejects(send({ maxFeePerGas: parseGwei("3"), maxPriorityFeePerGas: 0n }));
  await client.setMinGasPrice({ gasPrice: 0n });
  await client.setLoggingEnabled(false);
  await client.setLoggingEnabled(true);

  // And back.
  await client.revert({ id: start });
  assert.equal(await client.getBalance({ address: stranger }), 0n);
  // The whole chain, out and in again; snapshots belong to the one before.
  if (mode === "anvil") {
    await client.setBalance({ address: stranger, value: 5n });
    const state = await client.dumpState();
    await client.setBalance({ address: stranger, value: 6n });
    await client.loadState({ state });
    assert.equal(await client.getBalance({ address: stranger }), 5n);
  }
  // Another chain, which cannot be reached for a while.
  if (mode === "anvil") {
    const forked = createTestClient({ chain: foundry, mode, transport: http(forkedUrl) });
    await forked.setBalance({ address: stranger, value: 8n });
    await forked.setBalance({ address: other, value: 9n });
    await forked.mine({ blocks: 1 });
    await client.reset({ jsonRpcUrl: forkedUrl, blockNumber: 1n });
    assert.equal(await client.getBalance({ address: stranger }), 8n);
    await client.setRpcUrl("http://127.0.0.1:1");
    await assert.rejects(client.getBalance({ address: other }));
    await client.setRpcUrl(forkedUrl);
    assert.equal(await client.getBalance({ address: other }), 9n);
    // viem's reset begins the fork again; without parameters there is none.
    await client.request({ method: "anvil_reset", params: [] });
  }
  await client.reset();
  assert.equal(await client.getBlockNumber({ cacheTime: 0 }), 0n);
  console.log(`viem as ${mode}: ok`);
}
process.exit(0);
