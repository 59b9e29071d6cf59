/** A link that others are sent, and sit down by. */

import { dialog } from "./dialog.js";
import { h, say, toast } from "./dom.js";

const ONLY_HERE = /^(localhost|127\.|\[::1\])/;

/**
 * Copy it, or show it where the browser does not let the page do so.
 *
 * @param {string} url
 * @param {string} title of what one is invited to
 */
export async function copyInvite(url, title) {
  try {
    await navigator.clipboard.writeText(url);
    toast(`The link is copied: send it to whom you like.${reach()}`, "good");
  } catch {
    showInvite(url, title);
  }
}

/**
 * Show it.
 *
 * @param {string} url
 * @param {string} title of what one is invited to
 */
export function showInvite(url, title) {
  const field = h("input", { type: "text", readonly: true, value: url, "aria-label": "The link", on: { focus: () => field.select() } });
  const copied = h("p.hint", { role: "status" }, `Who opens it sits down here.${reach()}`);
  const copy = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(url);
      say(copied, `Copied. Send it to whom you like.${reach()}`);
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

/** What nobody thinks of who tries it out. */
function reach() {
  return ONLY_HERE.test(location.host) ? " It works on this computer: in another browser, or a private window." : "";
}
