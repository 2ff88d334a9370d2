// Does with hardhat what its users do on a development network: viem, ethers, ignition, network helpers.
import assert from "node:assert/strict";
import { network } from "hardhat";
import Counting from "../ignition/modules/Counter.js";

const { viem, ethers, ignition, networkHelpers, provider } = await network.getOrCreate();
const publicClient = await viem.getPublicClient();
const [alice, bob] = await viem.getWalletClients();
assert.equal(await publicClient.getChainId(), 31_337);

// viem: deploy, write, read, find the reason of a revert.
const counter = await viem.deployContract("Counter");
await counter.write.add([7n]);
assert.equal(await counter.read.count(), 7n);
await assert.rejects(counter.write.add([101n]), /TooMany/);
await assert.rejects(counter.write.add([13n]), /unlucky/);

// ethers: the same contract, by another signer.
const [, second] = await ethers.getSigners();
const same = await ethers.getContractAt("Counter", counter.address, second);
await (await same.add(1)).wait();
assert.equal(await same.count(), 8n);
const other = await ethers.deployContract("Counter");
assert.equal(await other.count(), 0n);

// ignition: a deployment as code.
const { counter: ignited } = await ignition.deploy(Counting);
assert.equal(await ignited.read.count(), 9n);

// Network helpers: fixtures, time, blocks, accounts, storage.
async function fixture() {
  return { fresh: await viem.deployContract("Counter") };
}
const { fresh } = await networkHelpers.loadFixture(fixture);
await fresh.write.add([3n]);
const { fresh: again } = await networkHelpers.loadFixture(fixture);
assert.equal(again.address, fresh.address);
assert.equal(await again.read.count(), 0n);

const { time } = networkHelpers;
const started = await time.latest();
await time.increase(3_600);
assert.ok((await time.latest()) >= started + 3_600);
await time.increaseTo(started + 10_000);
assert.equal(await time.latest(), started + 10_000);
await time.setNextBlockTimestamp(started + 20_000);
await networkHelpers.mine();
assert.equal(await time.latest(), started + 20_000);

const height = await time.latestBlock();
await networkHelpers.mine(5, { interval: 12 });
assert.equal(await time.latestBlock(), height + 5);
const first = await publicClient.getBlock({ blockNumber: BigInt(height + 1) });
assert.equal(await time.latest(), Number(first.timestamp) + 4 * 12);
await networkHelpers.mineUpTo(height + 10);
assert.equal(await time.latestBlock(), height + 10);

const snapshot = await networkHelpers.takeSnapshot();
await networkHelpers.setBalance(bob.account.address, 5n);
assert.equal(await publicClient.getBalance({ address: bob.account.address }), 5n);
await snapshot.restore();
assert.ok((await publicClient.getBalance({ address: bob.account.address })) > 5n);

const stranger = "0x00000000000000000000000000000000000057a9";
await networkHelpers.impersonateAccount(stranger);
await networkHelpers.setBalance(stranger, 10n ** 18n);
await networkHelpers.setNonce(stranger, 41);
const impersonator = await ethers.getSigner(stranger);
await (await impersonator.sendTransaction({ to: bob.account.address, value: 1n })).wait();
assert.equal(await ethers.provider.getTransactionCount(stranger), 42);
await networkHelpers.stopImpersonatingAccount(stranger);

await networkHelpers.setCode(stranger, await publicClient.getCode({ address: counter.address }));
await networkHelpers.setStorageAt(stranger, 0, 77n);
assert.equal(BigInt(await networkHelpers.getStorageAt(stranger, 0)), 77n);
assert.equal(await (await viem.getContractAt("Counter", stranger)).read.count(), 77n);

await networkHelpers.setNextBlockBaseFeePerGas(2_000_000_000);
await networkHelpers.mine();
assert.equal((await publicClient.getBlock()).baseFeePerGas, 2_000_000_000n);
await networkHelpers.setBlockGasLimit(20_000_000);
await networkHelpers.mine();
assert.equal((await publicClient.getBlock()).gasLimit, 20_000_000n);

// The pool, with automine off.
await provider.request({ method: "evm_setAutomine", params: [false] });
const waiting = await alice.sendTransaction({ to: bob.account.address, value: 1n });
assert.equal(await networkHelpers.dropTransaction(waiting), true);
await provider.request({ method: "evm_setAutomine", params: [true] });
assert.equal(await provider.request({ method: "hardhat_getAutomine" }), true);

if (process.env.PLAIN_ETHEREUM) {
  await networkHelpers.setCoinbase(stranger);
  await networkHelpers.setPrevRandao(1_234);
  await networkHelpers.mine();
  const block = await publicClient.getBlock();
  assert.equal(block.miner, stranger);
  assert.equal(BigInt(block.mixHash), 1_234n);
}
console.log(`hardhat: ok ${counter.address}`);
