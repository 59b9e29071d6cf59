/** Arena: fly with the keys, or towards a finger. */

import { h, say } from "../dom.js";
import { COLOURS, colourOf } from "../words.js";

const SIZE = 1000;
const STEER_MS = 90;
/** In a second. */
const TICKS = 20;
/** How far from the ship a finger steers at full speed. */
const FULL = 120;
const TRAIL = 14;
/** How long a ship takes for most of the way to where it should be, in milliseconds. */
const EASE_MS = 39;
/** A ship that is further off than this was set somewhere else, and did not fly there. */
const LEAP = 120;

const INKS = ["arena-ground", "arena-line", "arena-dot", "arena-ink"];

/** @type {Record<string, number[]>} */
const LETTERS = { KeyW: [0, -1], KeyS: [0, 1], KeyA: [-1, 0], KeyD: [1, 0] };
/** @type {Record<string, number[]>} */
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** @param {import("./index.js").Table} table */
export function create(table) {
  /** @type {import("../seat.js").View | null} */
  let view = null;
  const held = new Set();
  /** @type {{ x: number, y: number } | null} where a finger is, in the arena */
  let finger = null;
  let steered = "0 0";
  let steeredAt = -Infinity;
  let shownAt = performance.now();
  /** @type {Map<string, { x: number, y: number, trail: { x: number, y: number }[] }>} */
  const drawn = new Map();
  /** @type {{ x: number, y: number, at: number, colour: string }[]} */
  let sparks = [];
  /** @type {Record<string, string>} */
  let colours = {};
  let frame = 0;
  let paintedAt = performance.now();
  /** What part of the way to where it should be a ship goes in this frame. */
  let eased = 1;

  const canvas = h("canvas", {
    width: SIZE,
    height: SIZE,
    tabindex: 0,
    role: "application",
    "aria-label": "The arena. Fly with the arrow keys or with W, A, S and D.",
  });
  const scores = h("ol.scores", { "aria-label": "Dots collected" });
  const land = h("button.small", { type: "button", on: { click: () => table.send("land") } }, "Land");
  const hint = h("p.hint");
  const element = h("div.arena", {}, h("div.sky", {}, h("div.square", {}, canvas)), h("div.arena-side", {}, scores, hint, land));
  const pen = canvas.getContext("2d");
  /** Whether it is a phone or a tablet, which has no keys. */
  const isTouched = matchMedia("(hover: none) and (pointer: coarse)");
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

  /** Where several play at one keyboard, one has the letters and one the arrows. @returns {Record<string, number[]>} */
  function keys() {
    if (table.places() < 2) return { ...LETTERS, ...ARROWS };
    return table.place() === 0 ? LETTERS : table.place() === 1 ? ARROWS : {};
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    const target = /** @type {Partial<Element>} */ (event.target);
    const isTyping = target.closest?.("input, textarea, select, dialog, [role=grid], [role=tablist], [role=slider]") !== null;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.code in keys()) || view?.player === null) return;
    event.preventDefault();
    held.add(event.code);
    steer();
  }

  /** @param {KeyboardEvent} event */
  function released(event) {
    if (held.delete(event.code)) steer();
  }

  function wanted() {
    const ship = view?.state.ships?.[view.player ?? ""];
    if (finger !== null && ship !== undefined) {
      const [dx, dy] = [finger.x - ship.x, finger.y - ship.y];
      const strength = Math.max(FULL, Math.hypot(dx, dy));
      return [dx / strength, dy / strength];
    }
    if (finger !== null) return [0, 0.01];
    const all = keys();
    const [x, y] = [...held].reduce(([x, y], code) => [x + (all[code]?.[0] ?? 0), y + (all[code]?.[1] ?? 0)], [0, 0]);
    const strength = Math.max(1, Math.hypot(x, y));
    return [x / strength, y / strength];
  }

  function steer() {
    if (view === null || view.player === null || !view.isLive || !view.isOpen) return;
    const [x, y] = wanted().map((each) => Math.round(each * 100) / 100);
    const now = performance.now();
    if (`${x} ${y}` === steered || now - steeredAt < STEER_MS) return;
    steered = `${x} ${y}`;
    steeredAt = now;
    table.send("steer", { x, y });
  }

  /** @param {PointerEvent} event */
  function pointed(event) {
    if (event.type === "pointerdown") {
      canvas.setPointerCapture(event.pointerId);
      canvas.focus();
    } else if (event.type === "pointermove" && finger === null) return;
    const box = canvas.getBoundingClientRect();
    const isOver = event.type === "pointerup" || event.type === "pointercancel";
    finger = isOver ? null : { x: ((event.clientX - box.left) / box.width) * SIZE, y: ((event.clientY - box.top) / box.height) * SIZE };
    steer();
  }

  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) canvas.addEventListener(name, pointed);
  const blurred = () => {
    held.clear();
    steer();
  };
  document.addEventListener("keydown", pressed);
  document.addEventListener("keyup", released);
  window.addEventListener("blur", blurred);

  /** The colours of the page, for the canvas. */
  function readColours() {
    // What they come to: a canvas knows no properties, nor which of a light and a dark one is meant.
    const probes = [...INKS, ...Array.from({ length: COLOURS }, (_, seat) => `seat-${seat}`)].map((name) => h(`i.${name}`));
    canvas.parentElement?.append(...probes);
    colours = Object.fromEntries(probes.map((probe) => [probe.className, getComputedStyle(probe).color]));
    for (const probe of probes) probe.remove();
  }

  function paint() {
    frame = requestAnimationFrame(paint);
    steer();
    if (pen === null || view === null || !canvas.isConnected) return;
    fit();
    const now = performance.now();
    eased = 1 - Math.exp((paintedAt - now) / EASE_MS);
    paintedAt = now;
    const { ships = {}, dots = {} } = view.state;
    const ahead = view.isLive && view.isOpen ? Math.min((now - shownAt) / 1000, 3 / TICKS) : 0;
    pen.fillStyle = colours["arena-ground"];
    pen.fillRect(0, 0, SIZE, SIZE);
    pen.strokeStyle = colours["arena-line"];
    pen.lineWidth = 2;
    pen.beginPath();
    for (let at = 100; at < SIZE; at += 100) {
      pen.moveTo(at, 0);
      pen.lineTo(at, SIZE);
      pen.moveTo(0, at);
      pen.lineTo(SIZE, at);
    }
    pen.stroke();
    const beat = isCalm.matches ? 0 : Math.sin(now / 300);
    for (const { x, y } of Object.values(dots)) disc(x, y, 9 + beat, colours["arena-dot"]);
    for (const [name, ship] of Object.entries(ships)) paintShip(name, ship, ahead);
    for (const name of drawn.keys()) if (ships[name] === undefined) drawn.delete(name);
    sparks = sparks.filter(({ at }) => now - at < 400);
    for (const { x, y, at, colour } of sparks) {
      pen.globalAlpha = 1 - (now - at) / 400;
      pen.strokeStyle = colour;
      pen.lineWidth = 4;
      pen.beginPath();
      pen.arc(x, y, 14 + (now - at) / 8, 0, 2 * Math.PI);
      pen.stroke();
      pen.globalAlpha = 1;
    }
  }

  /**
   * @param {string} name
   * @param {{ x: number, y: number, vx: number, vy: number }} ship
   * @param {number} ahead for how long it has flown on since that was so, in seconds
   */
  function paintShip(name, ship, ahead) {
    if (pen === null || view === null) return;
    const aim = { x: ship.x + ship.vx * ahead, y: ship.y + ship.vy * ahead };
    const before = drawn.get(name);
    const isNear = before !== undefined && Math.hypot(aim.x - before.x, aim.y - before.y) < LEAP;
    const at = isNear ? { x: before.x + (aim.x - before.x) * eased, y: before.y + (aim.y - before.y) * eased } : aim;
    const trail = isNear && !isCalm.matches ? [...before.trail, at].slice(-TRAIL) : [];
    drawn.set(name, { ...at, trail });
    const colour = colours[colourOf(name, flyers(view))] ?? colours["arena-ink"];
    trail.forEach((each, index) => {
      if (pen === null) return;
      pen.globalAlpha = (index / TRAIL) * 0.35;
      disc(each.x, each.y, 4 + (index / TRAIL) * 9, colour);
      pen.globalAlpha = 1;
    });
    const isStill = Math.hypot(ship.vx, ship.vy) < 5;
    pen.save();
    pen.translate(at.x, at.y);
    pen.rotate(isStill ? -Math.PI / 2 : Math.atan2(ship.vy, ship.vx));
    pen.fillStyle = colour;
    pen.strokeStyle = colours["arena-ink"];
    pen.lineWidth = name === view.player ? 5 : 2.5;
    pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(24, 0);
    pen.lineTo(-16, 16);
    pen.lineTo(-9, 0);
    pen.lineTo(-16, -16);
    pen.closePath();
    pen.fill();
    pen.stroke();
    pen.restore();
    pen.fillStyle = colours["arena-ink"];
    pen.font = "600 22px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.fillText(name, at.x, at.y < 60 ? at.y + 48 : at.y - 28, 220);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {string} colour
   */
  function disc(x, y, radius, colour) {
    if (pen === null) return;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
  }

  /** As many points as the screen has. */
  function fit() {
    const points = Math.round(Math.min(1600, Math.max(200, canvas.clientWidth * devicePixelRatio)));
    if (canvas.width !== points) canvas.width = canvas.height = points;
    pen?.setTransform(points / SIZE, 0, 0, points / SIZE, 0, 0);
  }

  const themes = new MutationObserver(readColours);
  themes.observe(document.documentElement, { attributes: true });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", readColours);
  requestAnimationFrame(readColours);
  frame = requestAnimationFrame(paint);

  return {
    element,
    names: flyers,
    /** @param {import("../seat.js").View} next */
    show(next) {
      if (next.state !== view?.state) shownAt = performance.now();
      const before = view?.state.ships ?? {};
      view = next;
      const ships = Object.entries(next.state.ships ?? {});
      for (const [name, ship] of ships) {
        if (next.isLive && before[name] !== undefined && ship.score > before[name].score && !isCalm.matches) {
          sparks.push({ x: ship.x, y: ship.y, at: performance.now(), colour: colours[colourOf(name, flyers(next))] ?? "" });
        }
      }
      const ranked = ships.map(([name, ship]) => ({ name, score: ship.score })).sort((one, other) => other.score - one.score);
      const written = ranked.map(({ name, score }) => `${name} ${score}`).join("\n");
      if (scores.dataset.written !== written) {
        scores.dataset.written = written;
        scores.replaceChildren(
          ...ranked.map(({ name, score }) =>
            h(`li.${colourOf(name, flyers(next))}`, { vars: { "--part": score / 25 } }, h("i.disc"), h("span.name", {}, name), h("b", {}, String(score))),
          ),
        );
      }
      const mine = next.player !== null && next.state.ships?.[next.player] !== undefined;
      land.hidden = !mine || !next.isLive;
      const names = keys() === LETTERS ? "W, A, S and D" : keys() === ARROWS ? "the arrow keys" : "the arrow keys or W, A, S and D";
      const hasKeys = Object.keys(keys()).length > 0 && !isTouched.matches;
      const how = hasKeys ? `${names}, or hold and drag in the arena` : "a finger or the mouse";
      say(hint, next.player === null ? "25 dots win the round." : mine ? `Fly with ${how}. 25 dots win the round.` : `Start with ${how}.`);
    },
    /** @param {any} event */
    describe(event) {
      if (event.event === "Collected") return `${event.player} has ${event.score}`;
      if (event.event === "Won") return `${event.player} wins the round`;
      return null;
    },
    close() {
      cancelAnimationFrame(frame);
      themes.disconnect();
      dark.removeEventListener("change", readColours);
      document.removeEventListener("keydown", pressed);
      document.removeEventListener("keyup", released);
      window.removeEventListener("blur", blurred);
    },
  };
}

/** Who has a ship, in the order in which they came. @param {import("../seat.js").View} view */
function flyers(view) {
  return Object.keys(view.state.ships ?? {});
}
