// How fast the page of an index is, and how much memory it takes: npm run measure -- INDEX
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, CDPSession, Page } from "playwright-core";
import { DRAWN } from "../src/scatter.ts";
import { launch, serve } from "./served_page.ts";

const LOADS = 5;
const EDITS = 15;
const PAUSE = 300; // milliseconds between two edits
const PAN_SECONDS = 3;

/** How long `explorer.write` takes: as the clock says, and of the processor, in seconds. */
function writingTime(index: string): string {
  const folder = mkdtempSync(join(tmpdir(), "explorer-"));
  const program = `
import sys, time
from nb101fast import explorer
start, used = time.perf_counter(), time.process_time()
explorer.write(*sys.argv[1:])
spent, used = time.perf_counter() - start, time.process_time() - used
print(f"{spent:.1f} s; processor: {used:.1f} s")`;
  const told = execFileSync("python", ["-c", program, index, folder], { encoding: "utf-8" });
  rmSync(folder, { recursive: true });
  return told.trim();
}

/** A new page without a cache, when all points are drawn, and the ms since its navigation began. */
async function openPage(browser: Browser, address: string): Promise<[Page, number]> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(address);
  const drawn = await page.waitForFunction(
    (name) => performance.getEntriesByName(name)[0]?.startTime,
    DRAWN,
  );
  return [page, (await drawn.jsonValue())!];
}

/**
 * The times from the navigation to the first picture, in ms: as the clock says, and how long the
 * browser's processes have taken, which other programs hardly make longer.
 */
async function pictureTimes(browser: Browser, address: string) {
  const times: Record<"clock" | "processor", number[]> = { clock: [], processor: [] };
  const session = await browser.newBrowserCDPSession();
  for (let i = 0; i < LOADS; ++i) {
    const before = await timeOfProcesses(session);
    const [page, time] = await openPage(browser, address);
    times.clock.push(time);
    times.processor.push((await timeOfProcesses(session)) - before);
    await page.context().close();
  }
  return times;
}

async function timeOfProcesses(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.reduce((sum, { cpuTime }) => sum + 1000 * cpuTime, 0);
}

/** The times from clicks on an edge until the answer is painted, in ms. */
async function editTimes(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < EDITS; ++i) {
    times.push(await page.evaluate(edit));
    await page.waitForTimeout(PAUSE);
  }
  return times;
}

/** Clicks on an edge, in the page, and gives the ms until the answer is painted. */
async function edit(): Promise<number> {
  const edge = document.querySelector<HTMLButtonElement>("button.edge[aria-label$='4 to 5']")!;
  const start = performance.now();
  edge.click();
  // Between this callback and an urgent task that it posts, the frame is painted.
  await new Promise<void>((resolve) =>
    requestAnimationFrame(() => scheduler.postTask(resolve, { priority: "user-blocking" })),
  );
  return performance.now() - start;
}

/** The pictures per second while the plot is moved by an arrow key. */
async function panRate(page: Page): Promise<number> {
  return page.evaluate(async (seconds) => {
    const plot = document.querySelector("#axes")!;
    const start = performance.now();
    let frames = 0;
    while (performance.now() < start + 1000 * seconds) {
      const key = frames % 60 < 30 ? "ArrowLeft" : "ArrowRight";
      plot.dispatchEvent(new KeyboardEvent("keydown", { key }));
      await new Promise(requestAnimationFrame);
      ++frames;
    }
    return frames / seconds;
  }, PAN_SECONDS);
}

/** The memory of the page's scripts: the heap, and the arrays beside it, in MB. */
async function memory(session: CDPSession): Promise<{ heap: number; arrays: number }> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = (await session.send("Runtime.getHeapUsage")) as {
    usedSize: number;
    backingStorageSize: number;
  };
  return { heap: usedSize / 1e6, arrays: backingStorageSize / 1e6 };
}

async function measure(browser: Browser, address: string): Promise<void> {
  const pictures = await pictureTimes(browser, address);
  const [page] = await openPage(browser, address);
  await page.waitForSelector("body[data-state=ready]");
  await page.waitForTimeout(1000);
  const session = await page.context().newCDPSession(page);
  const edits = await editTimes(page);
  const { heap, arrays } = await memory(session);
  const rate = await panRate(page);
  const { clock, processor } = pictures;
  console.log(`first picture           ${shown(clock)}; processors: ${shown(processor)}`);
  console.log(`edit until painted      ${shown(edits)}`);
  console.log(`memory, heap            ${heap.toFixed(1)} MB`);
  console.log(`memory, arrays          ${arrays.toFixed(1)} MB`);
  console.log(`pan                     ${rate.toFixed(0)} pictures per second`);
}

/** The median of some times, and the least and the greatest. */
function shown(times: number[]): string {
  const sorted = times.toSorted((one, other) => one - other).map((time) => time.toFixed(0));
  return `${sorted[sorted.length >> 1]} ms (${sorted[0]} to ${sorted.at(-1)})`;
}

const [index] = process.argv.slice(2);
if (!index) throw new Error("name an index file: npm run measure -- INDEX");
console.log(`load of the machine     ${loadavg()[0].toFixed(1)} on ${cpus().length} processors`);
console.log(`folder written          ${writingTime(index)}`);
const [served, browser] = await Promise.all([serve(index), launch()]);
try {
  await measure(browser, served.address);
} finally {
  await browser.close();
  served.close();
}
