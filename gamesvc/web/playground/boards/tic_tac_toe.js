/** Three in a row. */

import { h, svg } from "../dom.js";
import { Grid } from "../grid.js";
import { colourOf } from "../words.js";
import { ticTacToe } from "./rebuilding.js";

const LINES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

/** @param {import("./index.js").Table} table */
export function create(table) {
  const grid = new Grid({
    rows: 3,
    columns: 3,
    label: "Tic-tac-toe",
    kind: "tic-tac-toe",
    choose: ({ row, column }) => table.send("mark", { cell: row * 3 + column }),
  });
  const strike = svg("svg.strike", { viewBox: "0 0 300 300", "aria-hidden": "true" });
  /** @type {(string | null)[]} */
  let drawn = [];
  return {
    element: h("div.square.marks", {}, grid.element, strike),
    /** @param {import("../seat.js").View} view */
    show(view) {
      const marks = view.state.board ?? [];
      const open = new Set(view.legal.map((each) => each.cell));
      grid.cells.forEach((cell, index) => {
        const who = marks[index] ?? null;
        if (drawn[index] !== who) cell.element.replaceChildren(...(who === null ? [] : [mark(who, view.players)]));
        grid.name(cell, `${place(index)}: ${who === null ? "empty" : `${sign(who, view.players)}, ${who}`}`, open.has(index));
      });
      drawn = [...marks];
      const line = LINES.find(([a, b, c]) => marks[a] && marks[a] === marks[b] && marks[a] === marks[c]);
      strike.replaceChildren(...(line === undefined ? [] : [struck(line)]));
    },
    rebuild: ticTacToe,
    /** @param {any} event */
    describe(event) {
      return event.event === "Marked" ? `${event.player} marks ${place(event.cell)}` : null;
    },
  };
}

/** @param {number} cell */
function place(cell) {
  return `${["top", "middle", "bottom"][Math.floor(cell / 3)]} ${["left", "middle", "right"][cell % 3]}`.replace("middle middle", "the middle");
}

/**
 * @param {string} who
 * @param {readonly (string | null)[]} players
 */
function sign(who, players) {
  return players.indexOf(who) === 0 ? "cross" : "ring";
}

/**
 * @param {string} who
 * @param {readonly (string | null)[]} players
 */
function mark(who, players) {
  const isCross = sign(who, players) === "cross";
  const shape = isCross ? svg("path", { d: "M26 26L74 74M74 26L26 74" }) : svg("circle", { cx: 50, cy: 50, r: 26 });
  return svg(`svg.mark.${colourOf(who, players)}`, { viewBox: "0 0 100 100", "aria-hidden": "true" }, shape);
}

/** @param {number[]} line */
function struck(line) {
  const [first, , last] = line;
  const [x1, y1, x2, y2] = [first % 3, Math.floor(first / 3), last % 3, Math.floor(last / 3)].map((each) => each * 100 + 50);
  const [dx, dy] = [Math.sign(x2 - x1) * 32, Math.sign(y2 - y1) * 32];
  return svg("line", { x1: x1 - dx, y1: y1 - dy, x2: x2 + dx, y2: y2 + dy });
}
