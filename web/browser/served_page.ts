// A page that `nb101fast explore` serves, and the browser that shows it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chromium, type Browser } from "playwright-core";

// Without a graphics card, Chromium draws by SwiftShader, on the processor. For all except WebGL its own
// renderer takes less time, but Debian's Chromium asks for the other.
const FLAGS = [
  "--no-sandbox",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-gpu-rasterization",
  "--disable-gpu-compositing",
];

export const DIGITS = "../python/nb101fast/data/nb101_digits.nb101";

export interface ServedPage {
  readonly address: string;
  close(): void;
}

/** Serves the page of an index, until it is closed. */
export async function serve(index: string): Promise<ServedPage> {
  const server = spawn("nb101fast", ["explore", index, "--no-browser"]);
  const [line] = await once(server.stdout, "data");
  const [address] = /^http:\S+/.exec(String(line))!;
  return { address, close: () => server.kill("SIGINT") };
}

export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell";
  return chromium.launch({ executablePath, args: FLAGS });
}
