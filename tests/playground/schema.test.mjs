import assert from "node:assert/strict";
import { test } from "node:test";
import { commandsOf, described, fieldsOf, shapeOf, titled } from "../../gamesvc/web/playground/schema.js";

const ROOT = {
  anyOf: [{ $ref: "#/$defs/command.place" }, { $ref: "#/$defs/command.gamesvc.leave" }],
  $defs: {
    "command.place": {
      type: "object",
      description: "Place your ships.\n\nAll at once.",
      properties: {
        command: { const: "place" },
        id: { type: "string" },
        ships: { type: "array", items: { $ref: "#/$defs/type.Ship" }, maxItems: 5 },
        suit: { anyOf: [{ enum: ["C", "D"] }, { type: "null" }], default: null },
      },
      required: ["command", "ships"],
    },
    "command.gamesvc.leave": { type: "object", properties: { command: { const: "gamesvc.leave" } } },
    "type.Ship": {
      type: "object",
      properties: { name: { enum: ["carrier"] }, across: { type: "boolean", default: true } },
      required: ["name"],
    },
    "type.Node": { type: "object", properties: { next: { $ref: "#/$defs/type.Node" } } },
  },
};

test("a game's own commands are found, with their arguments", () => {
  const [place, ...others] = commandsOf(ROOT);
  assert.deepEqual(others, []);
  assert.equal(place.name, "place");
  assert.equal(place.description, "Place your ships.");
  const [ships, suit] = place.fields;
  assert.deepEqual([ships.name, ships.isRequired, ships.shape.kind, ships.shape.most], ["ships", true, "list", 5]);
  assert.deepEqual(ships.shape.of.fields.map(({ name, initial }) => [name, initial]), [["name", undefined], ["across", true]]);
  assert.deepEqual([suit.isRequired, suit.isNullable, suit.shape, suit.initial], [false, true, { kind: "choice", choices: ["C", "D"] }, undefined]);
});

test("a whole document does as well", () => {
  assert.deepEqual(commandsOf({ $defs: { ...ROOT.$defs, command: { anyOf: ROOT.anyOf } } }).map(({ name }) => name), ["place"]);
  assert.deepEqual(commandsOf({}), []);
  assert.deepEqual(commandsOf({ not: {} }), []);
});

test("shapes", () => {
  const shape = (schema) => shapeOf(schema, ROOT);
  assert.deepEqual(shape({ type: "integer", minimum: 0, maximum: 8 }), { kind: "number", whole: true, least: 0, most: 8 });
  assert.deepEqual(shape({ type: "number" }), { kind: "number", whole: false });
  assert.deepEqual(shape({ type: "string", pattern: "^a$" }), { kind: "text", pattern: "^a$" });
  assert.deepEqual(shape({ type: "boolean" }), { kind: "flag" });
  assert.deepEqual(shape({ const: 3 }), { kind: "constant", value: 3 });
  assert.deepEqual(shape({ anyOf: [{ const: 1 }, { enum: [2, 3] }] }), { kind: "choice", choices: [1, 2, 3] });
  assert.deepEqual(shape({ type: "array", prefixItems: [{ type: "boolean" }, { type: "boolean" }] }).of.length, 2);
  assert.deepEqual(shape({}), { kind: "json" });
  assert.deepEqual(shape({ $ref: "#/$defs/type.Missing" }), { kind: "json" });
});

test("a type that holds itself ends somewhere", () => {
  assert.equal(shapeOf({ $ref: "#/$defs/type.Node" }, ROOT).kind, "group");
});

test("a type may be null in two ways", () => {
  const [field] = fieldsOf({ properties: { name: { type: ["string", "null"] } } }, {});
  assert.deepEqual([field.isNullable, field.shape], [true, { kind: "text" }]);
});

test("words", () => {
  assert.equal(titled("turn_seconds"), "Turn seconds");
  assert.equal(titled("komiPoints"), "Komi points");
  assert.equal(described({ description: "One\n  line, of ``code``.\n\nMore." }), "One line, of code.");
  assert.equal(described({}), "");
});

test("one of several structures is chosen, each by its tag", () => {
  const root = {
    $defs: {
      "type.Circle": { title: "Circle", type: "object", properties: { type: { enum: ["circle"] }, radius: { type: "number", exclusiveMinimum: 0 } } },
      "type.Box": { title: "Box", type: "object", properties: { type: { enum: ["box"] } } },
    },
  };
  const shape = shapeOf({ anyOf: [{ $ref: "#/$defs/type.Circle" }, { $ref: "#/$defs/type.Box" }] }, root);
  assert.equal(shape.kind, "either");
  assert.deepEqual(shape.options.map(({ name }) => name), ["Circle", "Box"]);
  const [tag, radius] = shape.options[0].shape.fields;
  assert.deepEqual([tag.shape, radius.shape], [{ kind: "constant", value: "circle" }, { kind: "number", whole: false, above: 0 }]);
});

test("of plain types that might be meant, too", () => {
  const shape = shapeOf({ anyOf: [{ type: "integer", multipleOf: 2 }, { type: "string" }] }, {});
  assert.deepEqual(shape, {
    kind: "either",
    options: [
      { name: "a whole number", shape: { kind: "number", whole: true, step: 2 } },
      { name: "a text", shape: { kind: "text" } },
    ],
  });
});

test("what is named by whoever gives it", () => {
  const shape = shapeOf({ type: "object", additionalProperties: { type: "integer" }, maxProperties: 3 }, {});
  assert.deepEqual(shape, { kind: "map", of: { kind: "number", whole: true }, most: 3 });
  assert.deepEqual(shapeOf({ type: "object" }, {}), { kind: "json" });
});
