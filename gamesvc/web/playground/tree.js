/** A value of JSON, to be read: folded where it is long, and marked where it has changed. */

import { h } from "./dom.js";
import { counted } from "./words.js";

const MOST_MEMBERS = 200;
const SHORT = 60;

export class Tree {
  element = h("div.state", { on: { pointerdown: () => this.#hold() } });
  /** The places that somebody has folded or unfolded. @type {Set<string>} */
  #folds = new Set();
  #written = "";
  #isHeld = false;
  /** @type {(() => void) | null} */
  #due = null;

  /**
   * What is shown already stays as it is: it may have the focus, or be pressed just now.
   *
   * @param {any} value
   * @param {any} [before] what it was; without it nothing is marked
   */
  show(value, before = value) {
    this.#due = () => this.#draw(value, before);
    if (!this.#isHeld) this.#catchUp();
  }

  /**
   * @param {any} value
   * @param {any} before
   */
  #draw(value, before) {
    const written = JSON.stringify([value, before]);
    if (this.#written === written) return;
    this.#written = written;
    const isHere = this.element.contains(document.activeElement);
    const path = isHere ? document.activeElement?.closest("details")?.dataset.path : undefined;
    this.element.replaceChildren(node(value, before, "", this.#folds, 0));
    if (path === undefined) return;
    const again = this.element.querySelector(`details[data-path="${CSS.escape(path)}"]`) ?? this.element;
    again.querySelector("summary")?.focus({ preventScroll: true });
  }

  #catchUp() {
    this.#due?.();
    this.#due = null;
  }

  /** A click is over when what was pressed is let go of. */
  #hold() {
    this.#isHeld = true;
    const released = new AbortController();
    const release = () => {
      released.abort();
      // Not before what was pressed has been clicked.
      setTimeout(() => {
        this.#isHeld = false;
        this.#catchUp();
      });
    };
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, release, { signal: released.signal });
  }
}

/**
 * @param {any} value
 * @param {any} before what it was
 * @param {string} path where it is
 * @param {Set<string>} folds
 * @param {number} depth
 * @returns {HTMLElement}
 */
function node(value, before, path, folds, depth) {
  const isChanged = value !== before && JSON.stringify(value) !== JSON.stringify(before);
  if (typeof value !== "object" || value === null) return leaf(value, isChanged);
  const entries = Object.entries(value);
  const text = JSON.stringify(value);
  const isFlat = entries.every(([, each]) => typeof each !== "object" || each === null);
  if (entries.length === 0 || (isFlat && text.length <= SHORT && Array.isArray(value))) return flat(value, before, isChanged);
  const members = entries.slice(0, MOST_MEMBERS).map(([name, each]) => {
    const was = typeof before === "object" && before !== null ? before[name] : undefined;
    return h("li", {}, h("span.key", {}, name), " ", node(each, was ?? null, `${path}/${name}`, folds, depth + 1));
  });
  if (entries.length > MOST_MEMBERS) members.push(h("li.more", {}, `and ${entries.length - MOST_MEMBERS} more`));
  // By itself what is long is folded, but at the top; whoever folds it otherwise has it so.
  const isOpenItself = depth === 0 || entries.length <= 12;
  // Not when it has toggled, which is told later: all may have been drawn anew by then.
  const toggle = () => (folds.has(path) ? folds.delete(path) : folds.add(path));
  const summary = h("summary", { on: { click: toggle } }, Array.isArray(value) ? `${entries.length} in a list` : counted(entries.length, "member"));
  const isOpen = folds.has(path) ? !isOpenItself : isOpenItself;
  return h(`details.tree${isChanged ? ".changed" : ""}`, { open: isOpen, data: { path } }, summary, h("ul", {}, members));
}

/**
 * @param {any} value
 * @param {boolean} isChanged
 * @returns {HTMLElement}
 */
function leaf(value, isChanged) {
  const kind = value === null ? "null" : typeof value;
  const text = kind === "string" ? value : JSON.stringify(value);
  const isLong = kind === "string" && value.includes("\n");
  return h(`${isLong ? "pre" : "code"}.${kind}${isChanged ? ".changed" : ""}`, {}, text);
}

/**
 * @param {any} value
 * @param {any} before
 * @param {boolean} isChanged
 * @returns {HTMLElement}
 */
function flat(value, before, isChanged) {
  if (!Array.isArray(value)) return h("code", {}, "{}");
  const parts = value.map((each, index) => leaf(each, isChanged && each !== before?.[index]));
  return h("span.list", {}, "[", parts.flatMap((part, index) => (index === 0 ? [part] : [", ", part])), "]");
}
