// The page: what it shows follows from its address, and each change is a step of the history.
import "./style.css";
import { addressOf, shownOf, type Shown } from "./address.ts";
import { Axis } from "./axis.ts";
import { CellEditor } from "./cell_editor.ts";
import { CellReport } from "./cell_report.ts";
import { CellRows } from "./cell_rows.ts";
import { CellRuns } from "./cell_runs.ts";
import { codeOfText } from "./cell_text.ts";
import { firstCode } from "./first_cell.ts";
import { columnsOf, meanOf, type Column } from "./columns.ts";
import { byId, element, painted, tell } from "./dom.ts";
import { insideOf, type Bounds } from "./filter.ts";
import { FilterList } from "./filter_list.ts";
import { readArray, readManifest, readText } from "./folder.ts";
import { keepWithin } from "./lasso.ts";
import { legend } from "./legend.ts";
import type { Manifest } from "./manifest.ts";
import { NeighborList } from "./neighbor_list.ts";
import { wholeText } from "./number_text.ts";
import { paretoFront } from "./pareto.ts";
import { Plot, type Drag } from "./plot.ts";
import { listenForRaces } from "./race_files.ts";
import { RacePanel } from "./race_panel.ts";
import { SearchSpace, type Tables } from "./search_space.ts";
import { SelectionTable } from "./selection_table.ts";
import { darkColours } from "./shades.ts";

const ERROR_AXIS = "The axes are logarithmic in the error.";
const RUNS_CAPTION = `Each point is a run, and the lines join the means. ${ERROR_AXIS}`;
const MEANS_CAPTION =
  `The points are means, and a bar is the spread of the runs. ${ERROR_AXIS} ` +
  'Write the page with "nb101fast explore --runs" to see each run.';

class Explorer {
  private readonly space: SearchSpace;
  private readonly rows: CellRows;
  private readonly columns: readonly Column[];
  private readonly defaults: Shown;
  private readonly editor: CellEditor;
  private readonly report: CellReport;
  private readonly neighbors: NeighborList;
  private readonly filters: FilterList;
  private readonly table: SelectionTable;
  private readonly plot: Plot;
  private readonly race: RacePanel;
  private readonly axes = new Map<string, Axis>();
  private shown: Shown;
  /** How many changes have been made that can be undone. */
  private steps: number = history.state?.steps ?? 0;
  /** Done when the last step is in the history. */
  private stepped: Promise<void> = Promise.resolve();

  constructor(
    manifest: Manifest,
    space: SearchSpace,
    rows: CellRows,
    columns: readonly Column[],
    fingerprints: Uint16Array,
    firstCode: number,
  ) {
    const { cells } = rows;
    [this.space, this.rows, this.columns] = [space, rows, columns];
    this.defaults = defaultsOf(columns, firstCode);
    this.shown = this.shownByAddress();
    const go = (code: number) => this.change({ code });
    const hashed = { cells, fingerprints };
    this.editor = new CellEditor(go, (text) => codeOfText(text, space, hashed));
    const runs = CellRuns.of(manifest, readArray);
    this.report = new CellReport(space, this.rows, runs);
    byId("chart-caption").textContent = runs ? RUNS_CAPTION : MEANS_CAPTION;
    this.neighbors = new NeighborList(space, this.rows, go);
    this.filters = new FilterList(
      this.columns,
      (key, pair) => this.bound([[key, pair]]),
      () => this.change({ lasso: null }),
    );
    this.table = new SelectionTable(space, this.rows, go, (row) => this.plot.setMarked(row));
    this.plot = new Plot(byId("points"), byId("axes"), {
      choose: (row) => go(space.codeOf(cells[row])),
      bound: (x, y) =>
        this.bound([
          [this.shown.x, x],
          [this.shown.y, y],
        ]),
      enclose: (vertices) => this.change({ lasso: { x: this.shown.x, y: this.shown.y, vertices } }),
      step: (direction) => this.table.step(direction),
    });
    this.race = new RacePanel(space, this.rows, manifest.index, {
      choose: go,
      move: (racers) => this.plot.setRacers(racers),
    });
    listenForRaces((file, contents) => this.race.open(file, contents));
    if (!this.plot.hasPoints) {
      byId("failure").textContent = "This browser has no WebGL 2, so the cells are not drawn.";
    }
    this.listen();
  }

