// Plays the owner of a wallet in a real browser: node story.mjs HTTP_URL WS_URL
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { abi, bytecode } from "../counter.mjs";

const [http, ws] = process.argv.slice(2);
const here = (name) => readFileSync(new URL(name, import.meta.url));
const ethers = new URL("../../../../node_modules/ethers/dist/ethers.min.js", import.meta.url);
const FILES = {
  "/": ["text/html", here("page.html")],
  "/page.js": ["text/javascript", here("page.js")],
  "/wallet.js": ["text/javascript", here("wallet.js")],
  "/ethers.js": ["text/javascript", readFileSync(ethers)],
  "/setting.json": ["application/json", JSON.stringify({ abi, bytecode, http, ws })],
};

// The page comes from another origin than the node: the browser asks the node whether it may be called from there.
const server = createServer((request, response) => {
  const [type, body] = FILES[request.url] ?? ["text/plain", ""];
  response.writeHead(request.url in FILES ? 200 : 404, { "content-type": type }).end(body);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForSelector("body[data-ready]");

  // Presses a button and reads what the page then shows, or its error.
  const press = async (button, shown) => {
    await page.click(`#${button}`);
    await page.waitForFunction(
      (id) => document.getElementById(id).textContent || document.getElementById("error").textContent,
      shown,
    );
    assert.equal(await page.textContent("#error"), "", button);
    return page.textContent(`#${shown}`);
  };

  assert.equal(await press("connect", "account"), "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
  assert.equal(await press("network", "chain"), "0x7a69");
  assert.equal(await press("sign", "signed"), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
  assert.equal(await press("deploy", "refused"), "TooMany(101)");
  assert.equal(await press("add", "count"), "7");
  assert.match(await page.textContent("#watched"), /^block [1-9]/);
  assert.deepEqual(faults, []);
  console.log(`wallet: ok ${await page.textContent("#contract")}`);
} finally {
  await browser.close();
  server.close();
}
