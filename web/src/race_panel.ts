// The race on the page: its controls, its chart, and how the optimizers stand.
import { NO_ROW, type CellRows } from "./cell_rows.ts";
import { byId, element } from "./dom.ts";
import type { Manifest } from "./manifest.ts";
import { amountText, wholeText } from "./number_text.ts";
import { parseRace, type Race, type RacingRun } from "./race.ts";
import { RaceChart } from "./race_chart.ts";
import { RaceClock } from "./race_clock.ts";
import { racerAt, type Entry } from "./race_entry.ts";
import { RaceStanding } from "./race_standing.ts";
import type { Racer } from "./racers.ts";
import type { SearchSpace } from "./search_space.ts";

export interface RaceEvents {
  choose(code: number): void;
  move(racers: readonly Racer[]): void;
}

const ALL_RUNS = "all";
const STEPS = 1000; // of the slider

export class RacePanel {
  private readonly space: SearchSpace;
  private readonly rows: CellRows;
  private readonly index: Manifest["index"];
  private readonly events: RaceEvents;
  private readonly chart = new RaceChart();
  private race: Race | null = null;
  private clock: RaceClock | null = null;
  private entries: readonly Entry[] = [];
  private standings: readonly RaceStanding[] = [];
  /** The next picture, while the race plays; otherwise null. */
  private frame: number | null = null;

  constructor(space: SearchSpace, rows: CellRows, index: Manifest["index"], events: RaceEvents) {
    [this.space, this.rows, this.index, this.events] = [space, rows, index, events];
    this.listen();
  }

  /** Shows the race in the contents of a file, and plays it unless the user wants no motion. */
  open(file: string, contents: string): void {
    const race = parseRace(file, contents);
    this.pause();
    [this.race, this.clock] = [race, new RaceClock(race)];
    byId("race").hidden = false;
    document.body.classList.add("racing");
    byId("race-what").textContent = whatOf(race);
    byId("race-synthetic").hidden = !race.index.synthetic;
    byId("race-other").textContent = this.whatIsOther(race);
    const numbers = new Set(race.optimizers.flatMap(({ runs }) => runs.map((run) => run.number)));
    byId("race-run").replaceChildren(
      element("option", { value: ALL_RUNS }, "all"),
      ...[...numbers].map((number) => element("option", { value: number }, String(number))),
    );
    this.standings = race.optimizers.map((each) => new RaceStanding(each, this.events.choose));
    byId("race-value").textContent = `${race.statistic} ${race.regret} ${race.shows}`;
    byId("race-standings").replaceChildren(...this.standings.map(({ row }) => row));
    this.chart.show(race, this.clock);
    this.enter();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.play();
  }

  private close(): void {
    this.pause();
    [this.race, this.clock, this.entries] = [null, null, []];
    byId("race").hidden = true;
    document.body.classList.remove("racing");
    this.events.move([]);
    byId("race-open").focus();
  }

  private listen(): void {
    byId("race-close").addEventListener("click", () => this.close());
    byId("race-play").addEventListener("click", () =>
      this.frame === null ? this.play() : this.pause(),
    );
    byId("race-run").addEventListener("change", () => this.enter());
    const time = byId<HTMLInputElement>("race-time");
    time.addEventListener("input", () => {
      this.pause();
      this.clock!.place = Number(time.value) / STEPS;
      this.tick();
    });
  }

  private play(): void {
    if (this.clock!.hasEnded) this.clock!.place = 0;
    byId("race-play").textContent = "Pause";
    let before = performance.now();
    const goOn = (now: number) => {
      const speed = Number(byId<HTMLSelectElement>("race-speed").value);
      this.clock!.advance(Math.max(0, now - before), speed);
      before = now;
      this.tick();
      if (this.clock!.hasEnded) this.pause();
      else this.frame = requestAnimationFrame(goOn);
    };
    this.frame = requestAnimationFrame(goOn);
  }

  private pause(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
    byId("race-play").textContent = "Play";
  }

  /** The runs that are chosen enter the plot. */
  private enter(): void {
    const chosen = byId<HTMLSelectElement>("race-run").value;
    const isChosen = ({ number }: RacingRun) => chosen === ALL_RUNS || String(number) === chosen;
    this.entries = this.race!.optimizers.flatMap((optimizer) =>
      optimizer.runs.filter(isChosen).map((run) => ({ optimizer, run, rows: this.rowsOf(run) })),
    );
    this.chart.showRun(chosen === ALL_RUNS ? null : Number(chosen));
    this.tick();
  }

  /** Shows the moment of the clock. */
  private tick(): void {
    const clock = this.clock!;
    const time = byId<HTMLInputElement>("race-time");
    const now = amountText(this.race!.clock, clock.now);
    time.value = String(Math.round(clock.place * STEPS));
    time.setAttribute("aria-valuetext", now);
    byId("race-now").textContent = now;
    this.chart.tick();
    for (const standing of this.standings) standing.show(clock.now, this.entries);
    this.events.move(this.entries.map((entry) => racerAt(entry, clock)));
  }

  private rowsOf({ codes }: RacingRun): number[] {
    return codes.map((code) => this.rows.rowOf(this.space.idOf(code)));
  }

  /** What to know if the race is not one of the index of this page; empty if it is. */
  private whatIsOther(race: Race): string {
    const { name, synthetic } = race.index;
    const rows = race.optimizers.flatMap(({ runs }) => runs.flatMap((run) => this.rowsOf(run)));
    const missing = rows.filter((row) => row === NO_ROW).length;
    const isOther = name !== this.index.name || synthetic !== this.index.synthetic;
    const other = isOther ? `This is a race on ${name}, not on ${this.index.name}. ` : "";
    if (missing === 0) return other;
    const some = `${wholeText(missing)} of ${wholeText(rows.length)}`;
    return `${other}This page's index lacks the cells of ${some} incumbents, which are not drawn.`;
  }
}

function whatOf(race: Race): string {
  const counts = [...new Set(race.optimizers.map(({ num_runs }) => num_runs))];
  const runs = `${counts.map(wholeText).join(" or ")} ${counts.at(-1) === 1 ? "run" : "runs"} each`;
  const band = race.statistic === "mean" ? " with its 95 % interval" : " with its quartiles";
  const hasBand = race.optimizers.some(({ band }) => band !== null);
  return (
    `${race.index.name}: ${race.statistic} ${race.regret} ${race.shows} of ` +
    `${runs}${hasBand ? band : ""}, preset ${race.preset}`
  );
}
