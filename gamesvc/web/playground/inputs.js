/** What one can give in a form in one go: a text, a number, one of several, yes or no. */

import { h } from "./dom.js";

/** @typedef {import("./schema.js").Shape} Shape */

/**
 * How something is asked for.
 *
 * @typedef {object} How
 * @property {string} id of the element
 * @property {string} name for people
 * @property {boolean} isOptional whether it may be left out
 * @property {any} [initial] what it is at first
 */

/**
 * @typedef {object} Input
 * @property {HTMLElement} element
 * @property {() => any} read what was given; undefined where it was left out. Raises GivenError.
 * @property {boolean} [isGroup] whether it has parts with labels of their own
 */

/** What was given can't be sent. */
export class GivenError extends Error {
  /** Whether it stands where it is to be mended. */
  isTold = false;

  /**
   * @param {string} message
   * @param {HTMLElement} place where to mend it
   */
  constructor(message, place) {
    super(message);
    this.place = place;
  }
}

/**
 * @param {Extract<Shape, { kind: "text" }>} shape
 * @param {How} how
 * @returns {Input}
 */
export function text({ pattern, least, most }, { id, initial, isOptional, name }) {
  const element = h("input", {
    id,
    type: "text",
    dir: "auto",
    value: initial ?? "",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: most === undefined || most > 200 ? null : "false",
    placeholder: pattern === undefined ? null : `as ${pattern}`,
  });
  return {
    element,
    read() {
      const { value } = element;
      if (value === "" && isOptional) return undefined;
      // As the server counts: what looks like one letter may be two to the browser.
      const { length } = [...value];
      if (least !== undefined && length < least) throw new GivenError(`${name}: at least ${least} ${least === 1 ? "character" : "characters"}`, element);
      if (most !== undefined && length > most) throw new GivenError(`${name}: at most ${most} characters, not ${length}`, element);
      if (pattern !== undefined && !matches(pattern, value)) throw new GivenError(`${name}: it has to match ${pattern}`, element);
      return value;
    },
  };
}

/**
 * @param {string} pattern
 * @param {string} value
 */
function matches(pattern, value) {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true; // it is the server's, and of another dialect: so let the server judge
  }
}

/**
 * @param {Extract<Shape, { kind: "number" }>} shape
 * @param {How} how
 * @returns {Input}
 */
export function number(shape, { id, initial, isOptional, name }) {
  const { whole, least, most, above, below, step } = shape;
  const element = h("input", {
    id,
    type: "number",
    value: initial ?? "",
    min: least ?? above,
    max: most ?? below,
    // What lies between the steps is judged below: the browser counts them from the least.
    step: whole ? (step ?? 1) : "any",
    inputmode: (least ?? above ?? -1) < 0 ? null : whole ? "numeric" : "decimal",
  });
  return {
    element,
    read() {
      if (element.value === "" && isOptional && !element.validity.badInput) return undefined;
      const value = element.valueAsNumber;
      if (Number.isNaN(value) || !isWithin(value, shape)) throw new GivenError(`${name}: ${wanted(shape)}`, element);
      if (whole && !Number.isSafeInteger(value)) throw new GivenError(`${name}: too large for this page to send it exactly`, element);
      return value;
    },
  };
}

/**
 * Whether a number is one that is asked for.
 *
 * @param {number} value
 * @param {Extract<Shape, { kind: "number" }>} shape
 */
export function isWithin(value, { whole, least = -Infinity, most = Infinity, above = -Infinity, below = Infinity, step }) {
  if (whole && !Number.isInteger(value)) return false;
  if (step !== undefined && whole && value % step !== 0) return false;
  return value >= least && value <= most && (value > above || above === -Infinity) && (value < below || below === Infinity);
}

/**
 * What number is asked for, in words.
 *
 * @param {Extract<Shape, { kind: "number" }>} shape
 */
export function wanted({ whole, least, most, above, below, step }) {
  const parts = [
    `a ${whole ? "whole " : ""}number`,
    least !== undefined && `from ${least}`,
    above !== undefined && `above ${above}`,
    most !== undefined && `to ${most}`,
    below !== undefined && `below ${below}`,
    step !== undefined && `in steps of ${step}`,
  ];
  return parts.filter((each) => each !== false).join(" ");
}

/**
 * @param {How} how
 * @returns {Input}
 */
export function flag({ id, initial }) {
  const element = h("input", { id, type: "checkbox", checked: initial === true });
  return { element, read: () => element.checked };
}

/**
 * @param {Extract<Shape, { kind: "choice" }>} shape
 * @param {How} how
 * @returns {Input}
 */
export function choice({ choices }, { id, initial, isOptional, name }) {
  const isOpen = initial === undefined || initial === null;
  const none = isOpen && (isOptional || choices.length > 1) ? [h("option", { value: "" }, isOptional ? "–" : "Choose...")] : [];
  const given = choices.map((value, index) => ({ value, index })).filter(({ value }) => value !== null);
  const element = h("select", { id }, none, given.map(({ value, index }) => h("option", { value: index, selected: value === initial }, worded(value))));
  return {
    element,
    read() {
      if (element.value !== "") return choices[Number(element.value)];
      if (isOptional) return undefined;
      if (choices.includes(null)) return null;
      throw new GivenError(`${name}: choose one`, element);
    },
  };
}

/** @param {any} value */
function worded(value) {
  return value === true ? "yes" : value === false ? "no" : String(value);
}

/**
 * @param {Extract<Shape, { kind: "constant" }>} shape
 * @param {How} how
 * @returns {Input}
 */
export function constant({ value }, { id }) {
  return { element: h("output", { id }, String(value)), read: () => value };
}

/**
 * @param {How} how
 * @returns {Input}
 */
export function json({ id, initial, isOptional, name }) {
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
