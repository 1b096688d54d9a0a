import { expect, test } from "vitest";
import { addressOf, shownOf, type Shown } from "../src/address.ts";

const KEYS = ["own:<b>größe & more</b>", "depth", "test_accuracy:108"];
const DEFAULTS: Shown = {
  code: 32,
  x: "depth",
  y: "test_accuracy:108",
  colour: "depth",
  bounds: new Map(),
  lasso: null,
};

test("an address gives back what is shown", () => {
  const shown: Shown = {
    code: 2 ** 31 - 1,
    x: KEYS[0],
    y: "depth",
    colour: "test_accuracy:108",
    bounds: new Map([
      [KEYS[0], [-1.5e-7, 3]],
      ["depth", [2, Infinity]],
    ]),
    lasso: {
      x: KEYS[0],
      y: "depth",
      vertices: [
        [-1.5, 2],
        [3e-7, 4],
        [612.125, -0.5],
      ],
    },
  };
  expect(shownOf(addressOf(shown), DEFAULTS, KEYS)).toEqual(shown);
});

test.each([
  "",
  "#",
  "#code=-1&x=elsewhere&y=",
  "#code=2147483648",
  "#code=1.5&in+depth=3+1",
  "#in+elsewhere=1+2&in+depth=a+b",
  "#lasso+x=depth&lasso+y=elsewhere&lasso=1+2+3+4+5+6",
  "#lasso+x=depth&lasso+y=depth&lasso=1+2+3+4+5+6+7",
  "#lasso+x=depth&lasso+y=depth&lasso=1+2+3+4+5+x",
])("the defaults hold where an address says nothing or no sense: %s", (address) => {
  expect(shownOf(address, DEFAULTS, KEYS)).toEqual(DEFAULTS);
});
