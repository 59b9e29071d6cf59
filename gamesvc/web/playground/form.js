/** Forms made of shapes: what a command takes, or what a game can be created with. */

import { h, say, set } from "./dom.js";
import { choice, constant, flag, GivenError, json, number, text } from "./inputs.js";
import { titled } from "./schema.js";

/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema.js").Field} Field */
/** @typedef {import("./inputs.js").How} How */
/** @typedef {import("./inputs.js").Input} Input */

/** A list grows no longer than this where the schema says nothing. */
const LONGEST_LIST = 64;
let ids = 0;

/**
 * The fields of an object.
 *
 * @param {Field[]} fields
 * @returns {{ element: HTMLElement, read: () => Record<string, any>, isEmpty: boolean }}
 */
export function form(fields) {
  const parts = fields.map((field) => ({ field, input: labelled(field) }));
  return {
    element: h("div.fields", {}, parts.map(({ input }) => input.element)),
    isEmpty: parts.length === 0,
    read() {
      const given = readAll(parts.map(({ field, input }) => () => [field.name, input.read()]));
      return Object.fromEntries(given.filter(([, value]) => value !== undefined));
    },
  };
}

/**
 * Read several things, and tell all that is wrong with them, and not only what is wrong first.
 *
 * @template T
 * @param {(() => T)[]} reads
 * @returns {T[]}
 */
function readAll(reads) {
  /** @type {GivenError | null} */
  let first = null;
  const given = [];
  for (const read of reads) {
    try {
      given.push(read());
    } catch (error) {
      if (!(error instanceof GivenError)) throw error;
      first ??= error;
    }
  }
  if (first !== null) throw first;
  return given;
}

/** @param {Field} field @returns {Input} */
function labelled(field) {
  const id = `given-${++ids}`;
  const name = titled(field.name);
  const isOptional = !field.isRequired || field.isNullable;
  const input = inputOf(field.shape, { id, initial: field.initial, isOptional, name });
  const hint = field.description === "" ? null : h("small", { id: `${id}-hint` }, field.description);
  const wrong = h("p.wrong", { role: "alert", id: `${id}-wrong` });
  const read = () => {
    say(wrong, "");
    try {
      const value = input.read();
      set(input.element, "aria-invalid", null);
      return value;
    } catch (error) {
      if (!(error instanceof GivenError)) throw error;
      if (!error.isTold) {
        error.isTold = true;
        say(wrong, error.message);
        if (!input.isGroup) set(input.element, "aria-invalid", "true");
      }
      throw error;
    }
  };
  set(input.element, "aria-describedby", hint === null ? wrong.id : `${hint.id} ${wrong.id}`);
  if (input.isGroup) {
    return { read, isGroup: true, element: h("fieldset.field", {}, h("legend", {}, name), hint, input.element, wrong) };
  }
  const label = h("label", { for: id }, name, field.isRequired || field.initial !== undefined ? null : h("i", {}, " optional"));
  const isFlag = input.element.getAttribute("type") === "checkbox";
  const both = isFlag ? [input.element, label] : [label, input.element];
  return { read, element: h(`div.field${isFlag ? ".flag" : ""}`, {}, both, hint, wrong) };
}

/**
 * @param {Shape} shape
 * @param {How} how
 * @returns {Input}
 */
function inputOf(shape, how) {
  const isOpen = how.initial === undefined || how.initial === null;
  switch (shape.kind) {
    case "text":
      return text(shape, how);
    case "number":
      return number(shape, how);
    case "flag":
      // A tick can't say that nothing is said.
      return how.isOptional && isOpen ? choice({ kind: "choice", choices: [true, false] }, how) : flag(how);
    case "choice":
      return choice(shape, how);
    case "constant":
      return constant(shape, how);
    case "list":
      return list(shape, how);
    case "map":
      return map(shape, how);
    case "row":
      return how.isOptional && isOpen ? omittable(row, shape, how) : row(shape, how);
    case "group":
      return how.isOptional && isOpen ? omittable(group, shape, how) : group(shape, how);
    case "either":
      return how.isOptional && isOpen ? omittable(either, shape, how) : either(shape, how);
    default:
      return json(how);
  }
}

/**
 * What has no label of its own is read out all the same.
 *
 * @param {Input} input
 * @param {string} name
 */
function named(input, name) {
  if (!input.isGroup) set(input.element, "aria-label", name);
  return input;
}

/**
 * What has parts that have to be given, and may be left out as a whole.
 *
 * @template {Shape} T
 * @param {(shape: T, how: How) => Input} make
 * @param {T} shape
 * @param {How} how
 * @returns {Input}
 */
function omittable(make, shape, how) {
  const inner = make(shape, { ...how, id: `${how.id}-parts`, isOptional: false });
  inner.element.hidden = true;
  const tick = h("input", { type: "checkbox", id: how.id, on: { change: () => (inner.element.hidden = !tick.checked) } });
  const label = h("label.omittable", {}, tick, ` Give ${how.name.toLowerCase()}`);
  return { element: h("div.fields", {}, label, inner.element), isGroup: true, read: () => (tick.checked ? inner.read() : undefined) };
}

/**
 * Rows that come and go.
 *
 * @param {{ least?: number, most?: number }} shape
 * @param {How} how
 * @param {any[]} initial what is in the first of them
 * @param {(value: any, number: number) => Input} make
 * @returns {{ element: HTMLElement, read: () => any[] | undefined }}
 */
