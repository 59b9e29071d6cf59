/** Small drawings for buttons. */

import { svg } from "./dom.js";

const PATHS = {
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  unplug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4M3 3l18 18",
  eye: "M2 12c3-5 6.500-7 10-7s7 2 10 7c-3 5-6.500 7-10 7s-7-2-10-7zM12 9a3 3 0 1 1 0 6a3 3 0 0 1 0-6z",
  cover: "M2 10c3 4 6.500 5.500 10 5.500s7-1.500 10-5.500M5 13.500L3 17M12 15.500V20M19 13.500l2 3.500",
  leave: "M10 4H5v16h5M14 8l4 4l-4 4M18 12H9",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1.500 1.500M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1.500-1.500",
  bot: "M5 9h14v10H5zM12 9V5M9.500 13.500v1.500M14.500 13.500v1.500M2.500 12.500v4M21.500 12.500v4",
  chair: "M7 3v9h10V3M7 12v9M17 12v9M7 16h10",
  first: "M6 5v14M19 5l-9 7l9 7z",
  back: "M16 5l-9 7l9 7z",
  forth: "M8 5l9 7l-9 7z",
  last: "M18 5v14M5 5l9 7l-9 7z",
  sun: "M12 7.500a4.500 4.500 0 1 1 0 9a4.500 4.500 0 0 1 0-9zM12 1.500v3M12 19.500v3M1.500 12h3M19.500 12h3M4.500 4.500l2 2M17.500 17.500l2 2M4.500 19.500l2-2M17.500 6.500l2-2",
  moon: "M20 14a8.500 8.500 0 1 1-10-10a7 7 0 0 0 10 10z",
  half: "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18zM12 3v18M12 8h7M12 12h9M12 16h7",
  wire: "M2 12h4l3-7l5 14l3-7h5",
  again: "M4 12a8 8 0 1 1 2.500 5.800M4 20v-5h5",
  pen: "M4 20l1-4L16 5l3 3L8 19z",
};

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  return svg("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
