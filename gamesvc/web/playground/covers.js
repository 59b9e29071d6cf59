/**
 * The lid of a game's box, laid of painted blocks: squares, discs, quarters and wedges. The games that ship have one of
 * their own; of any other name the same one comes out each time.
 */

import { svg } from "./dom.js";
import { piece } from "./boards/chess_pieces.js";
import { hashed } from "./words.js";

const WIDTH = 120;
const HEIGHT = 80;
const PAINTS = ["seat-0", "seat-1", "seat-2", "seat-3", "seat-4", "seat-5"];

/** @type {(paint: string, cx: number, cy: number, r: number) => SVGElement} */
const disc = (paint, cx, cy, r) => svg(`circle.${paint}`, { cx, cy, r });
/** @type {(paint: string, x: number, y: number, width: number, height: number, rx?: number) => SVGElement} */
const block = (paint, x, y, width, height, rx = 0) => svg(`rect.${paint}`, { x, y, width, height, rx });
/** @type {(paint: string, d: string) => SVGElement} */
const shape = (paint, d) => svg(`path.${paint}`, { d });

/** @type {Record<string, { ground: string, draw: () => SVGElement[] }>} */
const LIDS = {
  "tic-tac-toe": {
    ground: "seat-2",
    draw: () => [
      ...[0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => block("paper", 27 + column * 23, 7 + row * 23, 20, 20, 2))),
      shape("stroke-0", "M32 12l10 10M42 12l-10 10M55 35l10 10M65 35l-10 10M78 58l10 10M88 58l-10 10"),
      ...[[83, 17], [37, 63], [60, 17]].map(([cx, cy]) => svg("circle.stroke-1", { cx, cy, r: 5.5 })),
    ],
  },
  "connect-four": {
    ground: "seat-1",
    draw: () => {
      const lies = ["......", "......", "..2...", ".200..", "20022."].map((line) => [...line]);
      const holes = lies.flatMap((line, row) => line.map((each, column) => disc(each === "." ? "hole" : `seat-${each}`, 20 + column * 16, 8 + row * 16, 6.2)));
      return [...holes, disc("seat-0", 84, -1, 6.2)];
    },
  },
  chess: {
    ground: "seat-4",
    draw: () => {
      const squares = Array.from({ length: 24 }, (_, index) => [index % 6, Math.floor(index / 6)]).filter(([column, row]) => (column + row) % 2 === 0);
      const knight = piece("N");
      const rook = piece("r");
      for (const [each, x, y, size] of /** @type {[SVGElement, number, number, number][]} */ ([[knight, 8, 6, 72], [rook, 62, 22, 54]])) {
        for (const [name, value] of Object.entries({ x, y, width: size, height: size })) each.setAttribute(name, String(value));
      }
      return [...squares.map(([column, row]) => block("shade", column * 20, row * 20, 20, 20)), rook, knight];
    },
  },
  battleship: {
    ground: "seat-1",
    draw: () => [
      disc("seat-2", 94, 22, 12),
      shape("ink", "M22 44h66l-9 16H32z"),
      block("seat-0", 40, 32, 26, 12),
      block("paper", 46, 22, 10, 10),
      ...[0, 1, 2, 3, 4, 5].map((index) => shape("sea", `M${index * 24 - 12} 80v-14a12 12 0 0 0 24 0v14z`)),
    ],
  },
  "crazy-eights": {
    ground: "seat-0",
    draw: () => [
      svg("g", { transform: "rotate(-16 42 46)" }, block("seat-2", 22, 16, 38, 54, 4)),
      svg("g", { transform: "rotate(-2 58 44)" }, block("seat-1", 41, 13, 38, 54, 4)),
      svg("g", { transform: "rotate(13 80 46)" }, block("paper", 60, 13, 38, 54, 4), svg("circle.stroke-ink", { cx: 79, cy: 31, r: 8 }), svg("circle.stroke-ink", { cx: 79, cy: 49, r: 10 })),
    ],
  },
  arena: {
    ground: "ink",
    draw: () => [
      ...[[16, 18], [34, 62], [60, 12], [102, 20], [96, 66], [62, 44], [14, 48]].map(([x, y]) => disc("seat-2", x, y, 3.5)),
      shape("seat-0", "M78 28L50 22L56 33L44 42z"),
      shape("seat-3", "M34 66l26 2l-7-9l9-9z"),
      disc("trail", 38, 48, 4),
      disc("trail", 28, 53, 3),
    ],
  },
  chat: {
    ground: "seat-3",
    draw: () => [
      shape("seat-2", "M16 14h58v28H34L24 54V42h-8z"),
      shape("paper", "M46 32h58v28h-8v12L86 60H46z"),
      disc("ink", 62, 46, 3.5),
      disc("ink", 75, 46, 3.5),
      disc("ink", 88, 46, 3.5),
    ],
  },
  greetings: {
    ground: "seat-5",
    draw: () => [disc("seat-2", 60, 40, 29), disc("ink", 50, 33, 3.5), disc("ink", 70, 33, 3.5), svg("path.stroke-ink", { d: "M44 45a16 14 0 0 0 32 0" })],
  },
};

/**
 * @param {string} kind its name
 * @returns {SVGElement}
 */
export function cover(kind) {
  const lid = Object.hasOwn(LIDS, kind) ? LIDS[kind] : laid(kind);
  return svg(
    "svg.cover",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    block(lid.ground, 0, 0, WIDTH, HEIGHT),
    lid.draw(),
  );
}

/** Six blocks in two rows, as the name has it. @param {string} kind */
function laid(kind) {
  let seed = hashed(kind) || 1;
  /** @param {number} most */
  const draw = (most) => {
    // xorshift, with the high bits, which are the better ones.
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 8) % most;
  };
  const ground = PAINTS[draw(PAINTS.length)];
  const others = [...PAINTS.filter((each) => each !== ground), "paper", "ink"];
  return {
    ground,
    draw: () =>
      Array.from({ length: 6 }, (_, index) => {
        const x = (index % 3) * 40;
        const y = Math.floor(index / 3) * 40;
        const paint = others[draw(others.length)];
        const corners = [[x, y, "40 0", "0 40"], [x + 40, y, "0 40", "-40 0"], [x + 40, y + 40, "-40 0", "0 -40"], [x, y + 40, "0 -40", "40 0"]];
        const [cx, cy] = /** @type {[number, number]} */ (corners[draw(4)]);
        switch (draw(6)) {
          case 0:
            return disc(paint, x + 20, y + 20, 16);
          case 1:
            return shape(paint, quarter(x, y, cx, cy));
          case 2:
            return shape(paint, `M${x} ${y + 40}L${x + 40} ${y + 40}L${cx === x ? x : x + 40} ${y}z`);
          case 3:
            return svg("g", {}, block(paint, x, y, 40, 40), disc(others[draw(others.length)], x + 20, y + 20, 9));
          case 4:
            return shape(paint, `M${x} ${y + 20}a20 20 0 0 1 40 0z M${x} ${y + 40}a20 20 0 0 1 40 0z`);
          default:
            return block(paint, x + 8, y + 8, 24, 24);
        }
      }),
  };
}

/**
 * A quarter of a disc in a block.
 *
 * @param {number} x where the block begins
 * @param {number} y
 * @param {number} cx the corner from which it is drawn
 * @param {number} cy
 */
function quarter(x, y, cx, cy) {
  const dx = cx === x ? 40 : -40;
  const dy = cy === y ? 40 : -40;
  return `M${cx} ${cy}h${dx}A40 40 0 0 ${dx * dy > 0 ? 1 : 0} ${cx} ${cy + dy}z`;
}
