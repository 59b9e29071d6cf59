/** A value of JSON, to be read: folded where it is long, and marked where it has changed. */

import { h } from "./dom.js";

const MOST_MEMBERS = 200;
const SHORT = 60;

/**
 * @param {any} value
 * @param {any} [before] what it was; without it nothing is marked
 * @param {Set<string>} [folds] the places that somebody has folded or unfolded, which is kept in there
 * @returns {HTMLElement}
 */
export function tree(value, before, folds = new Set()) {
  return node(value, before === undefined ? value : before, "", folds, 0);
}

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
  const toggled = (event) => {
    if (event.target.open === isOpenItself) folds.delete(path);
    else folds.add(path);
  };
  const summary = h("summary", {}, Array.isArray(value) ? `${entries.length} in a list` : `${entries.length} members`);
  const isOpen = folds.has(path) ? !isOpenItself : isOpenItself;
  return h(`details.tree${isChanged ? ".changed" : ""}`, { open: isOpen, on: { toggle: toggled } }, summary, h("ul", {}, members));
}

function leaf(value, isChanged) {
  const kind = value === null ? "null" : typeof value;
  const text = kind === "string" ? value : JSON.stringify(value);
  const isLong = kind === "string" && value.includes("\n");
  return h(`${isLong ? "pre" : "code"}.${kind}${isChanged ? ".changed" : ""}`, {}, text);
}

function flat(value, before, isChanged) {
  if (!Array.isArray(value)) return h("code", {}, "{}");
  const parts = value.map((each, index) => leaf(each, isChanged && each !== before?.[index]));
  return h("span.list", {}, "[", parts.flatMap((part, index) => (index === 0 ? [part] : [", ", part])), "]");
}
