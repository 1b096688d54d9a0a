// The screenshots of docs/explorer.md: npm run screenshots -- INDEX, which is a synthetic index.
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { DIGITS, launch, serve } from "./served_page.ts";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Picture {
  readonly name: string;
  readonly isSynthetic: boolean;
  readonly colorScheme: "light" | "dark";
  readonly size: readonly [number, number];
  /** The part of the address after #. */
  readonly state: Record<string, string>;
  /** A selector of the part of the page that the picture has; null for the first screen. */
  readonly part: string | null;
  /** The moment of a race that is shown, in thousandths of its axis; null for no race. */
  readonly moment: number | null;
}

const WIDE = [1280, 900] as const;
const LASSO = [2.1e6, 0.885, 3e6, 0.922, 9e6, 0.927, 2e7, 0.919, 1.2e7, 0.9, 4e6, 0.89];
const PICTURES: Picture[] = [
  {
    name: "explorer_space",
    isSynthetic: true,
    colorScheme: "light",
    size: WIDE,
    state: {},
    part: null,
    moment: null,
  },
  {
    name: "explorer_lasso",
    isSynthetic: true,
    colorScheme: "dark",
    size: WIDE,
    state: {
      x: "parameters",
      y: "validation_accuracy:108",
      colour: "training_time:108",
      "lasso x": "parameters",
      "lasso y": "validation_accuracy:108",
      lasso: LASSO.join(" "),
    },
    part: null,
    moment: null,
  },
  {
    name: "explorer_cell",
    isSynthetic: false,
    colorScheme: "light",
    size: WIDE,
    state: {},
    part: "#cell",
    moment: null,
  },
  {
    name: "explorer_digits",
    isSynthetic: false,
    colorScheme: "dark",
    size: WIDE,
    state: { x: "macs", colour: "training_time:108" },
    part: null,
    moment: null,
  },
  {
    name: "explorer_phone",
    isSynthetic: false,
    colorScheme: "light",
    size: [360, 740],
    state: {},
    part: null,
    moment: null,
  },
  {
    name: "explorer_race_synthetic",
    isSynthetic: true,
    colorScheme: "dark",
    size: WIDE,
    state: {},
    part: null,
    moment: 800,
  },
  {
    name: "explorer_race_digits",
    isSynthetic: false,
    colorScheme: "light",
    size: [360, 740],
    state: {},
    part: "#race",
    moment: 800,
  },
];
const RACING = ["--optimizers", "rs,re,tpe,hb,bohb,rl", "--runs", "100"];
// A picture of few colours has a third of the bytes. Matplotlib brings Pillow.
const WITH_FEW_COLOURS = `
import io, sys
from PIL import Image
picture = Image.open(io.BytesIO(sys.stdin.buffer.read())).convert("RGB")
# Median cut, the default, would lose the colours of small markers.
few = picture.quantize(128, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
few.save(sys.stdout.buffer, "png", optimize=True)`;

/** Writes a race on an index, of runs of so many simulated seconds. */
function raceOn(index: string, seconds: string): string {
  const folder = mkdtempSync(join(tmpdir(), "race-"));
  const race = join(folder, "race.json");
  const files = ["--out", folder, "--explorer", race];
  execFileSync("nb101fast", ["experiment", index, ...RACING, "--budget", seconds, ...files]);
  return race;
}

async function take(
  browser: Browser,
  address: string,
  race: string,
  picture: Picture,
): Promise<void> {
  const { name, colorScheme, size, state, part, moment } = picture;
  const viewport = { width: size[0], height: size[1] };
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  await page.goto(`${address}#${new URLSearchParams(state)}`);
  await page.waitForSelector("body[data-state=ready]");
  if (moment !== null) {
    await page.setInputFiles("#race-file", race);
    await page.locator("#race:not([hidden]) #race-time").fill(String(moment));
    await page.locator("#race-play").focus();
    await page.evaluate(() => scrollTo(0, 0));
  }
  await page.waitForTimeout(1000); // until the neighbours and the table are drawn too
  const box = part && (await page.locator(part).boundingBox());
  const clip = box ? grown(box) : undefined;
  const input = await page.screenshot({ clip, fullPage: clip !== undefined });
  const contents = execFileSync("python", ["-c", WITH_FEW_COLOURS], { input });
  writeFileSync(`../docs/pictures/${name}.png`, contents);
  await context.close();
}

/** A box with a part of the page's empty border. */
function grown({ x, y, width, height }: Box): Box {
  const border = 12;
  return { x: x - border, y: y - border, width: width + 2 * border, height: height + 2 * border };
}

const [index] = process.argv.slice(2);
if (!index) throw new Error("name a synthetic index: npm run screenshots -- INDEX");
const [onSynthetic, onDigits] = [raceOn(index, "1e7"), raceOn(DIGITS, "3e3")];
const [synthetic, digits, browser] = await Promise.all([serve(index), serve(DIGITS), launch()]);
try {
  for (const picture of PICTURES) {
    const [served, race] = picture.isSynthetic ? [synthetic, onSynthetic] : [digits, onDigits];
    await take(browser, served.address, race, picture);
  }
} finally {
  await browser.close();
  synthetic.close();
  digits.close();
}
