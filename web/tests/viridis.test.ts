import { expect, test } from "vitest";
import { viridis } from "../src/viridis.ts";

test("the colours go from dark violet over green to yellow", () => {
  expect([0, 0.5, 0.999, 1].map(viridis)).toEqual(["#440154", "#21918c", "#fde725", "#fde725"]);
});
