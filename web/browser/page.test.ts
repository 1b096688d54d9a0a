// The page in a browser, as `nb101fast explore` serves it.
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { parseRace } from "../src/race.ts";
import { GOLDEN, RACE_TEXT, SYNTHETIC, searchSpace } from "../tests/golden.ts";
import { DIGITS, launch, serve, type ServedPage } from "./served_page.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const [INCEPTION, OTHER] = GOLDEN.cells;
const [BEST] = GOLDEN.digits;
const AT_INCEPTION = `#code=${INCEPTION.code}`;
const RACE = parseRace("race.json", RACE_TEXT);

let served: ServedPage;
let address: string;
let browser: Browser;

beforeAll(async () => {
  [served, browser] = await Promise.all([serve(DIGITS), launch()]);
  ({ address } = served);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  served?.close();
});

/** How many colours the picture of the points has. */
async function coloursOf(page: Page): Promise<number> {
  const shot = await page.locator("#points").screenshot();
  return page.evaluate(
    async (bytes) => {
      const blob = new Blob([new Uint8Array(bytes)], { type: "image/png" });
      const bitmap = await createImageBitmap(blob);
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d")!;
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      return new Set(new Uint32Array(data.buffer)).size;
    },
    [...shot],
  );
}

describe.each([
  { width: 1280, height: 900, colorScheme: "light" },
  { width: 360, height: 740, colorScheme: "dark" },
] as const)("on a screen of $width pixels, $colorScheme", ({ width, height, colorScheme }) => {
  let context: BrowserContext;
  let page: Page;
  let faults: string[];

  /** Opens the page, with this part of the address after #. */
  async function open(part = ""): Promise<void> {
    await page.goto("about:blank");
    await page.goto(address + part);
    await page.waitForSelector("body[data-state=ready]");
  }

  /** The part of the page's own address after #, which leads to what is shown. */
  async function link(): Promise<string> {
    return page.evaluate(() => location.hash);
  }

  async function chooseRace(contents: string): Promise<void> {
    const buffer = Buffer.from(contents);
    const file = { name: "race.json", mimeType: "application/json", buffer };
    await page.setInputFiles("#race-file", file);
  }

  async function violations(): Promise<string[][]> {
    await page.addScriptTag({ path: AXE });
    return page.evaluate(async () => {
      const { axe } = window as unknown as { axe: typeof import("axe-core") };
      return (await axe.run()).violations.map(({ id, nodes }) => [id, nodes[0].html]);
    });
  }

  beforeEach(async () => {
    // Axe needs the page to run its script, which the page's own policy forbids.
    context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      bypassCSP: true,
    });
    page = await context.newPage();
    faults = [];
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => {
      if (!/^(about|blob):/.test(request.url()) && !request.url().startsWith(address)) {
        faults.push(request.url());
      }
    });
  });

  afterEach(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });

  test("the page shows the index and its best cell, with all runs and ranks", async () => {
    await open();
    expect(await page.textContent("#index")).toContain("nb101_digits.nb101: 91 cells, 1,092 runs");
    expect(await page.textContent("#facts")).toContain(BEST.hash);
    const [inner, outer] = await page.evaluate(() => [document.body.scrollWidth, innerWidth]);
    expect(inner).toBeLessThanOrEqual(outer);
    await page.screenshot({
      path: `build/screenshots/${width}-${colorScheme}.png`,
      fullPage: true,
    });

    const figure = page.locator("#chart-figure");
    await figure.locator("#chart > svg").nth(2).waitFor();
    await figure.locator("summary").click();
    const row = figure.locator("#samples tr", { hasText: "108, halfway" });
    const halfway = BEST.samples.filter((s) => s.stage === "halfway" && s.epochs === 108);
    expect(await row.locator("td").allTextContents()).toEqual(
      halfway.map(({ accuracies }) => accuracies.map((a) => a.toFixed(4)).join(" ")),
    );
    const validation = page.locator("#values tr", { hasText: "validation accuracy, 108 epochs" });
    expect(await validation.first().textContent()).toContain("1 of 91");
    const parameters = page.locator("#facts tr", { hasText: "parameters" });
    expect(await parameters.textContent()).toMatch(/\d+ of 91$/);
  });

  test("a link shows the Inception-like cell, which the index does not have", async () => {
    await open(AT_INCEPTION);
    expect(await page.textContent("#standing")).toContain("which this index does not have");
    expect(await page.textContent("#facts")).toContain(INCEPTION.hash);
    expect(await page.textContent("#facts")).toContain(INCEPTION.parameters.toLocaleString("en"));
    expect(await page.locator("#measured").isVisible()).toBe(false);
  });

  test("an edge and an operation are changed, and undone", async () => {
    await open(AT_INCEPTION);
    await page.getByRole("button", { name: "edge from in to out" }).click();
    expect(await page.textContent("#standing")).toContain("it has 10 edges after pruning");
    await page.locator("#undo").click();
    await page.waitForFunction(
      (hash) => document.querySelector("#facts")!.textContent!.includes(hash),
      INCEPTION.hash,
    );
    await page.locator("#operations select").nth(4).selectOption("conv3x3-bn-relu");
    expect(await page.textContent("#facts")).not.toContain(INCEPTION.hash);
  });

  test("a pasted code gives the engine's numbers, and a wrong text is explained", async () => {
    await open();
    await page.fill("#text", `code:${OTHER.code}`);
    await page.press("#text", "Enter");
    expect(await page.textContent("#facts")).toContain(OTHER.hash);
    await page.fill("#text", "<img src=x>");
    await page.press("#text", "Enter");
    expect(await page.textContent("#fault")).toContain('"<img src=x>" names no cell');
  });

  test("one walks to a neighbour", async () => {
    await open(AT_INCEPTION);
    const neighbors = page.locator("#neighbors button");
    expect(await neighbors.count()).toBe(INCEPTION.neighbors.length);
    await neighbors.first().click();
    const standing = await page.textContent("#standing");
    const id = Number(/id:(\d+)/.exec(standing!)![1]);
    expect(INCEPTION.neighbors).toContain(id);
  });

  test("a filter keeps some cells, and a link shows the same", async () => {
    await open();
    await page.selectOption("#new-filter", "depth");
    await page.getByLabel("greatest depth").fill("2");
    await page.getByLabel("greatest depth").press("Enter");
    await page.waitForFunction(
      () => !document.querySelector("#count")!.textContent!.startsWith("91"),
    );
    const count = await page.textContent("#count");
    await open(await link());
    await page.waitForFunction(
      (text) => document.querySelector("#count")!.textContent === text,
      count,
    );
  });

  test("a lasso keeps the cells within, a link shows the same, and it can be removed", async () => {
    await open();
    await page.locator("#lasso").click();
    await page.locator(".plot").evaluate((plot) => plot.scrollIntoView());
    const { x, y, width, height } = (await page.locator("#points").boundingBox())!;
    await page.mouse.move(x + 5, y + 5);
    await page.mouse.down();
    const corners = [
      [0.5, 0.02],
      [0.5, 0.5],
      [0.02, 0.5],
    ];
    for (const [across, down] of corners) {
      await page.mouse.move(x + across * width, y + down * height, { steps: 4 });
    }
    await page.mouse.up();
    await page.getByRole("button", { name: "remove lasso" }).waitFor();
    await page.waitForFunction(() => !document.querySelector("#count")!.textContent!.match(/^91/));
    const count = (await page.textContent("#count"))!;
    const shown = await link();
    const vertices = new URLSearchParams(shown.slice(1)).get("lasso")!;
    expect(vertices.split(" ").length).toBeLessThanOrEqual(64);
    await open(shown);
    await page.waitForFunction(
      (text) => document.querySelector("#count")!.textContent === text,
      count,
    );
    await page.getByRole("button", { name: "remove lasso" }).click();
    await page.waitForFunction(() => document.querySelector("#count")!.textContent!.match(/^91/));
  });

  test("the keyboard moves the plot, goes through the table, and leaves both", async () => {
    await open();
    const ticks = () => page.textContent("#axes .x.axis");
    const [whole, plot] = [await ticks(), page.locator("#axes")];
    await plot.focus();
    for (const key of ["+", "+", "ArrowLeft", "ArrowDown"]) await page.keyboard.press(key);
    await page.waitForFunction(
      (text) => document.querySelector("#axes .x.axis")!.textContent !== text,
      whole,
    );
    await page.keyboard.press("Home");
    await page.waitForFunction(
      (text) => document.querySelector("#axes .x.axis")!.textContent === text,
      whole,
    );
    const cells = await page.locator("#selection th").allTextContents();
    const shown = () => page.textContent("#selection tr[aria-current] th");
    await page.locator("#selection button").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.waitForSelector("#axes .marked[visibility=visible]");
    await page.keyboard.press("Enter");
    expect(await shown()).toBe(cells[1]);
    await plot.focus();
    await page.keyboard.press("PageDown");
    expect(await shown()).toBe(cells[2]);
    await page.keyboard.press("PageUp");
    expect(await shown()).toBe(cells[1]);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement!.id)).toBe("closer");
  });

  test("the focus stays where the keyboard has put it", async () => {
    await open(AT_INCEPTION);
    const focused = () =>
      page.evaluate(() => {
        const { id, ariaLabel, parentElement } = document.activeElement as HTMLElement;
        return id || ariaLabel || parentElement!.closest("[id]")!.id;
      });
    await page.locator("#neighbors button").nth(1).press("Enter");
    await page.waitForFunction(
      (count) => document.querySelectorAll("#neighbors button").length !== count,
      INCEPTION.neighbors.length,
    );
    expect(await focused()).toBe("neighbors");
    await page.locator("#undo").press("Enter");
    await page.waitForSelector("#undo[aria-disabled=true]");
    expect(await focused()).toBe("undo");

    await page.selectOption("#new-filter", "depth");
    await page.getByLabel("least depth").fill("2");
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => !document.querySelector("#count")!.textContent!.match(/^91/));
    expect(await focused()).toBe("greatest depth");
    await page.getByRole("button", { name: "remove depth" }).press("Enter");
    await page.waitForFunction(() => document.querySelector("#count")!.textContent!.match(/^91/));
    expect(await focused()).toBe("new-filter");
    await page.locator("#selection-head button").first().press("Enter");
    expect(await focused()).toBe("selection-head");
  });

  test("bounds that no cell can meet are explained, and change nothing", async () => {
    await open();
    await page.selectOption("#new-filter", "depth");
    const [least, greatest] = [page.getByLabel("least depth"), page.getByLabel("greatest depth")];
    await greatest.fill("2");
    await greatest.press("Enter");
    await page.waitForFunction(() => !document.querySelector("#count")!.textContent!.match(/^91/));
    const [count, shown] = [await page.textContent("#count"), await link()];
    await least.fill("3");
    await least.press("Enter");
    const fault = () => least.evaluate((field: HTMLInputElement) => field.validationMessage);
    expect(await fault()).toBe("The least depth is above the greatest.");
    expect([await page.textContent("#count"), await link()]).toEqual([count, shown]);
    await least.fill("2");
    await least.press("Enter");
    expect(await fault()).toBe("");
  });

  test("what is shown stays when the window changes its size", async () => {
    await open();
    const places = () =>
      page.evaluate(() => {
        const [ring, area] = ["#axes .chosen", "#axes .area"].map((each) =>
          document.querySelector(each)!,
        );
        const numberOf = (element: Element, name: string) => Number(element.getAttribute(name));
        return {
          across: numberOf(ring, "cx") / numberOf(area, "width"),
          up: numberOf(ring, "cy") / numberOf(area, "height"),
          width: numberOf(area, "width"),
        };
      });
    await page.locator("#axes").focus();
    for (const key of ["+", "+", "ArrowLeft", "ArrowDown"]) await page.keyboard.press(key);
    await page.waitForTimeout(400); // until the view rests
    const before = await places();
    await page.setViewportSize({ width: width - 40, height });
    await page.waitForFunction(
      (was) => Number(document.querySelector("#axes .area")!.getAttribute("width")) !== was,
      before.width,
    );
    await page.waitForTimeout(400);
    const after = await places();
    expect(after.across).toBeCloseTo(before.across, 6);
    expect(after.up).toBeCloseTo(before.up, 6);
  });

  test("only the main button of a mouse draws a box", async () => {
    await open();
    await page.locator("#box").click();
    await page.locator(".plot").evaluate((plot) => plot.scrollIntoView());
    const { x, y } = (await page.locator("#points").boundingBox())!;
    for (const button of ["right", "left"] as const) {
      await page.mouse.move(x + 30, y + 30);
      await page.mouse.down({ button });
      await page.mouse.move(x + 90, y + 90, { steps: 3 });
      const outline = await page.getAttribute("#axes .drag", "d");
      expect(outline ?? "").toMatch(button === "left" ? /^M/ : /^$/);
      await page.mouse.up({ button });
    }
  });

  test("logarithmic axes have round numbers without exponents", async () => {
    await open();
    for (const [key, label] of [
      ["parameters", "parameters"],
      ["macs", "MACs"],
      ["training_time:108", "training time, 108 epochs [s]"],
    ]) {
      await page.selectOption("#x", key);
      await page.locator("#axes .x.title", { hasText: label }).waitFor();
      await page.waitForTimeout(100); // until it is drawn
      const ticks = await page.locator("#axes .x.axis text").allTextContents();
      expect(ticks.length).toBeGreaterThan(1);
      for (const tick of ticks) expect(tick).toMatch(/^(0\.0*)?[12357]0{0,2}[kMG]?$/);
    }
  });

  test("colours follow the user's wish while the page is open", async () => {
    await open();
    const colours = () =>
      page.locator("#legend rect").evaluateAll((rects) => rects.map((r) => r.getAttribute("fill")));
    const before = await colours();
    await page.emulateMedia({ colorScheme: colorScheme === "light" ? "dark" : "light" });
    await page.waitForFunction(
      (fill) => document.querySelector("#legend rect")!.getAttribute("fill") !== fill,
      before[0],
    );
    expect((await colours()).length).toBe(before.length);
  });

  test("points are drawn, and again after the browser took them away", async () => {
    await open();
    const before = await coloursOf(page);
    expect(before).toBeGreaterThan(50);
    await page.evaluate(async () => {
      const canvas = document.querySelector<HTMLCanvasElement>("#points")!;
      const loss = canvas.getContext("webgl2")!.getExtension("WEBGL_lose_context")!;
      const come = (kind: string) =>
        new Promise((resolve) => canvas.addEventListener(kind, resolve));
      const lost = come("webglcontextlost");
      loss.loseContext();
      await lost;
      await new Promise((resolve) => setTimeout(resolve)); // the loss must have been handled
      const restored = come("webglcontextrestored");
      loss.restoreContext();
      await restored;
      await new Promise(requestAnimationFrame);
    });
    expect(await coloursOf(page)).toBe(before);
  });

  test("axe finds no violation", async () => {
    await open();
    expect(await violations()).toEqual([]);
  });

  test("a race is dropped, plays, shows a cell, and is closed", async () => {
    await open();
    const dropped = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "race.json"));
      return transfer;
    }, RACE_TEXT);
    await page.dispatchEvent("body", "drop", { dataTransfer: dropped });
    const moved = (selector: string) =>
      page.waitForFunction(
        (each) => document.querySelectorAll(`${each} g[transform]:not([hidden])`).length > 0,
        selector,
      );
    await moved(".racers");
    await page.locator("#race-play", { hasText: "Pause" }).press("Enter");
    await page.locator("#race-time").fill("1000");
    expect(await page.textContent("#race-now")).toBe("300 s");
    expect(await page.locator("#race-played .middle").count()).toBe(RACE.optimizers.length);
    const last = RACE.optimizers[0].middle.at(-1)!.toPrecision(3);
    expect(await page.textContent("#race-standings td")).toBe(last);
    expect(await violations()).toEqual([]);
    await page.screenshot({ path: `build/screenshots/race-${width}-${colorScheme}.png` });

    await page.locator(".racers g").last().scrollIntoViewIfNeeded();
    const { x, y, ...size } = (await page.locator(".racers g").last().boundingBox())!;
    await page.mouse.click(x + size.width / 2, y + size.height / 2);
    const standing = await page.textContent("#standing");
    const codes = RACE.optimizers.flatMap(({ runs }) => runs.map((run) => run.codes.at(-1)!));
    const space = await searchSpace();
    const ids = codes.map((code) => space.idOf(code));
    expect(ids).toContain(Number(/id:(\d+)/.exec(standing!)![1]));
    await page.locator("#race-close").click();
    expect(await page.locator("#race").isVisible()).toBe(false);
    expect(await page.locator(".racers g").count()).toBe(0);
  });

  test("a race of another index says so, and waits for those who want no motion", async () => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await open();
    const [first, ...others] = RACE.optimizers;
    const runs = first.runs.map((run) => {
      const codes = [...run.codes.slice(0, -1), INCEPTION.code]; // The index lacks this cell.
      return { ...run, codes };
    });
    const optimizers = [{ ...first, runs }, ...others];
    const index = { name: "<b>other</b>", synthetic: true };
    await chooseRace(JSON.stringify({ ...RACE, index, optimizers }));
    await page.locator("#race").waitFor();
    expect(await page.textContent("#race-other")).toContain("This is a race on <b>other</b>, not");
    expect(await page.locator("#race-synthetic").isVisible()).toBe(true);
    expect(await page.textContent("#race-play")).toBe("Play");
    expect(await page.textContent("#race-other")).toContain(`lacks the cells of ${runs.length} of`);
    await page.locator("#race-time").fill("1000");
    const drawn = others.flatMap((each) => each.runs).length;
    const markers = page.locator(".racers > g[transform]:not([hidden])");
    await vi.waitFor(async () => expect(await markers.count()).toBe(drawn));
  });

  test("a file that is no race is explained", async () => {
    await open();
    await chooseRace(JSON.stringify({ ...RACE, most: "<b>" }));
    await page.waitForFunction(() => document.querySelector("#race-fault")!.textContent !== "");
    const fault = 'race.json: most: "<b>" is not allowed; use a number';
    expect(await page.textContent("#race-fault")).toBe(fault);
    expect(await page.locator("#race").isVisible()).toBe(false);
  });
});

