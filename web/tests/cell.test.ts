import { expect, test } from "vitest";
import { depthOf, widthOf } from "../src/cell_shape.ts";
import { isFaulty, withEdgeFlipped, withLabel } from "../src/code.ts";
import { graphHash } from "../src/graph_hash.ts";
import { numEdges, numVertices, pack, prune, unpack, type Graph } from "../src/graph.ts";
import { networkSize } from "../src/network_size.ts";
import { standingOf } from "../src/standing.ts";
import { GOLDEN, searchSpace } from "./golden.ts";

function pruned(code: number): Graph {
  return prune(unpack(code))!;
}

test("a cell is pruned as the engine prunes it", () => {
  for (const { code, pruned: expected } of GOLDEN.cells) {
    expect(pack(pruned(code))).toBe(expected);
  }
});

test("the hash, the depth, the width and the counts of a cell are those of the engine", () => {
  for (const { code, hash, depth, width, num_vertices, num_edges } of GOLDEN.cells) {
    const graph = pruned(code);
    const found = {
      hash: graphHash(graph),
      depth: depthOf(graph),
      width: widthOf(graph),
      num_vertices: numVertices(graph),
      num_edges: numEdges(graph),
    };
    expect(found).toEqual({ hash, depth, width, num_vertices, num_edges });
  }
});

test("the size of a cell's network is that of its official representative", async () => {
  const space = await searchSpace();
  for (const { id, parameters, macs } of GOLDEN.cells) {
    expect(networkSize(pruned(space.codeOf(id)))).toEqual({ parameters, macs });
  }
});

test("a cell without a path from input to output has no pruned graph", () => {
  expect(prune(unpack(0))).toBeNull();
});

test("a cell outside the space is told why it is outside", () => {
  const all = 2 ** 21 - 1;
  const { code } = GOLDEN.cells[0];
  expect(standingOf(code).isInSpace).toBe(true);
  expect(standingOf(0)).toMatchObject({ why: "no path leads from the input to the output" });
  expect(standingOf(all)).toMatchObject({ why: expect.stringMatching(/^it has 21 edges/) });
  expect(standingOf(withLabel(code, 1, 3))).toMatchObject({
    why: expect.stringMatching(/label 3/),
  });
});

test("an edge that is flipped twice and a label that is set back give the same code", () => {
  const { code } = GOLDEN.cells[0];
  expect(withEdgeFlipped(withEdgeFlipped(code, 5, 6), 5, 6)).toBe(code);
  const changed = withLabel(code, 5, 0);
  expect(changed).not.toBe(code);
  expect(withLabel(changed, 5, 2)).toBe(code);
});

test("a code with a label 3 or with bit 31 is faulty", () => {
  const { code } = GOLDEN.cells[0];
  expect(isFaulty(code)).toBe(false);
  expect(isFaulty(withLabel(code, 5, 3))).toBe(true);
  expect(isFaulty((code | 0x80000000) >>> 0)).toBe(true);
});
