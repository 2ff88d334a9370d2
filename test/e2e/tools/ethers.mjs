// Does with ethers what its users do: node ethers.mjs HTTP_URL WS_URL IPC_PATH
import assert from "node:assert/strict";
import { ContractFactory, IpcSocketProvider, JsonRpcProvider, WebSocketProvider, isCallException, parseEther } from "ethers";
import { abi, bytecode } from "./counter.mjs";

const [httpUrl, wsUrl, ipcPath] = process.argv.slice(2);

for (const [name, provider] of [
  ["http", new JsonRpcProvider(httpUrl, undefined, { polling: true, pollingInterval: 50, cacheTimeout: -1 })],
  ["ws", new WebSocketProvider(wsUrl)],
  ["ipc", new IpcSocketProvider(ipcPath)],
]) {
  assert.equal((await provider.getNetwork()).chainId, 31_337n);
  const signer = provider instanceof JsonRpcProvider ? await provider.getSigner(0) : await provider.getSigner();

  // Deploys, listens, writes, reads.
  const counter = await new ContractFactory(abi, bytecode, signer).deploy();
  await counter.waitForDeployment();
  const heard = new Promise((resolve) => counter.once("Counted", (by, count) => resolve({ by, count })));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const receipt = await (await counter.add(7)).wait();
  assert.equal(receipt.status, 1);
  assert.equal(await counter.count(), 7n);
  assert.equal((await heard).count, 7n, `${name}: the event`);

  // Sees why a call fails.
  const custom = await counter.add.staticCall(101).then(() => assert.fail("must revert"), (error) => error);
  assert.ok(isCallException(custom) && custom.revert.name === "TooMany");
  await assert.rejects(counter.add.staticCall(13), /unlucky/);

  // Finds logs, blocks, fees.
  const logs = await counter.queryFilter("Counted", 0);
  assert.equal(logs.length, 1);
  const block = await provider.getBlock(receipt.blockNumber, true);
  assert.equal(block.prefetchedTransactions[0].hash, receipt.hash);
  assert.ok((await provider.getFeeData()).maxFeePerGas > 0n);
  const to = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
  await (await signer.sendTransaction({ to, value: parseEther("0.1") })).wait();
  assert.ok(await signer.signMessage("hello"));

  // Too little money is told in words that ethers knows.
  const gas = { gasLimit: 21_000 };
  const poor = await signer.sendTransaction({ to, value: parseEther("1000000"), ...gas }).then(() => null, (error) => error);
  assert.equal(poor.code, "INSUFFICIENT_FUNDS", `${name}: ${poor.code}`);
  await provider.destroy();
  console.log(`ethers over ${name}: ok`);
}
process.exit(0);
