/** What one can do at a table, above its seats: invite, sit down once more, watch, have bots play, look at the wire. */

import { cover } from "./covers.js";
import { h, say, set } from "./dom.js";
import { icon } from "./icons.js";
import { counted, kindTitle } from "./words.js";

export class Rail {
  #title = h("h1");
  #lid = h("div.lid");
  #invite;
  #more;
  #watch;
  #wire;
  #bots;
  #waiting;
  #count = h("b");
  #copy;
  element;

  /**
   * @param {object} does
   * @param {() => void} does.invite
   * @param {() => void} does.copyLink
   * @param {() => void} does.sitAnother
   * @param {() => void} does.watch
   * @param {() => void} does.fold
   * @param {(bot: string) => void} does.seatBot
   */
  constructor({ invite, copyLink, sitAnother, watch, fold, seatBot }) {
    this.#invite = tool("link", "Invite", invite);
    this.#more = tool("chair", "Add a seat", sitAnother);
    this.#watch = tool("eye", "Watch", watch);
    this.#wire = tool("wire", "Wire", fold);
    set(this.#wire, "aria-controls", "wire");
    const seat = () => {
      const bot = this.#bots.value;
      this.#bots.value = "";
      if (bot !== "") seatBot(bot);
    };
    this.#bots = h("select.bots", { "aria-label": "Seat a bot", on: { change: seat } });
    this.#copy = h("button.primary", { type: "button", on: { click: copyLink } }, icon("link"), "Copy a link");
    this.#waiting = h("p.waiting", { role: "status", hidden: true }, h("span", {}, this.#count, h("span.how", {}, "Send a link, or have a bot play.")), this.#copy);
    this.element = h(
      "header.rail",
      {},
      this.#lid,
      this.#title,
      h("div.tools", {}, this.#invite, this.#more, this.#bots, this.#watch, this.#wire),
      this.#waiting,
    );
  }

  /** The bot that is asked first, if there are any. @returns {string | undefined} */
  get firstBot() {
    return /** @type {HTMLOptionElement | undefined} */ (this.#bots.options[1])?.value;
  }

  /** @param {readonly string[]} bots that can play this game */
  offerBots(bots) {
    this.#bots.replaceChildren(h("option", { value: "" }, "Add a bot"), ...bots.map((bot) => h("option", { value: bot }, bot)));
  }

  /** @param {boolean} isFolded whether the wire is */
  showFolded(isFolded) {
    set(this.#wire, "aria-expanded", String(!isFolded));
  }

  /**
   * @param {string} kindName what is played; empty where that is not known yet
   * @param {import("./offer.js").Offer} offer
   * @param {boolean} isHere whether anybody of this page is at the table
   */
  show(kindName, { invites, addsSeat, addsBot, watches, missing }, isHere) {
    say(this.#title, kindTitle(kindName || "table"));
    if (this.#lid.dataset.kind !== kindName) this.#lid.replaceChildren(cover(kindName));
    this.#lid.dataset.kind = kindName;
    this.#invite.hidden = !invites;
    this.#more.hidden = !addsSeat;
    this.#bots.hidden = !addsBot || this.firstBot === undefined;
    this.#watch.hidden = !watches;
    this.#wire.hidden = !isHere;
    const isWaiting = missing > 0 && invites && isHere;
    this.#waiting.hidden = !isWaiting;
    if (isWaiting) {
      say(this.#count, `Waiting for ${counted(missing, "more player")}.`);
      const how = this.#bots.hidden ? "Send a link to whom you like." : "Send a link, or add a bot.";
      say(/** @type {Element} */ (this.#count.nextElementSibling), how);
    }
  }
}

/**
 * @param {Parameters<typeof icon>[0]} face
 * @param {string} says
 * @param {() => void} does
 */
function tool(face, says, does) {
  return h("button", { type: "button", title: says, on: { click: does } }, icon(face), h("span", {}, says));
}
