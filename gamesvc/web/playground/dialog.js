/** Dialogs: they keep the focus, and go with Escape. */

import { h } from "./dom.js";

let count = 0;

/**
 * Show one.
 *
 * @param {string} title
 * @param {(close: () => void) => (Node | string | null)[]} fill what is in it
 * @param {{ kind?: string, closed?: () => void }} [how]
 * @returns {() => void} closes it
 */
export function dialog(title, fill, { kind = "", closed = () => {} } = {}) {
  const id = `dialog-${++count}`;
  const close = () => element.close();
  const element = h(
    `dialog${kind ? `.${kind}` : ""}`,
    {
      "aria-labelledby": id,
      on: {
        close() {
          element.remove();
          closed();
        },
        // A click on what lies beside it.
        click(/** @type {MouseEvent} */ event) {
          if (event.target === element) close();
        },
      },
    },
    h(
      "div.sheet",
      {},
      h("header", {}, h("h2", { id }, title), h("button.small.quiet", { type: "button", "aria-label": "Close", on: { click: close } }, "×")),
      fill(close),
    ),
  );
  document.body.append(element);
  element.showModal();
  return close;
}

/**
 * Ask whether something is meant that can't be taken back.
 *
 * @param {string} title the question
 * @param {string} text what comes of it
 * @param {string} yes what the button says that does it
 * @returns {Promise<boolean>} false also where the dialog is closed
 */
export function confirmed(title, text, yes) {
  return new Promise((resolve) => {
    const end = (/** @type {boolean} */ answer) => {
      resolve(answer);
      close();
    };
    const close = dialog(
      title,
      () => [
        h("p", {}, text),
        h(
          "div.buttons",
          {},
          h("button.primary", { type: "button", on: { click: () => end(false) } }, "No, play on"),
          h("button", { type: "button", on: { click: () => end(true) } }, yes),
        ),
      ],
      { closed: () => resolve(false) },
    );
  });
}
