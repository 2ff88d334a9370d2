// A page that knows no node: it finds a wallet, and does everything through it.
import { BrowserProvider, Contract, ContractFactory, verifyMessage, verifyTypedData } from "./ethers.js";

const { abi, bytecode, http, ws } = await (await fetch("./setting.json")).json();
const wallets = [];
window.addEventListener("eip6963:announceProvider", ({ detail }) => wallets.push(detail.provider));
window.dispatchEvent(new Event("eip6963:requestProvider"));
const ethereum = wallets[0];
const CHAIN = { chainId: "0x7a69", chainName: "UtilityNet", rpcUrls: [http, ws], nativeCurrency: { name: "UNC", symbol: "UNC", decimals: 18 } };

const show = (id, text) => (document.getElementById(id).textContent = text);
const need = (truth, what) => { if (!truth) throw new Error(what); };
const refusal = (promise) => promise.then(() => null, (error) => error);

// The provider of ethers holds on to a chain: a page makes a new one when the chain changes.
let provider;
let counter;
ethereum.on("accountsChanged", ([account]) => show("account", account));
ethereum.on("chainChanged", (chainId) => {
  provider = new BrowserProvider(ethereum);
  show("chain", chainId);
});

const actions = {
  async connect() {
    need((await ethereum.request({ method: "eth_accounts" })).length === 0, "no account before the owner agrees");
    await ethereum.request({ method: "eth_requestAccounts" });
  },

  async network() {
    const choose = () => ethereum.request({ method: "wallet_switchEthereumChain", params: [{ chainId: CHAIN.chainId }] });
    const add = (chain) => ethereum.request({ method: "wallet_addEthereumChain", params: [chain] });
    need((await refusal(choose())).code === 4902, "an unknown chain must be added first");
    need((await refusal(add({ ...CHAIN, chainId: "0x5" }))).code === -32602, "the node says which chain it is");
    await add(CHAIN);
    await choose();
  },

  async sign() {
    const signer = await provider.getSigner();
    const message = await signer.signMessage("hello");
    need(verifyMessage("hello", message) === signer.address, "the message's signer");
    const domain = { name: "Counter", version: "1", chainId: 31_337n };
    const types = { Add: [{ name: "amount", type: "uint256" }, { name: "by", type: "address" }] };
    const value = { amount: 7n, by: signer.address };
    const typed = await signer.signTypedData(domain, types, value);
    need(verifyTypedData(domain, types, value, typed) === signer.address, "the typed data's signer");
    show("signed", signer.address);
  },

  async deploy() {
    const factory = new ContractFactory(abi, bytecode, await provider.getSigner());
    counter = await (await factory.deploy()).waitForDeployment();
    show("contract", counter.target);
    const denied = await refusal(counter.add.staticCall(101));
    show("refused", `${denied.revert.name}(${denied.revert.args[0]})`);
  },

  async add() {
    const watched = await watch();
    const sent = await counter.add(7);
    const receipt = await sent.wait();
    need(receipt.status === 1, "the receipt's status");
    const { head, log } = await watched(sent.hash);
    need(head.hash === receipt.blockHash, "the head that was watched");
    need(BigInt(log.data) === 7n, "the event that was watched");
    show("watched", `block ${Number(head.number)}`);
    show("count", await new Contract(counter.target, abi, provider).count());
  },
};

// Subscribes to heads and to the counter's events; gives a function that waits for those of a transaction.
async function watch() {
  const subscribe = (...params) => ethereum.request({ method: "eth_subscribe", params });
  const heads = await subscribe("newHeads");
  const logs = await subscribe("logs", { address: counter.target });
  return (hash) =>
    new Promise((resolve) => {
      const heard = [];
      const look = () => {
        const log = heard.find(({ subscription, result }) => subscription === logs && result.transactionHash === hash);
        const head = heard.find(({ subscription, result }) => subscription === heads && result.hash === log?.result.blockHash);
        if (head) resolve({ head: head.result, log: log.result });
      };
      for (const message of missed) heard.push(message);
      ethereum.on("message", ({ data }) => {
        heard.push(data);
        look();
      });
      look();
    });
}

// What came before somebody waited for it.
const missed = [];
ethereum.on("message", ({ data }) => missed.push(data));

for (const [id, action] of Object.entries(actions)) {
  document.getElementById(id).addEventListener("click", () =>
    action().catch((error) => show("error", `${id}: ${error.code ?? ""} ${error.message}`)),
  );
}
document.body.dataset.ready = "yes";