  async start(): Promise<void> {
    await Promise.all([this.showPoints(), this.showCell()]);
    await this.plot.firstPicture(); // What follows would slow the first picture down.
    for (const column of this.columns) {
      // A column that can't be read is told, and the others are shown.
      const values = await column.values().catch(tell);
      if (values) this.report.add(column, values);
      await new Promise((resolve) => setTimeout(resolve)); // The page answers meanwhile.
    }
    await this.showCell();
  }

  /** Shows the race of the folder. */
  async startRace(file: string): Promise<void> {
    this.race.open(file, await readText(file));
  }

  private listen(): void {
    for (const name of ["x", "y", "colour"] as const) {
      const choice = byId<HTMLSelectElement>(name);
      choice.append(
        ...this.columns.map(({ key, label }) => element("option", { value: key }, label)),
      );
      choice.addEventListener("change", () => this.change({ [name]: choice.value }));
    }
    byId("undo").addEventListener("click", () => {
      if (this.steps > 0) void this.stepped.then(() => history.back());
    });
    byId("closer").addEventListener("click", () => this.plot.zoomIn());
    byId("farther").addEventListener("click", () => this.plot.zoomOut());
    byId("reset").addEventListener("click", () => this.plot.reset());
    const drags = ["box", "lasso"] as const;
    for (const drag of drags) byId(drag).addEventListener("click", () => this.toggle(drag, drags));
    darkColours().addEventListener("change", () => void this.showPoints());
    addEventListener("popstate", (event) => {
      this.steps = event.state?.steps ?? 0;
      void this.show(this.shownByAddress());
    });
  }

  /** Sets what a drag does. A button that is pressed again gives back the drag that moves. */
  private toggle(drag: Drag, drags: readonly Drag[]): void {
    const isOn = byId(drag).ariaPressed === "true";
    for (const each of drags) byId(each).ariaPressed = String(each === drag && !isOn);
    this.plot.setDrag(isOn ? "move" : drag);
  }

  private shownByAddress(): Shown {
    return shownOf(
      location.hash,
      this.defaults,
      this.columns.map(({ key }) => key),
    );
  }

  /** Changes a part of what is shown, as a new step of the history. */
  private change(part: Partial<Shown>): void {
    const shown = { ...this.shown, ...part };
    if (addressOf(shown) === addressOf(this.shown)) return; // No step of the history is dead.
    this.steps += 1;
    const state = { steps: this.steps };
    void this.show(shown);
    // Browsers take as long for this as the page takes for its answer, so the answer comes first.
    this.stepped = painted().then(() => history.pushState(state, "", addressOf(shown)));
  }

  private bound(pairs: readonly (readonly [string, Bounds | null])[]): void {
    const bounds = new Map(this.shown.bounds);
    for (const [key, pair] of pairs) {
      if (pair) bounds.set(key, pair);
      else bounds.delete(key);
    }
    this.change({ bounds });
  }

  private async show(shown: Shown): Promise<void> {
    const isSame = haveSamePoints(shown, this.shown);
    this.shown = shown;
    await Promise.all([this.showCell(), ...(isSame ? [] : [this.showPoints()])]);
  }

  private async showCell(): Promise<void> {
    const { code } = this.shown;
    byId("undo").ariaDisabled = String(this.steps === 0); // A disabled button would lose the focus.
    this.editor.show(code);
    this.report.show(code);
    const row = this.rows.rowOf(this.space.idOf(code));
    this.plot.setChosen(row);
    this.table.setChosen(row);
    const { column, values } = await this.axis(this.shown.y);
    await painted(); // The answer comes first.
    if (code === this.shown.code) this.neighbors.show(code, column, values);
  }

