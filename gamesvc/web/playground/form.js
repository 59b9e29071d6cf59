/** Forms made of shapes: what a command takes, or what a game can be created with. */

import { h, say } from "./dom.js";
import { titled } from "./schema.js";

/** @typedef {import("./schema.js").Shape} Shape */
/** @typedef {import("./schema.js").Field} Field */

/** What was given can't be sent. */
export class GivenError extends Error {
  /**
   * @param {string} message
   * @param {HTMLElement} [place] where to mend it
   */
  constructor(message, place) {
    super(message);
    this.place = place;
  }
}

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
      const given = parts.map(({ field, input }) => [field.name, input.read()]);
      return Object.fromEntries(given.filter(([, value]) => value !== undefined));
    },
  };
}

function labelled(field) {
  const id = `given-${++ids}`;
  const isOptional = !field.isRequired || field.isNullable;
  const input = inputOf(field.shape, { id, initial: field.initial, isOptional, name: titled(field.name) });
  const hint = field.description === "" ? null : h("small", { id: `${id}-hint` }, field.description);
  const label = h("label", { for: id }, titled(field.name), field.isRequired || field.initial !== undefined ? null : h("i", {}, " optional"));
  if (input.isGroup) {
    return { ...input, element: h("fieldset.field", {}, h("legend", {}, titled(field.name)), hint, input.element) };
  }
  const isFlag = field.shape.kind === "flag";
  const both = isFlag ? [input.element, label] : [label, input.element];
  return { ...input, element: h(`div.field${isFlag ? ".flag" : ""}`, {}, both, hint) };
}

/**
 * @param {Shape} shape
 * @param {{ id: string, initial?: any, isOptional: boolean, name: string }} how
 * @returns {{ element: any, read: () => any, isGroup?: boolean }}
 */
function inputOf(shape, how) {
  switch (shape.kind) {
    case "text":
      return text(shape, how);
    case "number":
      return number(shape, how);
    case "flag":
      return flag(how);
    case "choice":
      return choice(shape, how);
    case "constant":
      return { element: h("code", { id: how.id }, JSON.stringify(shape.value)), read: () => shape.value };
    case "list":
      return list(shape, how);
    case "row":
      return row(shape, how);
    case "group":
      return group(shape, how);
    default:
      return json(how);
  }
}

/** @param {any} shape @param {any} how */
function text({ pattern, least, most }, { id, initial, isOptional, name }) {
  const long = most === undefined || most > 200;
  const element = h("input", {
    id,
    type: "text",
    value: initial ?? "",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: long ? null : "false",
    maxlength: most,
    placeholder: pattern === undefined ? null : `as ${pattern}`,
  });
  return {
    element,
    read() {
      const value = element.value;
      if (value === "" && isOptional) return undefined;
      if (least !== undefined && value.length < least) throw new GivenError(`${name}: at least ${least} characters`, element);
      if (pattern !== undefined && !matches(pattern, value)) throw new GivenError(`${name}: it has to match ${pattern}`, element);
      return value;
    },
  };
}

function matches(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true; // it is the server's, and of another dialect: so let the server judge
  }
}

/** @param {any} shape @param {any} how */
function number({ whole, least, most }, { id, initial, isOptional, name }) {
  const element = h("input", {
    id,
    type: "number",
    value: initial ?? "",
    min: least,
    max: most,
    step: whole ? 1 : "any",
    inputmode: whole ? "numeric" : "decimal",
  });
  return {
    element,
    read() {
      if (element.value === "" && isOptional && !element.validity.badInput) return undefined;
      const value = element.valueAsNumber;
      if (!element.validity.valid || Number.isNaN(value)) {
        const from = least === undefined ? "" : ` from ${least}`;
        const to = most === undefined ? "" : ` to ${most}`;
        throw new GivenError(`${name}: a ${whole ? "whole " : ""}number${from}${to}`, element);
      }
      return value;
    },
  };
}

/** @param {any} how */
function flag({ id, initial }) {
  const element = h("input", { id, type: "checkbox", checked: initial === true });
  return { element, read: () => element.checked };
}

/** @param {any} shape @param {any} how */
function choice({ choices }, { id, initial, isOptional }) {
  const none = isOptional && initial === undefined ? [h("option", { value: "" }, "–")] : [];
  const options = choices.map((each, index) => h("option", { value: index, selected: each === initial }, String(each)));
  const element = h("select", { id }, none, options);
  return { element, read: () => (element.value === "" ? undefined : choices[Number(element.value)]) };
}

/** @param {any} shape @param {any} how */
function list({ of, least = 0, most = LONGEST_LIST }, { id, initial, isOptional, name }) {
  /** @type {{ element: HTMLElement, input: ReturnType<typeof inputOf> }[]} */
  let rows = [];
  const items = h("ol.items", { id });
  const more = h("button.small", { type: "button", on: { click: () => add(undefined) } }, "Add one");
  const add = (value) => {
    const input = inputOf(of, { id: `given-${++ids}`, initial: value, isOptional: false, name });
    const element = h("li", {}, input.element);
    const entry = { element, input };
    const remove = () => {
      rows = rows.filter((each) => each !== entry);
      element.remove();
      more.disabled = false;
    };
    element.append(h("button.small", { type: "button", "aria-label": `Remove one of ${name}`, on: { click: remove } }, "×"));
    rows.push(entry);
    items.append(element);
    more.disabled = rows.length >= most;
  };
  const first = Array.isArray(initial) ? initial : Array(least).fill(undefined);
  first.slice(0, most).forEach(add);
  return {
    element: h("div", {}, items, more),
    isGroup: true,
    read() {
      if (rows.length === 0 && isOptional) return undefined;
      if (rows.length < least) throw new GivenError(`${name}: at least ${least}`, more);
      return rows.map(({ input }) => input.read());
    },
  };
}

/** @param {any} shape @param {any} how */
function row({ of }, { id, initial, name }) {
  const inputs = of.map((each, index) => {
    return inputOf(each, { id: `${id}-${index}`, initial: initial?.[index], isOptional: false, name: `${name} ${index + 1}` });
  });
  return {
    element: h("div.row", { id }, inputs.map(({ element }) => element)),
    isGroup: true,
    read: () => inputs.map((input) => input.read()),
  };
}

/** @param {any} shape @param {any} how */
function group({ fields }, { id, initial, isOptional }) {
  const inner = form(fields.map((field) => ({ ...field, initial: initial?.[field.name] ?? field.initial })));
  inner.element.id = id;
  return {
    element: inner.element,
    isGroup: true,
    read() {
      const value = inner.read();
      return isOptional && Object.keys(value).length === 0 ? undefined : value;
    },
  };
}

/** @param {any} how */
function json({ id, initial, isOptional, name }) {
  const element = h("textarea", { id, rows: 3, spellcheck: "false", placeholder: "JSON" });
  if (initial !== undefined) element.value = JSON.stringify(initial);
  return {
    element,
    read() {
      if (element.value.trim() === "" && isOptional) return undefined;
      try {
        return JSON.parse(element.value);
      } catch {
        throw new GivenError(`${name}: write it as JSON`, element);
      }
    },
  };
}

/**
 * Read a form, and show what is wrong with what was given.
 *
 * @template T
 * @param {() => T} read
 * @param {Element} place where to say it
 * @returns {T | null} null where something is wrong
 */
export function readOrSay(read, place) {
  try {
    const value = read();
    say(place, "");
    return value;
  } catch (error) {
    if (!(error instanceof GivenError)) throw error;
    say(place, error.message);
    error.place?.focus();
    return null;
  }
}
