// A wallet as a page sees one (EIP-1193, announced by EIP-6963). It keeps its key to itself, signs alone, and knows chains
// only by what a page adds; everything else it asks the chain's node, with fetch and WebSocket, as a browser's extension does.
import { HDNodeWallet, Transaction, getBytes, toQuantity } from "./ethers.js";

class Refusal extends Error {
  constructor(code, message, data) {
    super(message);
    Object.assign(this, { code, data });
  }
}

class Wallet {
  #signer = HDNodeWallet.fromPhrase("test test test test test test test test test test test junk");
  #chains = new Map([["0x1", { rpcUrls: [] }]]);
  #chainId = "0x1";
  #isConnected = false;
  #listeners = new Map();
  #socket;
  #id = 0;

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  removeListener(event, listener) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((other) => other !== listener));
    return this;
  }

  #emit(event, ...values) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }

  async request({ method, params = [] }) {
    switch (method) {
      case "eth_chainId":
        return this.#chainId;
      case "eth_accounts":
        return this.#accounts();
      case "eth_requestAccounts":
        this.#isConnected = true;
        this.#emit("accountsChanged", this.#accounts());
        return this.#accounts();
      case "wallet_addEthereumChain":
        return this.#addChain(params[0]);
      case "wallet_switchEthereumChain":
        return this.#switchChain(params[0].chainId);
      case "personal_sign":
        return this.#own(params[1]).signMessage(getBytes(params[0]));
      case "eth_signTypedData_v4":
        return this.#signTypedData(this.#own(params[0]), JSON.parse(params[1]));
      case "eth_sendTransaction":
        return this.#send(params[0]);
      case "eth_subscribe":
      case "eth_unsubscribe":
        return this.#overSocket(method, params);
      default:
        return this.#ask(method, params);
    }
  }

  #accounts() {
    return this.#isConnected ? [this.#signer.address.toLowerCase()] : [];
  }

  #own(address) {
    if (!this.#accounts().includes(address.toLowerCase())) throw new Refusal(4100, "this account is not connected");
    return this.#signer;
  }

  async #addChain({ chainId, rpcUrls }) {
    const told = await this.#post(rpcUrls[0], "eth_chainId", []);
    if (told !== chainId) throw new Refusal(-32602, `${rpcUrls[0]} is chain ${told}, not ${chainId}`);
    this.#chains.set(chainId, { rpcUrls });
    return null;
  }

  async #switchChain(chainId) {
    if (!this.#chains.has(chainId)) throw new Refusal(4902, "unrecognized chain: add it first");
    this.#chainId = chainId;
    this.#emit("chainChanged", chainId);
    return null;
  }

  #signTypedData(signer, { domain, types, message }) {
    if (Number(domain.chainId) !== Number(this.#chainId)) throw new Refusal(-32602, "this is for another chain");
    const { EIP712Domain, ...own } = types;
    return signer.signTypedData(domain, own, message);
  }

  async #send({ from, to, data, input, value = "0x0", gas, nonce }) {
    const signer = this.#own(from);
    const call = { from, to, data: data ?? input ?? "0x", value };
    const [limit, next, tip, history] = await Promise.all([
      gas ?? this.#ask("eth_estimateGas", [call]),
      nonce ?? this.#ask("eth_getTransactionCount", [from, "pending"]),
      this.#ask("eth_maxPriorityFeePerGas", []),
      this.#ask("eth_feeHistory", ["0x5", "latest", [20, 50]]),
    ]);
    const base = BigInt(history.baseFeePerGas.at(-1));
    const transaction = Transaction.from({
      type: 2, chainId: BigInt(this.#chainId), to, data: call.data, value: BigInt(value), nonce: Number(next),
      gasLimit: BigInt(limit), maxPriorityFeePerGas: BigInt(tip), maxFeePerGas: base * 2n + BigInt(tip),
    });
    return this.#ask("eth_sendRawTransaction", [await signer.signTransaction(transaction)]);
  }

  #ask(method, params) {
    return this.#post(this.#url("http"), method, params);
  }

  #url(scheme) {
    const url = this.#chains.get(this.#chainId).rpcUrls.find((url) => url.startsWith(scheme));
    if (!url) throw new Refusal(4901, `chain ${this.#chainId} is not reachable`);
    return url;
  }

  async #post(url, method, params) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++this.#id, method, params });
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return this.#read(await answer.json());
  }

  #read({ result, error }) {
    if (error) throw new Refusal(error.code, error.message, error.data);
    return result;
  }

  async #overSocket(method, params) {
    this.#socket ??= this.#open(this.#url("ws"));
    const { socket, waiting } = await this.#socket;
    const id = ++this.#id;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return this.#read(await answer);
  }

  async #open(url) {
    const socket = new WebSocket(url);
    const waiting = new Map();
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.method === "eth_subscription") this.#emit("message", { type: message.method, data: message.params });
      else waiting.get(message.id)?.(message);
    });
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Refusal(4901, `${url} is not reachable`)));
    });
    return { socket, waiting };
  }
}

window.ethereum = new Wallet();
const info = { uuid: crypto.randomUUID(), name: "Test wallet", icon: "data:,", rdns: "org.utilitynet.test" };
const announce = () =>
  window.dispatchEvent(
    new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider: window.ethereum }) }),
  );
window.addEventListener("eip6963:requestProvider", announce);
announce();