  private async showPoints(): Promise<void> {
    const shown = this.shown;
    const [x, y, colour] = await Promise.all(
      [shown.x, shown.y, shown.colour].map((key) => this.axis(key)),
    );
    const bounded = [...shown.bounds].map(
      async ([key, pair]) => [(await this.axis(key)).values, pair] as const,
    );
    const inside = insideOf(this.rows.cells.length, await Promise.all(bounded));
    const { lasso } = shown;
    if (lasso) keepWithin(inside, lasso, await this.axis(lasso.x), await this.axis(lasso.y));
    if (!haveSamePoints(shown, this.shown)) return; // they have changed meanwhile
    for (const name of ["x", "y", "colour"] as const)
      byId<HTMLSelectElement>(name).value = shown[name];
    byId("legend").replaceChildren(...legend(colour));
    this.filters.show(shown.bounds, lasso);
    const isLassoShown = lasso?.x === shown.x && lasso.y === shown.y;
    const front = frontOf(x, y, inside);
    this.plot.setPoints({ x, y, colour, inside, front, lasso: isLassoShown ? lasso : null });
    await painted();
    if (haveSamePoints(shown, this.shown)) this.table.show(inside, [y, x, colour]);
  }

  private async axis(key: string): Promise<Axis> {
    const column = this.columns.find((each) => each.key === key)!;
    const axis = this.axes.get(key) ?? new Axis(column, await column.values());
    this.axes.set(key, axis);
    return axis;
  }
}

function haveSamePoints(one: Shown, other: Shown): boolean {
  const withoutCell = (shown: Shown) => addressOf({ ...shown, code: 0 });
  return withoutCell(one) === withoutCell(other);
}

function frontOf(x: Axis, y: Axis, inside: Uint8Array): number[] {
  const [betterX, betterY] = [x.column.better, y.column.better];
  if (!betterX || !betterY) return [];
  // A row without a place, such as one of 0 s on a logarithmic axis, can't be drawn.
  const [across, up] = [x.places, y.places];
  const drawn = inside.map((isInside, row) => (Number.isNaN(across[row] + up[row]) ? 0 : isInside));
  const front = paretoFront(
    { values: x.values, better: betterX },
    { values: y.values, better: betterY },
    drawn,
  );
  const isNew = (row: number, before: number) =>
    x.values[row] !== x.values[before] || y.values[row] !== y.values[before];
  return front.filter((row, i) => i === 0 || isNew(row, front[i - 1]));
}

/** Test accuracy over training time. An index may lack either. */
function defaultsOf(columns: readonly Column[], code: number): Shown {
  const keyOf = (...metrics: string[]) =>
    metrics.map((metric) => meanOf(columns, metric)).find((column) => column)?.key ?? "parameters";
  return {
    code,
    x: keyOf("training_time"),
    y: keyOf("test_accuracy", "validation_accuracy", "train_accuracy"),
    colour: "depth",
    bounds: new Map(),
    lasso: null,
  };
}

function showTitle(manifest: Manifest, cells: number): void {
  const { name, synthetic, datasets, runs } = manifest.index;
  const trained = datasets.length > 0 ? `, trained on ${datasets.join(", ")}` : "";
  byId("index").textContent =
    `${name}: ${wholeText(cells)} cells, ${wholeText(runs)} runs${trained}`;
  document.title = `${name}, explored`;
  for (const mark of document.querySelectorAll<HTMLElement>(".synthetic")) mark.hidden = !synthetic;
}

async function start(): Promise<void> {
  try {
    const manifest = await readManifest();
    const names = Object.keys(manifest.tables) as (keyof typeof manifest.tables)[];
    const [cells, fingerprints, ...tables] = await Promise.all(
      [
        manifest.rows.cells,
        manifest.rows.fingerprints,
        ...names.map((name) => manifest.tables[name]),
      ].map(readArray),
    );
    const named = Object.fromEntries(
      names.map((name, i) => [name, tables[i]]),
    ) as unknown as Tables;
    showTitle(manifest, cells.length);
    const [space, rows] = [new SearchSpace(named), new CellRows(cells as Int32Array)];
    const columns = columnsOf(
      manifest,
      rows.cells.map((id) => space.codeOf(id)),
    );
    const explorer = new Explorer(
      manifest,
      space,
      rows,
      columns,
      fingerprints as Uint16Array,
      await firstCode(space, rows, columns),
    );
    byId("page").hidden = false;
    await explorer.start();
    if (manifest.race !== null) await explorer.startRace(manifest.race);
  } finally {
    document.body.dataset.state = "ready";
  }
}

addEventListener("unhandledrejection", ({ reason }) => {
  byId("failure").textContent = reason instanceof Error ? reason.message : String(reason);
});
void start();