test("a synthetic page says so, and has the engine's numbers after an edit", async () => {
  const synthetic = await serve(SYNTHETIC);
  const page = await browser.newPage();
  await page.goto(synthetic.address);
  await page.waitForSelector("body[data-state=ready]");
  for (const mark of await page.locator(".synthetic").all()) {
    expect(await mark.textContent()).toContain("SYNTHETIC");
    expect(await mark.isVisible()).toBe(true);
  }
  const edge = page.getByRole("button", { name: "edge from in to out" });
  await edge.click();
  expect(await page.locator("#known").isVisible()).toBe(false);
  await edge.click();
  expect(await page.locator("#known").isVisible()).toBe(true);
  expect(await page.textContent("#facts")).toContain(INCEPTION.hash);
  const accuracy = page.locator("#values tr", { hasText: "test accuracy, 108 epochs" }).first();
  expect(await accuracy.textContent()).toContain(GOLDEN.synthetic.test_accuracy.toFixed(4));
  await page.close();
  synthetic.close();
});

test("the policy of the page lets it run", async () => {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(address);
  await page.waitForSelector("body[data-state=ready]");
  expect(faults).toEqual([]);
  expect(await page.textContent("#facts")).toContain(BEST.hash);
  await page.close();
});

test("an index without test accuracies and times is shown by what it has", async () => {
  const page = await browser.newPage();
  await page.route("**/manifest.json", async (route) => {
    const manifest = await (await route.fetch()).json();
    const measures = manifest.measures.filter(
      ({ name }: { name: string }) => name !== "test_accuracy" && name !== "training_time",
    );
    await route.fulfill({ json: { ...manifest, measures } });
  });
  await page.goto(address);
  await page.waitForSelector("body[data-state=ready]");
  expect(await page.inputValue("#x")).toBe("parameters");
  expect(await page.inputValue("#y")).toBe("validation_accuracy:108");
  expect(await page.textContent("#failure")).toBe("");
  await page.close();
});

