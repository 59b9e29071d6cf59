/** Battleship: the sea on which one shoots, and one's own with the fleet. */

import { h, say, set } from "../dom.js";
import { Grid } from "../grid.js";
import { colourOf } from "../words.js";
import { cellsOf, FLEET, fits, nameOf, randomFleet, SIZE } from "./fleet.js";
import { battleship } from "./rebuilding.js";

/** @typedef {import("../grid.js").Cell} Cell */

/** @param {import("./index.js").Table} table */
export function create(table) {
  /** @type {import("../seat.js").View | null} */
  let view = null;
  /** @type {import("./fleet.js").Ship[]} ships that lie where they may be, and are not sent yet */
  let planned = [];
  /** @type {string} the next ship */
  let next = FLEET[0].name;
  let across = true;
  let isSent = false;

  const target = sea("Their sea", "target", (cell) => shoot(nameOf(cell)));
  const own = sea("Your fleet", "own", (cell) => put(cell), (cell) => preview(cell));
  const choices = FLEET.map(({ name, length }) => {
    const says = { type: "button", role: "radio", "aria-checked": "false", on: { click: () => take(name) } };
    return { name, button: h("button.small", says, h("i.hull", { vars: { "--length": length } }), ` ${name}`) };
  });
  const ships = h("div.ships", { role: "radiogroup", "aria-label": "Ships" }, choices.map(({ button }) => button));
  const rotate = h("button.small", { type: "button", on: { click: () => turn() } }, "Turn", h("span.shortcut", {}, "(R)"));
  const shuffle = h("button.small", { type: "button", on: { click: () => plan(randomFleet()) } }, "Shuffle");
  const clear = h("button.small", { type: "button", on: { click: () => plan([]) } }, "Clear");
  const ready = h("button.primary", { type: "button", on: { click: () => place() } }, "Ready");
  const hint = h("p.hint", { role: "status" });
  const dock = h("div.dock", {}, hint, ships, h("div.controls", {}, rotate, shuffle, clear, ready));
  const element = h("div.battleship", {}, h("div.seas", {}, target.element, own.element), dock);
  own.grid.element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "r" || event.key === "R") turn();
  });
  /** @type {Cell | null} */
  let pointed = null;

  const isPlacing = () =>
    view !== null && view.player !== null && view.isLive && !isSent && view.legal.some((each) => each.command === "place_randomly");

  /** @param {string} cell such as C10 */
  function shoot(cell) {
    if (view?.legal.some((each) => each.command === "shoot" && each.cell === cell)) table.send("shoot", { cell });
  }

  /** @param {import("./fleet.js").Ship[]} fleet */
  function plan(fleet) {
    planned = fleet;
    next = FLEET.find(({ name }) => !planned.some((each) => each.name === name))?.name ?? "";
    draw();
  }

  /** @param {string} name of the ship that is laid next */
  function take(name) {
    next = name;
    draw();
  }

  function turn() {
    across = !across;
    preview(pointed);
  }

  /** @param {Cell} cell */
  function put(cell) {
    if (!isPlacing()) return;
    const at = nameOf(cell);
    const lying = planned.find((ship) => cellsOf(ship).includes(at));
    if (lying !== undefined) {
      // It is taken up again.
      planned = planned.filter((ship) => ship !== lying);
      next = lying.name;
      across = lying.across;
      draw();
      return;
    }
    const ship = { name: next, cell: at, across };
    if (next !== "" && fits(ship, planned)) plan([...planned, ship]);
    else say(hint, "It does not fit there.");
  }

  /** @param {Cell | null} cell */
  function preview(cell) {
    pointed = cell;
    const ship = cell === null || next === "" || !isPlacing() ? null : { name: next, cell: nameOf(cell), across };
    const covered = new Set(ship === null ? [] : cellsOf(ship));
    const isGood = ship !== null && fits(ship, planned);
    for (const each of own.grid.cells) {
      const isCovered = covered.has(nameOf(each));
      each.element.classList.toggle("good", isCovered && isGood);
      each.element.classList.toggle("bad", isCovered && !isGood);
    }
  }

  async function place() {
    if (planned.length < FLEET.length) {
      say(hint, "Place all five ships first, or shuffle them.");
      return;
    }
    isSent = true;
    draw();
    const done = await table.send("place", { ships: planned }).catch(() => undefined);
    isSent = done !== undefined;
    draw();
  }

  function draw() {
    if (view === null) return;
    const { state, player, players, outcome } = view;
    const me = player ?? players[0] ?? "";
    const other = players.find((each) => each !== null && each !== me) ?? "";
    const placing = isPlacing();
    const mine = outcome?.fleets?.[me] ?? state.fleets?.[me] ?? (isSent || placing ? planned : []);
    const theirs = outcome?.fleets?.[other] ?? [];
    const open = new Set(view.legal.filter((each) => each.command === "shoot").map((each) => each.cell));
    const shots = view.events.filter(({ event }) => event.event === "Shot").map(({ event }) => event);
    const last = shots.at(-1);
    for (const [part, whose, ships, hits, gunner] of [
      [target, other, theirs, state.hits?.[me] ?? {}, me],
      [own, me, mine, state.hits?.[other] ?? {}, other],
    ]) {
      say(part.title, part === target ? other === "" ? "Their sea" : `${other}'s sea` : player === null && me !== "" ? `${me}'s sea` : "Your fleet");
      part.element.className = `sea ${part === target ? "target" : "own"} ${colourOf(whose, players)}`;
      const lies = new Map(/** @type {import("./fleet.js").Ship[]} */ (ships).flatMap((ship) => cellsOf(ship).map((cell, index, all) => [cell, { ship, index, all }])));
      const sunk = new Set(shots.filter((shot) => shot.player === gunner && shot.sunk).map((shot) => shot.sunk));
      for (const cell of part.grid.cells) {
        const name = nameOf(cell);
        const ship = lies.get(name);
        const hit = hits[name];
        const isSunk = ship !== undefined && sunk.has(ship.ship.name);
        const { classList } = cell.element;
        classList.toggle("ship", ship !== undefined);
        classList.toggle("down", ship !== undefined && !ship.ship.across);
        classList.toggle("bow", ship !== undefined && ship.index === 0);
        classList.toggle("stern", ship !== undefined && ship.index === ship.all.length - 1);
        classList.toggle("hit", hit === true);
        classList.toggle("miss", hit === false);
        classList.toggle("sunk", isSunk);
        classList.toggle("last", last !== undefined && last.player === gunner && last.cell === name);
        classList.toggle("open", part === target && open.has(name));
        const what = [ship?.ship.name, hit === true ? "hit" : hit === false ? "missed" : null].filter(Boolean).join(", ");
        part.grid.name(cell, `${name}: ${what || "water"}`, part === target ? open.has(name) : placing);
      }
      const afloat = FLEET.filter(({ name }) => !sunk.has(name));
      part.left.replaceChildren(
        ...FLEET.map(({ name, length }) => {
          const isAfloat = afloat.some((each) => each.name === name);
          return h(`i.hull${isAfloat ? "" : ".gone"}`, { title: `${name}${isAfloat ? "" : ", sunk"}`, vars: { "--length": length } });
        }),
      );
      set(part.left, "aria-label", `${afloat.length} of ${FLEET.length} ships afloat`);
    }
    dock.hidden = !placing;
    element.classList.toggle("placing", placing);
    if (placing) drawDock();
    preview(pointed);
  }

  function drawDock() {
    for (const { name, button } of choices) {
      set(button, "aria-checked", String(next === name));
      button.disabled = planned.some((each) => each.name === name);
    }
    const isAll = planned.length === FLEET.length;
    say(hint, isAll ? "Tap a ship to take it up again." : `Tap where the ${next} begins: it lies ${across ? "to the right" : "downwards"}.`);
    ready.disabled = !isAll;
  }

  return {
    element,
    /** @param {import("../seat.js").View} now */
    show(now) {
      view = now;
      draw();
    },
    rebuild: battleship,
    /** @param {any} event */
    describe(event) {
      if (event.event === "Placed") return `${event.player} has placed their ships`;
      if (event.event !== "Shot") return null;
      const outcome = event.sunk ? `and sinks the ${event.sunk}` : event.hit ? "and hits" : "and misses";
      return `${event.player} shoots at ${event.cell} ${outcome}`;
    },
  };
}

/**
 * @param {string} label
 * @param {string} kind a class
 * @param {(cell: Cell) => void} choose
 * @param {(cell: Cell | null) => void} [point]
 */
function sea(label, kind, choose, point) {
  const grid = new Grid({ rows: SIZE, columns: SIZE, label, kind: "water", choose, point });
  const title = h("h3", {}, label);
  const left = h("div.hulls", { role: "img" });
  const across = h("div.letters", { "aria-hidden": "true" }, [..."ABCDEFGHIJ"].map((each) => h("span", {}, each)));
  const down = h("div.numbers", { "aria-hidden": "true" }, Array.from({ length: SIZE }, (_, row) => h("span", {}, String(row + 1))));
  const chart = h("div.chart", {}, across, down, grid.element);
  return { element: h(`section.sea.${kind}`, {}, h("header", {}, title, left), chart), grid, title, left };
}
