// Elements of the page. Texts are always texts: nothing is read as HTML.

type Attributes = Readonly<Record<string, string | number | boolean>>;
type Child = Node | string;

const SVG = "http://www.w3.org/2000/svg";

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** The element of the page with this id. */
export function byId<Kind extends Element = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as unknown as Kind;
}

/**
 * Replaces what an element contains. If the focus was on a control in it, the control that takes its
 * place gets the focus. If there is none, `otherwise` gets it.
 */
export function refill(parent: Element, children: readonly Child[], otherwise?: HTMLElement): void {
  const controls = () => [...parent.querySelectorAll<HTMLElement>("button, input, select")];
  const place = controls().indexOf(document.activeElement as HTMLElement);
  parent.replaceChildren(...children);
  if (place >= 0) (controls()[place] ?? controls().at(-1) ?? otherwise)?.focus();
}

/** Shows an error as the page shows each that nothing catches, and goes on without a value. */
export function tell(error: unknown): void {
  void Promise.reject(error);
}

/** Waits until what has changed is on the screen. */
export function painted(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

function filled<Kind extends Element>(made: Kind, attributes: Attributes, children: Child[]): Kind {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}
