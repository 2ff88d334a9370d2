// Compiles Counter.sol for the scripts beside it.
import { readFileSync } from "node:fs";
import solc from "solc";

const source = readFileSync(new URL("Counter.sol", import.meta.url), "utf8");
const input = {
  language: "Solidity",
  sources: { "Counter.sol": { content: source } },
  settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const contract = output.contracts["Counter.sol"].Counter;

export const abi = contract.abi;
export const bytecode = `0x${contract.evm.bytecode.object}`;
