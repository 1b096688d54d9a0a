// Where a race comes from: the button, or a file that is dropped on the page.
import { byId } from "./dom.ts";

const LARGEST = 2 ** 25; // bytes, far more than a race has

/** Calls `open` with the name and the contents of each file that the user gives. */
export function listenForRaces(open: (file: string, contents: string) => void): void {
  const input = byId<HTMLInputElement>("race-file");
  byId("race-open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    input.value = ""; // so that the same file can be chosen again
    if (file) void read(file, open);
  });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("takes-file");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("takes-file");
  });
  addEventListener("drop", (event) => {
    const [file] = event.dataTransfer?.files ?? [];
    document.body.classList.remove("takes-file");
    if (!file) return;
    event.preventDefault();
    void read(file, open);
  });
}

async function read(file: File, open: (file: string, contents: string) => void): Promise<void> {
  const fault = byId("race-fault");
  fault.textContent = "";
  try {
    if (file.size > LARGEST) throw new Error(`${file.name} is too large for a race; use another`);
    open(file.name, await file.text());
    byId("race").scrollIntoView({ block: "nearest" });
  } catch (error) {
    fault.textContent = (error as Error).message;
  }
}
