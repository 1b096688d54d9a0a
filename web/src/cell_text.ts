// A cell as users paste it: a hash, `id:NUMBER`, a code, or JSON with matrix and ops.
import { edgeBit, MATRIX_BITS, MAX_VERTICES } from "./code.ts";
import { graphHash } from "./graph_hash.ts";
import { prune, unpack } from "./graph.ts";
import { OP_NAMES } from "./op.ts";
import { NUM_CELLS, type SearchSpace } from "./search_space.ts";

const FORMS = "a hash of 32 hex digits, id:NUMBER, code:NUMBER, or JSON with matrix and ops";

/** Where hashes are looked up: the cells of the index and the first 16 bits of their hashes. */
export interface HashedCells {
  readonly cells: Int32Array;
  readonly fingerprints: Uint16Array;
}

/** The code that a text names. Throws an error that says what is wrong. */
export function codeOfText(text: string, space: SearchSpace, hashed: HashedCells): number {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return codeOfJson(trimmed);
  if (/^[0-9a-f]{32}$/i.test(trimmed)) return codeOfHash(trimmed.toLowerCase(), space, hashed);
  const match = /^(?:(id|code):)?(\d{1,10})$/.exec(trimmed);
  if (!match) throw new Error(`"${trimmed}" names no cell; use ${FORMS}`);
  const number = Number(match[2]);
  if (match[1] === undefined && number < NUM_CELLS) {
    throw new Error(`${number} may be an id or a code; use id:${number} or code:${number}`);
  }
  return match[1] === "id" ? codeOfId(number, space) : checkedCode(number);
}

function codeOfId(id: number, space: SearchSpace): number {
  if (id >= NUM_CELLS) throw new Error(`id:${id} is no cell; use id:0 to id:${NUM_CELLS - 1}`);
  return space.codeOf(id);
}

function checkedCode(code: number): number {
  if (code >= 2 ** 31) throw new Error(`code:${code} is no code; use a number below 2^31`);
  return code;
}

function codeOfHash(hash: string, space: SearchSpace, hashed: HashedCells): number {
  const fingerprint = Number.parseInt(hash.slice(0, 4), 16);
  for (let row = 0; row < hashed.cells.length; ++row) {
    if (hashed.fingerprints[row] !== fingerprint) continue;
    const code = space.codeOf(hashed.cells[row]);
    if (graphHash(prune(unpack(code))!) === hash) return code;
  }
  throw new Error(`no cell of this index has the hash ${hash}`);
}

function codeOfJson(text: string): number {
  const { matrix, ops } = parsed(text);
  if (!Array.isArray(matrix))
    throw new Error("the key matrix is missing or no list; use a list of rows");
  const n = matrix.length;
  if (n < 2 || n > MAX_VERTICES) throw new Error(`matrix has ${n} rows; use 2 to ${MAX_VERTICES}`);
  if (!Array.isArray(ops) || ops.length !== n) throw new Error(`ops must be a list of ${n} names`);
  const place = (v: number) => (v === n - 1 ? MAX_VERTICES - 1 : v);
  let code = 0;
  matrix.forEach((row: unknown, v: number) => {
    if (!Array.isArray(row) || row.length !== n) throw new Error(`row ${v} must have ${n} numbers`);
    row.forEach((element: unknown, w: number) => {
      if (element !== 0 && (element !== 1 || w <= v)) {
        throw new Error(
          `row ${v}, column ${w} of matrix is ${element}; use 1 for an edge to a later vertex, else 0`,
        );
      }
      if (element === 1) code |= 1 << edgeBit(v, place(w));
    });
  });
  ops.slice(1, -1).forEach((name, i) => {
    const label = OP_NAMES.indexOf(name);
    if (label < 0) throw new Error(`"${name}" is no operation; use ${OP_NAMES.join(", ")}`);
    code |= label << (MATRIX_BITS + 2 * i);
  });
  return code >>> 0;
}

function parsed(text: string): { matrix?: unknown; ops?: unknown } {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`this is not JSON: ${(error as Error).message}`);
  }
}
