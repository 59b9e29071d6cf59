/** The ships of battleship, and where they may lie. It knows of no page. */

export const SIZE = 10;
const LETTERS = "ABCDEFGHIJ";

export const FLEET = [
  { name: "carrier", length: 5 },
  { name: "battleship", length: 4 },
  { name: "cruiser", length: 3 },
  { name: "submarine", length: 3 },
  { name: "destroyer", length: 2 },
];

/** @typedef {{ name: string, cell: string, across: boolean }} Ship */

/** @param {{ row: number, column: number }} cell */
export function nameOf({ row, column }) {
  return `${LETTERS[column]}${row + 1}`;
}

/**
 * The cells that a ship covers. Those beyond the edge are left out.
 *
 * @param {Ship} ship
 */
export function cellsOf({ name, cell, across }) {
  const length = FLEET.find((each) => each.name === name)?.length ?? 0;
  const column = LETTERS.indexOf(cell[0]);
  const row = Number(cell.slice(1)) - 1;
  const steps = Array.from({ length }, (_, step) => (across ? { row, column: column + step } : { row: row + step, column }));
  return steps.filter((each) => each.row < SIZE && each.column < SIZE).map(nameOf);
}

/**
 * Whether a ship may lie there.
 *
 * @param {Ship} ship
 * @param {Ship[]} others
 */
export function fits(ship, others) {
  const cells = cellsOf(ship);
  const taken = new Set(others.flatMap(cellsOf));
  return cells.length === FLEET.find((each) => each.name === ship.name)?.length && !cells.some((each) => taken.has(each));
}

/**
 * A fleet that lies anyhow.
 *
 * @param {() => number} [random] from 0 up to 1
 * @returns {Ship[]}
 */
export function randomFleet(random = Math.random) {
  /** @type {Ship[]} */
  const fleet = [];
  for (const { name } of FLEET) {
    const places = [];
    for (let row = 0; row < SIZE; row += 1) {
      for (let column = 0; column < SIZE; column += 1) {
        for (const across of [true, false]) places.push({ name, cell: nameOf({ row, column }), across });
      }
    }
    const fitting = places.filter((each) => fits(each, fleet));
    fleet.push(fitting[Math.floor(random() * fitting.length)]);
  }
  return fleet;
}
