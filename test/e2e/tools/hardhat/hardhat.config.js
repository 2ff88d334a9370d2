// A project of hardhat 3 whose network is our node, outside of hardhat's process. Hardhat downloads compilers: npm's is given.
import { fileURLToPath } from "node:url";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatIgnitionViem from "@nomicfoundation/hardhat-ignition-viem";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import { defineConfig } from "hardhat/config";

export default defineConfig({
  plugins: [hardhatEthers, hardhatIgnitionViem, hardhatNetworkHelpers, hardhatViem],
  solidity: { version: "0.8.37", path: fileURLToPath(import.meta.resolve("solc/soljson.js")) },
  networks: { utnet: { type: "http", chainType: "l1", url: process.env.NODE_URL ?? "http://127.0.0.1:8545" } },
});