function rows({ least = 0, most = LONGEST_LIST }, { id, isOptional, name }, initial, make) {
  /** @type {{ element: HTMLElement, input: Input }[]} */
  let all = [];
  let count = 0;
  const items = h("ol.items", { id });
  const more = h("button.small", { type: "button", on: { click: () => add(undefined).querySelector("input, select, textarea")?.focus() } }, "Add one");
  const add = (/** @type {any} */ value) => {
    const input = make(value, ++count);
    const element = h("li", {}, input.element);
    const entry = { element, input };
    const remove = () => {
      all = all.filter((each) => each !== entry);
      element.remove();
      more.disabled = false;
      more.focus();
    };
    element.append(h("button.small", { type: "button", "aria-label": `Remove ${name.toLowerCase()} ${count}`, on: { click: remove } }, "×"));
    all.push(entry);
    items.append(element);
    more.disabled = all.length >= most;
    return element;
  };
  set(more, "aria-label", `Add one to ${name.toLowerCase()}`);
  initial.slice(0, most).forEach(add);
  return {
    element: h("div", {}, items, more),
    read() {
      if (all.length === 0 && isOptional) return undefined;
      if (all.length < least) throw new GivenError(`${name}: at least ${least}`, more);
      return readAll(all.map(({ input }) => () => input.read()));
    },
  };
}

/**
 * @param {Extract<Shape, { kind: "list" }>} shape
 * @param {How} how
 * @returns {Input}
 */
function list(shape, how) {
  const initial = Array.isArray(how.initial) ? how.initial : Array(shape.least ?? 0).fill(undefined);
  const make = (/** @type {any} */ value, /** @type {number} */ number) => {
    const name = `${how.name} ${number}`;
    return named(inputOf(shape.of, { id: `given-${++ids}`, initial: value, isOptional: false, name }), name);
  };
  return { ...rows(shape, how, initial, make), isGroup: true };
}

/**
 * @param {Extract<Shape, { kind: "map" }>} shape
 * @param {How} how
 * @returns {Input}
 */
function map(shape, how) {
  const make = (/** @type {any} */ entry, /** @type {number} */ number) => {
    const key = h("input", { type: "text", dir: "auto", value: entry?.[0] ?? "", placeholder: "name", "aria-label": `${how.name} ${number}, its name`, autocomplete: "off" });
    const name = `${how.name} ${number}`;
    const value = named(inputOf(shape.of, { id: `given-${++ids}`, initial: entry?.[1], isOptional: false, name }), name);
    return { element: h("div.entry", {}, key, value.element), read: () => [key.value, value.read(), key] };
  };
  const inner = rows(shape, how, Object.entries(how.initial ?? {}), make);
  return {
    element: inner.element,
    isGroup: true,
    read() {
      const entries = inner.read();
      const names = new Set();
      for (const [name, , key] of entries ?? []) {
        if (names.has(name)) throw new GivenError(`${how.name}: ${JSON.stringify(name)} is there twice`, key);
        names.add(name);
      }
      return entries === undefined ? undefined : Object.fromEntries(entries.map(([name, value]) => [name, value]));
    },
  };
}

/**
 * @param {Extract<Shape, { kind: "row" }>} shape
 * @param {How} how
 * @returns {Input}
 */
function row({ of }, { id, initial, name }) {
  const inputs = of.map((each, index) => {
    const part = `${name} ${index + 1}`;
    return named(inputOf(each, { id: `${id}-${index}`, initial: initial?.[index], isOptional: false, name: part }), part);
  });
  return { element: h("div.row", { id }, inputs.map(({ element }) => element)), isGroup: true, read: () => readAll(inputs.map(({ read }) => read)) };
}

/**
 * @param {Extract<Shape, { kind: "group" }>} shape
 * @param {How} how
 * @returns {Input}
 */
function group({ fields }, { id, initial }) {
  const inner = form(fields.map((field) => ({ ...field, initial: initial?.[field.name] ?? field.initial })));
  inner.element.id = id;
  return { element: inner.element, isGroup: true, read: inner.read };
}

/**
 * @param {Extract<Shape, { kind: "either" }>} shape
 * @param {How} how
 * @returns {Input}
 */
function either({ options }, how) {
  const parts = options.map(({ shape, name }, index) => {
    const label = `${how.name}, ${name}`;
    return named(inputOf(shape, { ...how, id: `${how.id}-${index}`, name: label, isOptional: false, initial: undefined }), label);
  });
  const which = h("select", { "aria-label": `${how.name}: which kind`, on: { change: () => sync() } }, options.map(({ name }, index) => h("option", { value: index }, name)));
  const sync = () => parts.forEach(({ element }, index) => (element.hidden = index !== Number(which.value)));
  sync();
  return { element: h("div.fields.either", { id: how.id }, which, parts.map(({ element }) => element)), isGroup: true, read: () => parts[Number(which.value)].read() };
}

/**
 * Read a form, and show what is wrong with what was given.
 *
 * @template T
 * @param {() => T} read
 * @param {Element} place where to say what has no place of its own
 * @returns {T | null} null where something is wrong
 */
export function readOrSay(read, place) {
  try {
    const value = read();
    say(place, "");
    return value;
  } catch (error) {
    if (!(error instanceof GivenError)) throw error;
    say(place, error.isTold ? "" : error.message);
    error.place.focus();
    return null;
  }
}
