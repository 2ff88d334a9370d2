// Measures eth_call over each transport, one after another: node latency.mjs HTTP_URL WS_URL IPC_PATH
import { createConnection } from "node:net";
import { Agent, request } from "node:http";
import WebSocket from "ws";

const [httpUrl, wsUrl, ipcPath] = process.argv.slice(2);
const ROUNDS = 3_000;
const to = "0x00000000000000000000000000000000000000c0";
// Returns slot 0, through a state override as forge's precompile shim sends it.
const call = JSON.stringify({
  jsonrpc: "2.0", id: 1, method: "eth_call",
  params: [{ to, data: "0x" }, "latest", { [to]: { code: "0x60005460005260206000f3" } }],
});

function overHttp() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const options = { method: "POST", agent, headers: { "content-type": "application/json", "content-length": call.length } };
  return () => new Promise((resolve, reject) => {
    const sent = request(httpUrl, options, (answer) => {
      answer.on("data", () => {});
      answer.on("end", resolve);
    });
    sent.on("error", reject);
    sent.end(call);
  });
}

async function overWs() {
  const socket = new WebSocket(wsUrl);
  await new Promise((resolve) => socket.once("open", resolve));
  return () => new Promise((resolve) => {
    socket.once("message", resolve);
    socket.send(call);
  });
}

async function overIpc() {
  const socket = createConnection(ipcPath);
  await new Promise((resolve) => socket.once("connect", resolve));
  return () => new Promise((resolve) => {
    socket.once("data", resolve);
    socket.write(call);
  });
}

for (const [name, open] of [["http", overHttp], ["ws", overWs], ["ipc", overIpc]]) {
  const once = await open();
  for (let i = 0; i < 200; i++) await once();
  const times = [];
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.hrtime.bigint();
    await once();
    times.push(Number(process.hrtime.bigint() - start) / 1_000);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(ROUNDS * share)].toFixed(0);
  const rate = (ROUNDS * 1e6 / times.reduce((a, b) => a + b, 0)).toFixed(0);
  console.log(`${name}: median ${at(0.5)} us, p99 ${at(0.99)} us, ${rate} calls/s`);
}
process.exit(0);
