/** Connect four: discs that fall. */

import { h, set } from "../dom.js";
import { Grid } from "../grid.js";
import { colourOf } from "../words.js";
import { connectFour } from "./rebuilding.js";

/** @param {import("./index.js").Table} table */
export function create(table) {
  const element = h("div.connect-four");
  /** @type {Grid | null} */
  let grid = null;
  let size = "";
  /** How many discs were shown; null at first, when none is to fall. @type {number | null} */
  let shown = null;

  /** @type {(columns: number, rows: number) => void} */
  const build = (columns, rows) => {
    const all = () => /** @type {Grid} */ (grid).cells;
    grid = new Grid({
      rows,
      columns,
      label: "Connect four",
      kind: "rack",
      choose: ({ column }) => table.send("drop", { column }),
      point: (pointed) => all().forEach((cell) => cell.element.classList.toggle("aimed", cell.column === pointed?.column)),
    });
    for (const cell of all()) cell.element.append(h("span.disc"));
    element.style.setProperty("--columns", String(columns));
    element.style.setProperty("--rows", String(rows));
    element.replaceChildren(grid.element);
    shown = null;
  };

  return {
    element,
    /** @param {import("../seat.js").View} view */
    show(view) {
      const { columns = [], height = 6 } = view.state;
      if (columns.length === 0) return;
      if (size !== `${columns.length} ${height}`) build(columns.length, height);
      size = `${columns.length} ${height}`;
      const board = /** @type {Grid} */ (grid);
      const open = new Set(view.legal.map((each) => each.column));
      const won = new Set(/** @type {number[][]} */ (view.outcome?.row ?? []).map(([column, up]) => `${column} ${up}`));
      const count = columns.flat().length;
      const last = view.events.findLast(({ event }) => event.event === "Dropped")?.event;
      for (const cell of board.cells) {
        const up = height - 1 - cell.row;
        const who = columns[cell.column][up] ?? null;
        const isNext = who === null && up === columns[cell.column].length && open.has(cell.column);
        const isLast = who !== null && last?.column === cell.column && last?.row === up;
        const disc = /** @type {HTMLElement} */ (cell.element.firstElementChild);
        const isNew = isLast && shown !== null && count === shown + 1;
        const falls = isNew || (isLast && disc.classList.contains("falls") && count === shown);
        set(disc, "class", `disc ${colourOf(who, view.players)}${falls ? " falls" : ""}${won.has(`${cell.column} ${up}`) ? " won" : ""}`);
        disc.style.setProperty("--from", String(cell.row + 1));
        const { classList } = cell.element;
        classList.toggle("next", isNext);
        classList.toggle("last", isLast);
        if (isNext) cell.element.style.setProperty("--mine", `var(--${colourOf(view.player, view.players)})`);
        const what = who === null ? "empty" : who;
        board.name(cell, `column ${cell.column + 1}, row ${up + 1}: ${what}`, open.has(cell.column));
      }
      shown = count;
    },
    rebuild: connectFour,
    /** @param {any} event */
    describe(event) {
      return event.event === "Dropped" ? `${event.player} drops into column ${event.column + 1}` : null;
    },
  };
}
