// Whether a code is a cell of the search space, and if not, why.
import { isFaulty, MAX_EDGES } from "./code.ts";
import { numEdges, prune, unpack, type Graph } from "./graph.ts";

export type Standing =
  | { readonly isInSpace: true; readonly graph: Graph }
  | { readonly isInSpace: false; readonly why: string };

export function standingOf(code: number): Standing {
  if (isFaulty(code)) {
    return {
      isInSpace: false,
      why: "the code has bit 31 set, or a label 3, which is no operation",
    };
  }
  const graph = prune(unpack(code));
  if (!graph) return { isInSpace: false, why: "no path leads from the input to the output" };
  const edges = numEdges(graph);
  if (edges <= MAX_EDGES) return { isInSpace: true, graph };
  return {
    isInSpace: false,
    why: `it has ${edges} edges after pruning, and the space allows ${MAX_EDGES}; remove some`,
  };
}
