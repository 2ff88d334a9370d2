import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export default buildModule("Counting", (m) => {
  const counter = m.contract("Counter");
  m.call(counter, "add", [9n]);
  return { counter };
});
