/** The pieces of chess, drawn. */

import { svg } from "../dom.js";

/** @type {Record<string, string>} */
export const NAMES = { p: "pawn", n: "knight", b: "bishop", r: "rook", q: "queen", k: "king" };

const FOOT = "M12 43v-3.500c0-1.500 1-2.500 2.500-2.500h19c1.500 0 2.500 1 2.500 2.500V43z";

/** Each is made of outlines, and of lines upon them. @type {Record<string, string[]>} */
const OUTLINES = {
  p: ["M24 8.500a6.500 6.500 0 0 1 4.200 11.500h2.800v3h-3.600c.6 6 2.100 10 4.600 14H16c2.500-4 4-8 4.600-14H17v-3h2.800A6.500 6.500 0 0 1 24 8.500z"],
  r: ["M13 8h5.500v4h3V8h5v4h3V8H35v8.500l-3.500 3V32l3 5h-21l3-5V19.500l-3.500-3z"],
  n: ["M21 6l1.500 4C31 11 36 18 36 28c0 3.500-.5 6-1 9H15.500c0-7 6.500-9 7.500-15.500c-2.500 2-5 2.500-7 5.500c-1 1.500-3 1.500-4.500 0c-1.500-1.400-2-3.200-1-5L16 12.500c.4-2.500 2-5 5-6.500z"],
  b: ["M24 4.500a2.700 2.700 0 0 1 1.600 4.900c5.400 4 8.400 8.600 8.400 13.100c0 3.300-1.600 5.800-4 7.500l1.500 7h-15l1.500-7c-2.400-1.700-4-4.200-4-7.500c0-4.500 3-9.100 8.400-13.100A2.700 2.700 0 0 1 24 4.500z"],
  q: [
    "M13 37l-4.500-19l7 7l1.500-12l4.500 11L24 10.500L26.500 24L31 13l1.500 12l7-7L35 37z",
    "M8.500 13.500a2.400 2.400 0 1 1 0 4.800a2.400 2.400 0 0 1 0-4.800z",
    "M16.500 8.600a2.400 2.400 0 1 1 0 4.800a2.400 2.400 0 0 1 0-4.800z",
    "M24 6.400a2.400 2.400 0 1 1 0 4.800a2.400 2.400 0 0 1 0-4.800z",
    "M31.500 8.600a2.400 2.400 0 1 1 0 4.800a2.400 2.400 0 0 1 0-4.800z",
    "M39.500 13.500a2.400 2.400 0 1 1 0 4.800a2.400 2.400 0 0 1 0-4.800z",
  ],
  k: ["M22.500 4h3v3.500H29v3h-3.500V15c1.500-1.400 3.300-2 5.300-2c4.400 0 7.700 3.200 7.700 7.600c0 6-4.500 9-5 16.400h-19c-.5-7.400-5-10.400-5-16.400c0-4.400 3.300-7.600 7.700-7.600c2 0 3.800.6 5.300 2v-4.500H19v-3h3.500z"],
};

/** @type {Record<string, string>} */
const LINES = {
  p: "",
  r: "M16.500 19.500h15M16.500 32h15",
  n: "M19.500 15.500l1.500.8",
  b: "M24 15v8M20.500 19h7M18 30h12",
  q: "M13.500 31.500h21",
  k: "M24 16c-2 4-2 8 0 12c2-4 2-8 0-12M15.500 31.500h17",
};

/**
 * A piece.
 *
 * @param {string} letter as FEN writes it: upper case is White
 * @returns {SVGElement}
 */
export function piece(letter) {
  const name = letter.toLowerCase();
  return svg(
    `svg.piece.${letter === name ? "black" : "white"}`,
    { viewBox: "0 0 48 48", "aria-hidden": "true" },
    OUTLINES[name].map((d) => svg("path.body", { d })),
    svg("path.body", { d: FOOT }),
    svg("path.line", { d: LINES[name] }),
  );
}
