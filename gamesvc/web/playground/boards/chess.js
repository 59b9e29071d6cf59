/** Chess: moved by two taps, by dragging, or with the keyboard; with clocks. */

import { h, say, set } from "../dom.js";
import { Grid } from "../grid.js";
import { clocked, colourOf } from "../words.js";
import { NAMES, piece } from "./chess_pieces.js";
import { chess } from "./rebuilding.js";

const FILES = "abcdefgh";
const PROMOTIONS = ["q", "r", "b", "n"];
const CLOCK_MS = 100;
/** How far a piece is carried before it is a drag, in pixels. */
const DRAG = 6;
const AFTER_DRAG_MS = 100;

/** @typedef {import("../grid.js").Cell} Cell */

/** @param {import("./index.js").Table} table */
export function create(table) {
  /** @type {import("../seat.js").View | null} */
  let view = null;
  /** @type {string | null} */
  let chosen = null;
  /** @type {(string | null)[]} what each cell shows */
  let drawn = Array(64).fill(null);
  /** How far the server's clock is ahead of ours, in seconds; null where nothing is known of it. @type {number | null} */
  let ahead = null;
  /** @type {number | null | undefined} */
  let since;
  let draggedAt = -Infinity;
  let wasTurned = false;

  const grid = new Grid({ rows: 8, columns: 8, label: "Chess", kind: "chessboard", choose: (cell) => clicked(cell) });
  /** @param {Cell} cell */
  const squareOf = ({ row, column }) => `${FILES[column]}${8 - row}`;
  /** @param {string} square */
  const cellOf = (square) => grid.cell(8 - Number(square[1]), FILES.indexOf(square[0]));

  const promotion = h("div.promotion", { hidden: true, role: "group", "aria-label": "Promote to" });
  const top = side();
  const bottom = side();
  const moves = h("ol.moves", { "aria-label": "Moves", tabindex: 0 });
  const offered = h("p.offer", { role: "status" });
  /** @type {(text: string, command: string) => HTMLButtonElement} */
  const button = (text, command) => h("button.small", { type: "button", on: { click: () => table.send(command) } }, text);
  const buttons = {
    accept: button("Accept the draw", "accept_draw"),
    decline: button("Decline", "decline_draw"),
    offer: button("Offer a draw", "offer_draw"),
    claim: button("Claim a draw", "claim_draw"),
    resign: button("Resign", "resign"),
  };
  const controls = h("div.controls", {}, offered, Object.values(buttons));
  const element = h(
    "div.chess",
    {},
    h("div.chess-table", {}, top.element, h("div.square", {}, grid.element, promotion), bottom.element),
    h("div.chess-side", {}, moves, controls),
  );
  const ticking = setInterval(() => clocks(), CLOCK_MS);
  for (const cell of grid.cells) {
    const square = squareOf(cell);
    cell.element.classList.add((cell.row + cell.column) % 2 === 0 ? "light" : "dark");
    set(cell.element, "data-square", square);
  }
  drags();

  /** The moves of the piece that stands there. @type {(square: string) => string[]} */
  const targets = (square) => (view?.legal ?? []).map((each) => each.uci).filter((uci) => uci.startsWith(square));

  /** @param {Cell} cell */
  function clicked(cell) {
    // A click that ends a drag is none of its own.
    if (performance.now() - draggedAt > AFTER_DRAG_MS) choose(squareOf(cell));
  }

  /** @param {string} square */
  function choose(square) {
    if (view === null || !view.isLive) return;
    closePromotion();
    const found = chosen === null ? [] : targets(chosen).filter((uci) => uci.slice(2, 4) === square);
    if (found.length === 1) move(found[0]);
    else if (found.length > 1) askPromotion(found);
    else {
      chosen = chosen !== square && targets(square).length > 0 ? square : null;
      marks();
    }
  }

  /** @param {string} uci such as e2e4 */
  function move(uci) {
    chosen = null;
    closePromotion();
    marks();
    table.send("move", { uci });
  }

  /** @param {string[]} found the moves among which to choose */
  function askPromotion(found) {
    const white = view?.player === view?.state.white;
    const wanted = PROMOTIONS.map((letter) => found.find((uci) => uci[4] === letter)).filter((uci) => uci !== undefined);
    promotion.replaceChildren(
      ...wanted.map((uci) => {
        const letter = white ? uci[4].toUpperCase() : uci[4];
        return h("button", { type: "button", "aria-label": NAMES[uci[4]], on: { click: () => move(uci) } }, piece(letter));
      }),
    );
    promotion.hidden = false;
    promotion.firstElementChild?.focus();
  }

  function closePromotion() {
    promotion.hidden = true;
  }

  function marks() {
    if (view === null) return;
    const { state, legal } = view;
    const reached = new Set(chosen === null ? [] : targets(chosen).map((uci) => uci.slice(2, 4)));
    const movable = new Set(legal.map((each) => each.uci.slice(0, 2)));
    const last = Object.values(state.moves ?? {}).at(-1) ?? "";
    const san = view.events.findLast(({ event }) => event.event === "Moved")?.event.san ?? "";
    const turn = (state.fen ?? "").split(" ")[1] === "b" ? "k" : "K";
    for (const cell of grid.cells) {
      const square = squareOf(cell);
      const letter = drawn[cell.row * 8 + cell.column];
      const { classList } = cell.element;
      classList.toggle("chosen", square === chosen);
      classList.toggle("reached", reached.has(square));
      classList.toggle("taken", reached.has(square) && letter !== null);
      classList.toggle("last", last.slice(0, 2) === square || last.slice(2, 4) === square);
      classList.toggle("checked", letter === turn && /[+#]$/.test(san));
      const isOpen = reached.has(square) || movable.has(square);
      const what = letter === null ? "empty" : `${letter === letter.toLowerCase() ? "black" : "white"} ${NAMES[letter.toLowerCase()]}`;
      const more = square === chosen ? ", chosen" : reached.has(square) ? ", can be reached" : "";
      grid.name(cell, `${square}: ${what}${more}`, isOpen);
    }
  }

  function clocks() {
    if (view === null) return;
    const { clock, white, black } = view.state;
    const seconds = clock?.seconds ?? {};
    const isTurned = view.player !== null && view.player === black;
    for (const [part, name, colour] of [
      [isTurned ? top : bottom, white, "white"],
      [isTurned ? bottom : top, black, "black"],
    ]) {
      const runs = clock?.running === name && typeof clock?.since === "number" && view.isLive && !view.isFinished;
      const spent = runs ? Math.max(0, Date.now() / 1000 + (ahead ?? 0) - clock.since) : 0;
      const left = (seconds[name] ?? (view.state.minutes ?? 0) * 60) - spent;
      say(part.name, name || "nobody yet");
      set(part.disc, "class", `disc ${colourOf(name, view.players)} ${colour}`);
      say(part.clock, clocked(left));
      part.element.classList.toggle("running", runs);
      part.clock.classList.toggle("short", runs && left < 20);
    }
  }

  /**
   * A clock began to run when we heard of it or a little before, which says how ours goes beside the server's.
   *
   * @param {number | null} begun when, in seconds since the epoch
   */
  function heard(begun) {
    if (begun === since || view?.isLive === false) return;
    if (since !== undefined && begun !== null) ahead = Math.max(ahead ?? -Infinity, begun - Date.now() / 1000);
    since = begun;
  }

  function history() {
    const sans = view?.events.filter(({ event }) => event.event === "Moved").map(({ event }) => event.san) ?? [];
    const ucis = Object.values(view?.state.moves ?? {});
    const written = sans.length === ucis.length ? sans : ucis;
    if (moves.dataset.written === written.join(" ")) return;
    moves.dataset.written = written.join(" ");
    const rows = [];
    for (let at = 0; at < written.length; at += 2) {
      rows.push(h("li", {}, h("span", {}, written[at]), h("span", {}, written[at + 1] ?? "")));
    }
    moves.replaceChildren(...rows);
    moves.scrollTop = moves.scrollHeight;
  }

  /** Pieces can be carried. */
  function drags() {
    /** @type {{ square: string, ghost: HTMLElement | null, x: number, y: number } | null} */
    let carried = null;
    /** @param {PointerEvent} event */
    const under = (event) => {
      const element = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-square]");
      return element?.getAttribute("data-square") ?? undefined;
    };
    grid.element.addEventListener("pointerdown", (/** @type {PointerEvent & { target: Partial<Element> }} */ event) => {
      const square = event.target.closest?.("[data-square]")?.getAttribute("data-square") ?? undefined;
      if (square === undefined || event.button !== 0 || targets(square).length === 0) return;
      carried = { square, ghost: null, x: event.clientX, y: event.clientY };
    });
    grid.element.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (carried === null) return;
      if (carried.ghost === null) {
        if (Math.hypot(event.clientX - carried.x, event.clientY - carried.y) < DRAG) return;
        const original = cellOf(carried.square).element;
        const picture = original.querySelector(".piece");
        if (picture === null) return;
        grid.element.setPointerCapture(event.pointerId);
        carried.ghost = h("div.carried", { vars: { "--size": `${original.offsetWidth}px` } }, picture.cloneNode(true));
        document.body.append(/** @type {HTMLElement} */ (carried.ghost));
        original.classList.add("lifted");
        chosen = carried.square;
        marks();
      }
      if (carried.ghost !== null) carried.ghost.style.translate = `${event.clientX}px ${event.clientY}px`;
    });
    /** @param {PointerEvent} event */
    const drop = (event) => {
      if (carried === null) return;
      const { ghost, square } = carried;
      carried = null;
      if (ghost === null) return;
      ghost.remove();
      cellOf(square).element.classList.remove("lifted");
      const target = event.type === "pointerup" ? under(event) : undefined;
      draggedAt = performance.now();
      if (target !== undefined && target !== square) choose(target);
    };
    grid.element.addEventListener("pointerup", drop);
    grid.element.addEventListener("pointercancel", drop);
  }

  return {
    element,
    /** @param {import("../seat.js").View} next */
    show(next) {
      view = next;
      const { state, player, isFinished, isLive } = view;
      const letters = lettersOf(state.fen ?? "8/8/8/8/8/8/8/8");
      letters.forEach((letter, index) => {
        if (letter === drawn[index]) return;
        grid.cells[index].element.replaceChildren(...(letter === null ? [] : [piece(letter)]));
      });
      drawn = letters;
      const isTurned = player !== null && player === state.black;
      if (isTurned !== wasTurned) grid.element.classList.toggle("turned", isTurned);
      wasTurned = isTurned;
      if (chosen !== null && targets(chosen).length === 0) chosen = null;
      if (view.legal.length === 0) closePromotion();
      heard(state.clock?.since ?? null);
      marks();
      clocks();
      history();
      const plays = player !== null && isLive && !isFinished && (state.white ?? "") !== "";
      const offer = state.offer ?? null;
      say(offered, offer === null ? "" : offer === player ? "You offer a draw." : `${offer} offers a draw.`);
      buttons.accept.hidden = buttons.decline.hidden = !(plays && offer !== null && offer !== player);
      buttons.offer.hidden = !(plays && offer === null);
      buttons.claim.hidden = !(plays && view.legal.length > 0 && Object.keys(state.moves ?? {}).length >= 8);
      buttons.resign.hidden = !plays;
    },
    rebuild: chess,
    /** @param {any} event */
    describe(event) {
      if (event.event === "Moved") return `${event.player} moves ${event.san}`;
      if (event.event === "DrawOffered") return `${event.player} offers a draw`;
      if (event.event === "DrawDeclined") return `${event.player} declines the draw`;
      return null;
    },
    close() {
      clearInterval(ticking);
    },
  };
}

function side() {
  const disc = h("span.disc");
  const name = h("span.name");
  const clock = h("span.clock", { role: "timer" });
  return { element: h("div.player", {}, disc, name, clock), disc, name, clock };
}

/** What stands on each cell, from a8 to h1. @param {string} fen */
function lettersOf(fen) {
  return [...fen.split(" ")[0].replaceAll("/", "")].flatMap((each) => (/\d/.test(each) ? Array(Number(each)).fill(null) : [each]));
}
