// The path of a pointer from where it is pressed to where it is released: mouse, pen or finger.
import { pointer } from "d3-selection";

export type Place = [number, number];

/**
 * Follows the pointer that an event pressed on a node. `moved` gets its path so far. `ended` gets
 * the whole path, unless the browser takes the pointer away.
 */
export function followPointer(
  node: SVGElement,
  pressed: PointerEvent,
  moved: (path: readonly Place[]) => void,
  ended: (path: readonly Place[] | null) => void,
): void {
  const path = [pointer(pressed, node)];
  const end = new AbortController();
  const listen = (kind: "pointermove" | "pointerup" | "pointercancel", then: () => void) =>
    node.addEventListener(
      kind,
      (event) => {
        if (event.pointerId !== pressed.pointerId) return;
        path.push(pointer(event, node));
        then();
      },
      { signal: end.signal },
    );
  node.setPointerCapture(pressed.pointerId);
  listen("pointermove", () => moved(path));
  listen("pointerup", () => {
    end.abort();
    ended(path);
  });
  listen("pointercancel", () => {
    end.abort();
    ended(null);
  });
}
