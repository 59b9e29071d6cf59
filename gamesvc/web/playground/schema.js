/** What a JSON Schema asks for, as far as a form can ask for it. It knows of no page. */

/**
 * A shape that a form can be made of.
 *
 * @typedef {(
 *   | { kind: "text", pattern?: string, most?: number, least?: number }
 *   | { kind: "number", whole: boolean, least?: number, most?: number, above?: number, below?: number, step?: number }
 *   | { kind: "flag" }
 *   | { kind: "choice", choices: any[] }
 *   | { kind: "constant", value: any }
 *   | { kind: "list", of: Shape, least?: number, most?: number }
 *   | { kind: "row", of: Shape[] }
 *   | { kind: "map", of: Shape, least?: number, most?: number }
 *   | { kind: "group", fields: Field[] }
 *   | { kind: "either", options: { name: string, shape: Shape }[] }
 *   | { kind: "json" }
 * )} Shape
 */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} description
 * @property {boolean} isRequired
 * @property {boolean} isNullable
 * @property {any} [initial] what it is where nothing is given
 * @property {Shape} shape
 */

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} description
 * @property {Field[]} fields its arguments
 */

/** How deep references are followed. */
const DEEPEST = 8;

/**
 * The commands that a document describes: those of the author, and not gamesvc's own.
 *
 * @param {any} root a schema of what players can send, or a document whose `$defs` hold one
 * @returns {Command[]}
 */
export function commandsOf(root) {
  /** @type {Command[]} */
  const found = [];
  const seen = new Set();
  /** @type {(schema: any, depth: number) => void} */
  const look = (schema, depth) => {
    const here = resolved(schema, root);
    if (here === null || depth > DEEPEST) return;
    const name = here.properties?.command?.const;
    if (typeof name === "string") {
      if (!seen.has(name) && !name.startsWith("gamesvc.")) {
        seen.add(name);
        found.push({ name, description: described(here), fields: fieldsOf(here, root, ["command", "id"]) });
      }
      return;
    }
    for (const each of [...(here.anyOf ?? []), ...(here.oneOf ?? [])]) look(each, depth + 1);
  };
  if (root?.$defs?.command !== undefined) look(root.$defs.command, 0);
  look(root, 0);
  return found;
}

/**
 * The members that an object may have.
 *
 * @param {any} schema of the object
 * @param {any} root the document in which references point
 * @param {string[]} [without] names that are not asked for
 * @param {number} [depth] how deep in others it lies
 * @returns {Field[]}
 */
export function fieldsOf(schema, root, without = [], depth = 0) {
  const here = resolved(schema, root) ?? {};
  const required = new Set(here.required ?? []);
  return Object.entries(here.properties ?? {})
    .filter(([name]) => !without.includes(name))
    .map(([name, each]) => {
      const { inner, isNullable } = unwrapped(each, root);
      const field = {
        name,
        description: described(each) || described(inner),
        isRequired: required.has(name),
        isNullable,
        shape: shapeOf(inner, root, depth + 1),
      };
      const initial = each?.default ?? inner?.default;
      return initial === undefined ? field : { ...field, initial };
    });
}

/**
 * What a form asks for.
 *
 * @param {any} schema
 * @param {any} root the document in which references point
 * @param {number} [depth]
 * @returns {Shape}
 */
