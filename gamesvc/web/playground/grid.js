/** A board of cells that can be chosen: with a finger or a mouse, with the arrow keys, and by ear. */

import { h, set } from "./dom.js";

/**
 * @typedef {object} Cell
 * @property {HTMLElement} element
 * @property {number} row
 * @property {number} column
 */

export class Grid {
  /** @type {Cell[]} */
  cells = [];
  #rows;
  #columns;
  #choose;
  #point;

  /**
   * @param {object} how
   * @param {number} how.rows
   * @param {number} how.columns
   * @param {string} how.label what it is
   * @param {(cell: Cell) => void} how.choose
   * @param {(cell: Cell | null) => void} [how.point] told which cell is pointed at, or has the focus
   * @param {string} [how.kind] a class
   */
  constructor({ rows, columns, label, choose, point = () => {}, kind = "" }) {
    this.#rows = rows;
    this.#columns = columns;
    this.#choose = choose;
    this.#point = point;
    const lines = [];
    for (let row = 0; row < rows; row += 1) {
      const line = h("div.line", { role: "row" });
      for (let column = 0; column < columns; column += 1) {
        const element = h("button.cell", { type: "button", role: "gridcell", tabindex: row + column === 0 ? 0 : -1 });
        this.cells.push({ element, row, column });
        line.append(element);
      }
      lines.push(line);
    }
    this.element = h(
      `div.grid${kind ? `.${kind}` : ""}`,
      {
        role: "grid",
        "aria-label": label,
        vars: { "--rows": rows, "--columns": columns },
        on: {
          click: (/** @type {MouseEvent} */ event) => this.#at(event, this.#choose),
          keydown: (/** @type {KeyboardEvent} */ event) => this.#moved(event),
          focusin: (/** @type {FocusEvent} */ event) => this.#at(event, (cell) => this.#arrive(cell)),
          pointerover: (/** @type {PointerEvent} */ event) => this.#at(event, this.#point),
          pointerleave: () => this.#point(null),
          focusout: () => this.#point(null),
        },
      },
      lines,
    );
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  cell(row, column) {
    return this.cells[row * this.#columns + column];
  }

  /**
   * How a cell is read out, and whether it can be chosen.
   *
   * @param {Cell} cell
   * @param {string} label
   * @param {boolean} isOpen
   */
  name(cell, label, isOpen) {
    set(cell.element, "aria-label", label);
    set(cell.element, "aria-disabled", isOpen ? null : "true");
  }

  /**
   * @param {Event} event
   * @param {(cell: Cell) => void} what
   */
  #at(event, what) {
    const target = /** @type {Partial<Element>} */ (event.target);
    const element = target.closest?.(".cell");
    const cell = this.cells.find((each) => each.element === element);
    if (cell !== undefined) what(cell);
  }

  /** @param {Cell} cell */
  #arrive(cell) {
    for (const each of this.cells) set(each.element, "tabindex", each === cell ? 0 : -1);
    this.#point(cell);
  }

  /** @param {KeyboardEvent} event */
  #moved(event) {
    const cell = this.cells.find((each) => each.element === document.activeElement);
    if (cell === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    let { row, column } = cell;
    // On a board that is turned round, left is still left.
    const turn = this.element.classList.contains("turned") ? -1 : 1;
    if (event.key === "ArrowUp") row -= turn;
    else if (event.key === "ArrowDown") row += turn;
    else if (event.key === "ArrowLeft") column -= turn;
    else if (event.key === "ArrowRight") column += turn;
    else if (event.key === "Home") column = turn === 1 ? 0 : this.#columns - 1;
    else if (event.key === "End") column = turn === 1 ? this.#columns - 1 : 0;
    else return;
    event.preventDefault();
    const isInside = row >= 0 && row < this.#rows && column >= 0 && column < this.#columns;
    if (isInside) this.cell(row, column).element.focus();
  }
}
