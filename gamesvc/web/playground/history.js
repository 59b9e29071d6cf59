/** The slider through the moments that a seat has seen. */

import { h, say, set } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./seat.js").Seat} Seat */

export class History {
  #seat;
  #slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "The game so far", on: { input: () => this.#look(Number(this.#slider.value)) } });
  #when = h("output");
  element = h(
    "div.history",
    { role: "group", "aria-label": "History" },
    this.#step("first", "To the beginning", () => 0),
    this.#step("back", "One back", (at) => at - 1),
    this.#slider,
    this.#step("forth", "One forth", (at) => at + 1),
    this.#step("last", "To now", () => Infinity),
    this.#when,
  );

  /** @param {Seat} seat whose history it is */
  constructor(seat) {
    this.#seat = seat;
  }

  /** Show where one looks. */
  show() {
    const { recorder, lookingAt } = this.#seat;
    const count = recorder.moments.length;
    this.element.classList.toggle("none", count < 2);
    const at = lookingAt ?? count - 1;
    set(this.#slider, "max", Math.max(0, count - 1));
    if (Number(this.#slider.value) !== at) this.#slider.value = String(at);
    const moment = recorder.moments[at];
    say(this.#when, lookingAt === null ? "now" : moment === undefined ? "" : `#${moment.seq}`);
    set(this.#slider, "aria-valuetext", lookingAt === null ? "now" : `${at + 1} of ${count}, after event ${moment?.seq ?? 0}`);
  }

  /** @param {number} at */
  #look(at) {
    this.#seat.look(at >= this.#seat.recorder.moments.length - 1 ? null : at);
  }

  /**
   * @param {Parameters<typeof icon>[0]} name
   * @param {string} label
   * @param {(at: number) => number} where
   */
  #step(name, label, where) {
    const step = () => {
      const { lookingAt, recorder } = this.#seat;
      this.#look(where(lookingAt ?? recorder.moments.length - 1));
    };
    return h("button.small.quiet", { type: "button", "aria-label": label, title: label, on: { click: step } }, icon(name));
  }
}
