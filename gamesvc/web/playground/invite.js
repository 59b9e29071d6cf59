/** A link that others are sent, and sit down by. */

import { dialog } from "./dialog.js";
import { h, say } from "./dom.js";

/**
 * Show it.
 *
 * @param {string} url
 * @param {string} title of what one is invited to
 */
export function showInvite(url, title) {
  const field = h("input", { type: "text", readonly: true, value: url, "aria-label": "The link", on: { focus: () => field.select() } });
  const copied = h("p.hint", { role: "status" }, "Who opens it sits down here.");
  const copy = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(url);
      say(copied, "Copied. Send it to whom you like.");
    } catch {
      say(copied, "Copy it from the field: the browser does not let the page do so.");
    }
  };
  const share = () => navigator.share({ title, url }).catch(() => {});
  const canShare = typeof navigator.share === "function";
  dialog("Invite somebody", () => [
    h(
      "div.invite",
      {},
      field,
      h("button.primary", { type: "button", on: { click: copy } }, "Copy"),
      canShare && h("button", { type: "button", on: { click: share } }, "Share"),
    ),
    copied,
  ]);
  field.focus();
}