test("while the runs of a cell load slowly, the chart of the former cell fades", async () => {
  const page = await browser.newPage();
  await page.goto(address);
  await page.locator("#chart-figure[aria-busy=false] #chart > svg").first().waitFor();
  expect(await page.locator("#chart-figure").evaluate((e) => getComputedStyle(e).opacity)).toBe(
    "1",
  );
  await page.close();

  const slow = await browser.newPage();
  let load = () => {};
  const loads = new Promise<void>((resolve) => (load = resolve));
  await slow.route("**/runs*", async (route) => {
    await loads;
    await route.continue();
  });
  await slow.goto(address);
  await slow.waitForFunction(() => {
    const figure = document.querySelector("#chart-figure[aria-busy=true]");
    return figure && getComputedStyle(figure).opacity === "0.3";
  });
  load();
  await slow.locator("#chart-figure[aria-busy=false] #chart > svg").first().waitFor();
  await slow.close();
});

test("a page without runs shows the means, and says how to see the runs", async () => {
  const page = await browser.newPage();
  await page.route("**/manifest.json", async (route) => {
    const manifest = await (await route.fetch()).json();
    await route.fulfill({ json: { ...manifest, runs: null } });
  });
  await page.goto(address);
  await page.locator("#chart > svg .spread").waitFor({ state: "attached" });
  expect(await page.locator("#chart > svg").count()).toBe(1);
  expect(await page.textContent("#chart-caption")).toContain("nb101fast explore --runs");
  await page.close();
});
