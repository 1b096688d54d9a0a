// How fast the page of an index is, and how much memory it takes: npm run measure -- INDEX
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { launch, serve } from "./served_page.ts";

const EDITS = 15;
const PAN_SECONDS = 3;

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1];
}

/** How long `nb101fast explore -o` takes, without the start of Python, in seconds. */
function writingTime(index: string): number {
  const folder = mkdtempSync(join(tmpdir(), "explorer-"));
  const program = `
import sys, time
from nb101fast import explorer
start = time.perf_counter()
explorer.write(*sys.argv[1:])
print(time.perf_counter() - start)`;
  const seconds = Number(execFileSync("python", ["-c", program, index, folder]));
  rmSync(folder, { recursive: true });
  return seconds;
}

/** The time from the start of the navigation until points are on the screen, in ms. */
async function firstPicture(page: Page, address: string): Promise<number> {
  await page.goto(address);
  await page.waitForFunction(() => performance.getEntriesByName("points").length > 0);
  return page.evaluate(() => performance.getEntriesByName("points")[0].startTime);
}

/** The times from clicks on an edge until the answer is painted, in ms. */
async function editTimes(page: Page): Promise<number[]> {
  return page.evaluate(async (edits) => {
    const times: number[] = [];
    const edge = document.querySelector<HTMLButtonElement>("button.edge[aria-label$='4 to 5']")!;
    for (let i = 0; i < edits; ++i) {
      await new Promise(requestAnimationFrame);
      const start = performance.now();
      edge.click();
      // A task that a frame starts runs after the frame is painted.
      await new Promise<void>((resolve) =>
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => resolve();
          port2.postMessage(null);
        }),
      );
      times.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return times;
  }, EDITS);
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
async function memory(page: Page): Promise<{ heap: number; arrays: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = (await session.send("Runtime.getHeapUsage")) as {
    usedSize: number;
    backingStorageSize: number;
  };
  return { heap: usedSize / 1e6, arrays: backingStorageSize / 1e6 };
}

const [index] = process.argv.slice(2);
if (!index) throw new Error("name an index file: npm run measure -- INDEX");
const written = writingTime(index);
const [served, browser] = await Promise.all([serve(index), launch()]);
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const picture = await firstPicture(page, served.address);
  await page.waitForSelector("body[data-state=ready]");
  await page.waitForTimeout(1000);
  const edits = await editTimes(page);
  const { heap, arrays } = await memory(page);
  const rate = await panRate(page);
  console.log(`folder written     ${written.toFixed(2)} s`);
  console.log(`first picture      ${picture.toFixed(0)} ms`);
  console.log(`edit, median       ${median(edits).toFixed(1)} ms`);
  console.log(`memory, heap       ${heap.toFixed(1)} MB`);
  console.log(`memory, arrays     ${arrays.toFixed(1)} MB`);
  console.log(`pan                ${rate.toFixed(0)} pictures per second`);
} finally {
  await browser.close();
  served.close();
}
