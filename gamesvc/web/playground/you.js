/** Who one is: a guest by a name of one's own, or somebody with a token of the operator's; and how that is changed. */

import { ApiError } from "./api.js";
import { claimsOf, hasExpired, sinceExpiry } from "./claims.js";
import { dialog } from "./dialog.js";
import { h, say, set, toast } from "./dom.js";
import { icon } from "./icons.js";
import { keepMe, me } from "./keeping.js";
import { anyName, LONGEST_NAME, sentence } from "./words.js";

/** @typedef {import("./api.js").Identity} Identity */

const UNAUTHORIZED = 401;
/** Who has less than this left of their token is given a new one, in milliseconds. */
const ENOUGH_MS = 18 * 3600_000;
const RENEW_MS = 15 * 60_000;

export class You {
  #lobby;
  #about;
  /** @type {Promise<Identity> | null} */
  #asking = null;
  /** The guests who sit on this page. @type {Set<Identity>} */
  #sitting = new Set();
  /** The button that says who one is. */
  element = h("button.you", { type: "button", on: { click: () => this.#change() } }, icon("pen"), h("bdi"));

  /**
   * @param {import("./api.js").Lobby} lobby
   * @param {{ auth: string, issuer: string | null }} about what the lobby says of itself
   */
  constructor(lobby, about) {
    this.#lobby = lobby;
    this.#about = about;
    this.element.hidden = about.auth === "verify";
    // Of a server that was started in another way, on the same address.
    if ((about.auth === "none") !== (me()?.token === null)) keepMe(null);
    this.#show();
    // A tab may be open for days, and a guest's token holds for one.
    setInterval(() => this.#renewAll(), RENEW_MS);
    this.#renewAll();
  }

  /** Whether one may call oneself as one likes. */
  get mayName() {
    return ["none", "guests"].includes(this.#about.auth);
  }

  /** Who one is, if that is known. @returns {Identity | null} */
  get known() {
    return me();
  }

  /** Who one is: a guest, or asked for, where nothing is known. @returns {Promise<Identity>} */
  me() {
    const known = me();
    if (known !== null && !hasExpired(known.token)) return Promise.resolve(known);
    this.#asking ??= (!this.mayName ? this.#askToken("") : known === null ? this.#becomeGuest(null) : this.#comeAgain(known)).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /**
   * Ask the lobby something in one's own name; and under a new token where that is not taken any more.
   *
   * @template T
   * @param {(who: Identity) => Promise<T>} what
   * @returns {Promise<T>}
   */
  async as(what) {
    const who = await this.me();
    try {
      return await what(who);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      if (this.mayName) return what(await this.#comeAgain(who));
      return what(await this.#askToken(sentence(error.message)));
    }
  }

  /**
   * Ask the lobby something for somebody who sits here; and under a new token of theirs where the old one has expired.
   *
   * @template T
   * @param {Identity} who whose token is another one afterwards, where it had to be
   * @param {(who: Identity) => Promise<T>} what
   * @returns {Promise<T>}
   */
  async asSitting(who, what) {
    if (!this.#sitting.has(who)) {
      this.#sitting.add(who);
      await this.#renew(who);
    }
    try {
      return await what(who);
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
    const mine = me();
    const isMe = mine?.player === who.player;
    if (isMe && mine.token !== who.token) {
      // Another window may have a newer one; or one that is as old.
      try {
        const answer = await what(mine);
        who.token = mine.token;
        return answer;
      } catch (error) {
        if (!isUnknown(error)) throw error;
      }
    }
    const renewed = this.mayName ? await this.#lobby.renewed(who) : await this.#askToken(`This is needed for the seat of ${who.player}.`);
    if (renewed.player !== who.player) {
      const why = this.mayName ? "has expired, and the name could not be kept" : `is needed, and this is one of ${renewed.player}`;
      throw new Error(`the token of ${who.player} ${why}`);
    }
    if (isMe) this.#become(renewed);
    who.token = renewed.token;
    return what(who);
  }

  /** Somebody sits here no more. @param {Identity} who */
  release(who) {
    this.#sitting.delete(who);
  }

  /**
   * Somebody else at this screen.
   *
   * @param {string | null} name
   */
  async guest(name) {
    if (!this.mayName) throw new Error("here everybody needs a token of their own: only one seat on this page");
    const wanted = name ?? anyName();
    // Where somebody has the name the lobby makes another one of it.
    const guest = await this.#lobby.guest(wanted);
    // Ours is known to this browser, and may be forgotten by the lobby.
    return guest.player === me()?.player ? this.#lobby.guest(`${wanted.slice(0, LONGEST_NAME - 2)}-2`) : guest;
  }

  /**
   * Be who a token says, as the page of an operator has handed it over; whoever sits here is asked first.
   *
   * @param {string} token
   * @returns {Promise<void>} when that is settled
   */
  takeOver(token) {
    const claims = claimsOf(token);
    if (claims === null || hasExpired(token) || this.#about.issuer === null) {
      const why = this.#about.issuer === null ? "this server takes no tokens of others" : claims === null ? "it is no token" : "it has expired";
      toast(`The token that came with the address does not help: ${why}.`, "bad");
      return Promise.resolve();
    }
    if (me()?.token === token) return Promise.resolve();
    return new Promise((resolve) => {
      const accept = () => {
        this.#become({ player: claims.player, token });
        close();
      };
      const close = dialog(
        "Is this you?",
        () => [h("p", {}, "You were sent here as ", h("b", {}, h("bdi", {}, claims.player)), "."), h("button.primary.large", { type: "button", on: { click: accept } }, "That is me")],
        { closed: resolve },
      );
    });
  }

  /** Have no guest's token of this page expire. */
  async #renewAll() {
    const mine = me();
    if (mine !== null && (await this.#renew(mine)) && me()?.player === mine.player) this.#become(mine);
    for (const who of this.#sitting) await this.#renew(who);
  }

  /**
   * @param {Identity} who is given a new token where the old one does not hold for long
   * @returns {Promise<boolean>} whether there is a new one
   */
  async #renew(who) {
    const left = -sinceExpiry(who.token);
    if (!this.mayName || left <= 0 || left > ENOUGH_MS) return false;
    const { player, token } = await this.#lobby.renewed(who).catch(() => who);
    if (player !== who.player || token === who.token) return false;
    who.token = token;
    return true;
  }

  /** @param {Identity} who one was so far */
  async #comeAgain(who) {
    const again = await this.#lobby.renewed(who);
    if (again.player !== who.player) toast(`You are ${again.player} from now on: the name ${who.player} could not be kept.`);
    this.#become(again);
    return again;
  }

  /** @param {string | null} name */
  async #becomeGuest(name) {
    const who = await this.#lobby.guest(name ?? anyName());
    this.#become(who);
    return who;
  }

  /** @param {Identity} who */
  #become(who) {
    keepMe(who);
    this.#show();
  }

  /**
   * @param {string} why it is asked for, where that is not plain
   * @returns {Promise<Identity>}
   */
  #askToken(why) {
    return new Promise((resolve, reject) => {
      const form = this.#tokenForm((who) => {
        resolve(who);
        close();
      });
      const close = dialog("Who are you?", () => [why !== "" && h("p", {}, why), form], {
        closed: () => reject(new Error("without a token nobody knows who you are")),
      });
      form.querySelector("textarea")?.focus();
    });
  }

  /** @param {(who: Identity) => void} taken */
  #tokenForm(taken) {
    const token = h("textarea", { id: "my-token", rows: 4, spellcheck: "false", autocomplete: "off", "aria-describedby": "my-token-hint my-token-wrong" });
    const wrong = h("p.wrong", { role: "alert", id: "my-token-wrong" });
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      const text = token.value.trim();
      const claims = claimsOf(text);
      if (claims === null) say(wrong, "This is no token: it has three parts with dots between them.");
      else if (hasExpired(text)) say(wrong, "This token has expired.");
      else {
        const who = { player: claims.player, token: text };
        this.#become(who);
        taken(who);
      }
    };
    return h(
      "form.setup",
      { on: { submit } },
      h("label", { for: "my-token" }, "Your identity token"),
      token,
      wrong,
      h("p.hint", { id: "my-token-hint" }, "Of ", h("b", {}, this.#about.issuer ?? "the operator"), ", who can also send you here with it: ", h("code", {}, "/#/as/TOKEN"), "."),
      h("button.primary", {}, "That is me"),
    );
  }

  #change() {
    if (!this.mayName) {
      this.#askToken("").catch(() => {});
      return;
    }
    const input = h("input", { type: "text", id: "my-name", maxlength: LONGEST_NAME, value: me()?.player ?? "", autocomplete: "nickname", dir: "auto" });
    const wrong = h("p.wrong", { role: "alert" });
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name !== "" && name !== me()?.player) {
        try {
          const { player } = await this.#becomeGuest(name);
          toast(`You are ${player} from now on. Where you sit, you stay who you were.`, "good");
        } catch (error) {
          say(wrong, sentence(/** @type {Error} */ (error).message));
          return;
        }
      }
      close();
    };
    const byToken = this.#about.issuer !== null && h("details", {}, h("summary", {}, "I have a token"), this.#tokenForm(() => close()));
    const close = dialog("Your name", () => [h("form.setup", { on: { submit } }, h("label", { for: "my-name" }, "The others see it"), input, wrong, h("button.primary", {}, "That is me")), byToken]);
    input.focus();
    input.select();
  }

  #show() {
    const who = me();
    say(this.element.lastElementChild, who?.player ?? (this.mayName ? "Your name" : "Who are you?"));
    set(this.element, "aria-label", who === null ? "Say who you are" : `You are ${who.player}: change your name`);
  }
}

/**
 * @param {unknown} error
 * @returns {error is ApiError} whether the lobby does not know, or not any more, who asks
 */
function isUnknown(error) {
  return error instanceof ApiError && error.status === UNAUTHORIZED;
}