export function shapeOf(schema, root, depth = 0) {
  const here = resolved(schema, root);
  if (here === null || depth > DEEPEST) return { kind: "json" };
  if (here.const !== undefined) return { kind: "constant", value: here.const };
  if (Array.isArray(here.enum)) {
    // The tag of one of several structures.
    return here.enum.length === 1 ? { kind: "constant", value: here.enum[0] } : { kind: "choice", choices: here.enum };
  }
  const options = here.anyOf ?? here.oneOf;
  if (options !== undefined) {
    /** @type {Shape[]} */
    const shapes = options.map((/** @type {any} */ each) => shapeOf(each, root, depth + 1));
    const choices = shapes.flatMap((each) => (each.kind === "choice" ? each.choices : each.kind === "constant" ? [each.value] : [NO_CHOICE]));
    if (!choices.includes(NO_CHOICE)) return { kind: "choice", choices };
    return { kind: "either", options: shapes.map((shape, index) => ({ name: optionName(shape, resolved(options[index], root)), shape })) };
  }
  switch (here.type) {
    case "string":
      return tidy({ kind: "text", pattern: here.pattern, least: here.minLength, most: here.maxLength });
    case "integer":
    case "number":
      return tidy({
        kind: "number",
        whole: here.type === "integer",
        least: here.minimum,
        most: here.maximum,
        above: here.exclusiveMinimum,
        below: here.exclusiveMaximum,
        step: here.multipleOf,
      });
    case "boolean":
      return { kind: "flag" };
    case "array":
      if (Array.isArray(here.prefixItems)) {
        return { kind: "row", of: here.prefixItems.map((/** @type {any} */ each) => shapeOf(each, root, depth + 1)) };
      }
      if (typeof here.items !== "object" || here.items === null) return { kind: "json" };
      return tidy({ kind: "list", of: shapeOf(here.items, root, depth + 1), least: here.minItems, most: here.maxItems });
    case "object":
      if (here.properties === undefined || Object.keys(here.properties).length === 0) {
        if (here.additionalProperties === false) return { kind: "group", fields: [] };
        if (typeof here.additionalProperties !== "object" || here.additionalProperties === null) return { kind: "json" };
        return tidy({ kind: "map", of: shapeOf(here.additionalProperties, root, depth + 1), least: here.minProperties, most: here.maxProperties });
      }
      return { kind: "group", fields: fieldsOf(here, root, [], depth) };
    default:
      return { kind: "json" };
  }
}

/** Stands for what is no constant. */
const NO_CHOICE = Symbol("no choice");

/**
 * What one of several shapes is called where one has to be chosen.
 *
 * @param {Shape} shape
 * @param {any} schema
 */
function optionName(shape, schema) {
  if (typeof schema?.title === "string") return titled(schema.title);
  switch (shape.kind) {
    case "number":
      return shape.whole ? "a whole number" : "a number";
    case "flag":
      return "yes or no";
    case "constant":
      return String(shape.value);
    case "group":
      return "several parts";
    case "map":
      return "by name";
    default:
      return `a ${shape.kind}`;
  }
}

/**
 * What a description says first: forms have no room for more.
 *
 * @param {any} schema
 */
export function described(schema) {
  const text = schema?.description;
  if (typeof text !== "string") return "";
  return text.split(/\n\s*\n/)[0].replace(/\s+/g, " ").replace(/``?/g, "").trim();
}

/**
 * A name as people write it: `turn_seconds` is "Turn seconds".
 *
 * @param {string} name
 */
export function titled(name) {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[_\-\s]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/**
 * What a schema says that may refer to another one.
 *
 * @param {any} schema
 * @param {any} root the document in which references point
 * @returns {any} null where it says nothing
 */
function resolved(schema, root) {
  let here = schema;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    if (typeof here !== "object" || here === null) return null;
    if (typeof here.$ref !== "string") return here;
    const target = pointed(root, here.$ref);
    const { $ref, ...beside } = here;
    here = target === undefined ? null : { ...target, ...beside };
  }
  return null;
}

/**
 * @param {any} root
 * @param {string} reference
 */
function pointed(root, reference) {
  if (!reference.startsWith("#")) return undefined;
  let here = root;
  for (const part of reference.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return undefined;
    here = here[name];
  }
  return here;
}

/**
 * What may also be null is asked for as if it might not, and left out.
 *
 * @param {any} schema
 * @param {any} root the document in which references point
 */
function unwrapped(schema, root) {
  const here = resolved(schema, root) ?? {};
  const options = here.anyOf ?? here.oneOf;
  if (Array.isArray(options)) {
    const rest = options.filter((each) => resolved(each, root)?.type !== "null");
    if (rest.length < options.length && rest.length === 1) return { inner: rest[0], isNullable: true };
    if (rest.length < options.length) return { inner: { ...here, anyOf: rest, oneOf: undefined }, isNullable: true };
  }
  if (Array.isArray(here.type) && here.type.includes("null")) {
    const rest = here.type.filter((/** @type {string} */ each) => each !== "null");
    return { inner: { ...here, type: rest.length === 1 ? rest[0] : rest }, isNullable: true };
  }
  return { inner: here, isNullable: false };
}

/** @param {any} shape @returns {any} */
function tidy(shape) {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));
}
