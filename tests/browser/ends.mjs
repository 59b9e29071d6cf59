/** Two browsers play each game that ships to its end, or as long as it takes where it has none. */

import assert from "node:assert/strict";
import { drop, hands, isOver, mark, move, ownCells, placeAnyhow, placeInRows, playAny, shoot } from "./games.mjs";
import { agree, ALONE, counts, create, enter, follow, invite, isSeated, OPEN, seat, shows, UNHURRIED } from "./playing.mjs";

/** @typedef {import("./run.mjs").World} World */

/** @param {World} world */
export async function ticTacToe(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Tic tac toe");
  await enter(bob, game, "open", "Sit down");
  const [one, other] = hands(ada, bob);
  for (const [player, cell] of /** @type {const} */ ([[one, 4], [other, 0], [one, 2], [other, 1], [one, 6]])) await mark(player, cell);
  await shows(ada, "You win");
  await shows(bob, "Ada wins");
  // It is told first that the game is over, and then what the board is like.
  await counts(bob.page.locator(".strike line"), 1);
  assert.equal((await agree([ada, bob], game)).filter(({ event }) => event === "Marked").length, 5);
  // Whoever wants to play again finds the other one there, and who asks first has the first move.
  await bob.page.getByRole("button", { name: "Play again" }).click();
  await bob.page.waitForURL((url) => url.hash.startsWith("#/g/") && !url.hash.endsWith(game));
  await ada.page.getByRole("button", { name: "Play again" }).click();
  await ada.page.waitForURL(bob.page.url());
  await isSeated(ada);
  await isSeated(bob);
  await mark(other, 0);
  await mark(one, 4);
}

/** The game of an author's, which the page has no board for, by its forms alone. @param {World} world */
export async function authorsGame(world) {
  const [ada, bob] = await Promise.all([world.visitor("Ada"), world.visitor("Bob")]);
  const game = await create(ada, "Tic tac toe");
  await enter(bob, game, "open", "Sit down");
  const mark = async (visitor, cell) => {
    const form = seat(visitor.page).locator("form.command");
    await form.getByLabel("Cell").fill(String(cell));
    await form.getByRole("button", { name: "Mark", exact: true }).click();
  };
  const refusal = seat(bob.page).locator(".notes .refusal");
  // After some seconds it would go by itself, and nobody could tell what made it go.
  await bob.page.evaluate(() => {
    const { setTimeout } = window;
    window.setTimeout = /** @type {any} */ ((what, ms) => (ms === 5000 ? 0 : setTimeout(what, ms)));
  });
  await mark(bob, 0);
  await refusal.getByText("It is not your turn.").waitFor();
  for (const [index, cell] of [4, 0, 2, 1, 6].entries()) {
    await mark(index % 2 === 0 ? ada : bob, cell);
    for (const visitor of [ada, bob]) await visitor.until(() => visitor.state?.moves === index + 1, "the move");
    if (index === 1) await refusal.and(bob.page.locator(":empty")).waitFor({ state: "attached" });
  }
  await shows(ada, "You win");
  await shows(bob, "Ada wins");
  await agree([ada, bob], game);
}

/** @param {World} world */
export async function connectFour(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Connect four");
  await follow(bob, await invite(ada));
  const [one, other] = hands(ada, bob);
  for (let round = 0; round < 3; round += 1) {
    await drop(one, 3);
    await drop(other, round + 4);
  }
  await drop(one, 3);
  await shows(ada, "You win");
  await shows(bob, "Ada wins");
  // The discs that won.
  await counts(bob.page.locator(".disc.won"), 4);
  await agree([ada, bob], game);
}

/** @param {World} world */
export async function chess(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Chess");
  await follow(bob, await invite(ada));
  const { white } = await ada.until(() => ada.state?.white && ada.state, "who has white");
  const players = hands(ada, bob);
  const [first, second] = white === "Ada" ? players : [players[1], players[0]];
  for (const [player, uci] of /** @type {const} */ ([[first, "f2f3"], [second, "e7e5"], [first, "g2g4"], [second, "d8h4"]])) await move(player, uci);
  await shows(second.visitor, "You win");
  await shows(first.visitor, `${second.visitor.name} wins`);
  assert.match((await ada.page.locator(".moves").textContent()) ?? "", /Qh4#/);
  await agree([ada, bob], game);
}

/** @param {World} world */
export async function battleship(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Battleship");
  await enter(bob, game, "open", "Sit down");
  const [one, other] = hands(ada, bob);
  await placeAnyhow(one);
  await placeInRows(other);
  const theirs = await ownCells(other);
  assert.equal(theirs.length, 17, "the cells of five ships");
  // Who is first is for chance to say.
  const misses = Array.from({ length: 20 }, (_, index) => `${"ABCDEFGHIJ"[index % 10]}${10 - Math.floor(index / 10)}`);
  const { turns } = await ada.until(() => ada.state?.turns?.current && ada.state, "whose turn it is");
  if (turns.current === "Bob") await shoot(other, /** @type {string} */ (misses.shift()));
  for (const [index, cell] of theirs.entries()) {
    await shoot(one, cell);
    if (index < theirs.length - 1) await shoot(other, misses[index]);
  }
  await shows(ada, "You win");
  await shows(bob, "Ada wins");
  // The fleet on the bottom of the sea.
  await counts(ada.page.locator(".target .cell.sunk"), 17);
  await agree([ada, bob], game);
}

/** @param {World} world */
export async function crazyEights(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  await create(ada, "Crazy eights", OPEN, UNHURRIED);
  await follow(bob, await invite(ada));
  await ada.page.getByRole("button", { name: "Deal" }).click();
  for (const visitor of [ada, bob]) await visitor.until(() => visitor.state?.turns?.current, "whose turn it is");
  while (!isOver(ada)) await playAny([ada, bob], (visitor) => (visitor === ada ? "click" : "press"));
  const { winners } = ada.received.find(({ event }) => event === "Finished");
  for (const visitor of [ada, bob]) {
    const isAlone = winners.length === 1;
    await shows(visitor, !isAlone ? "A draw" : winners[0] === visitor.name ? "You win" : `${winners[0]} wins`);
  }
}

/** How far a ship comes that is steered no more, in what it makes in a second: a little more, for the way of a key. */
const COASTING = 0.35;
/** How long one chases a dot: on a slow machine a ship may fly to and fro over it without an end. */
const CHASE_MS = 5000;

/** @param {World} world */
export async function arena(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  await create(ada, "Arena", ALONE);
  await follow(bob, await invite(ada));
  const scoreOf = (visitor) => visitor.state?.ships?.[visitor.name]?.score ?? 0;
  // One holds the mouse where a dot is; the other one turns towards it with the keys.
  const canvas = ada.page.locator("canvas");
  const size = 1000;
  let isHeld = false;
  await Promise.all([
    ada.until(() => scoreOf(ada) > 1, "dots collected with the mouse").finally(() => ada.page.mouse.up()),
    bob.until(() => scoreOf(bob) > 1, "dots collected with the keys"),
    chase(ada, () => scoreOf(ada) > 1, async ({ x, y }) => {
      // It lies somewhere else when there is more to be said above it.
      const box = /** @type {any} */ (await canvas.boundingBox());
      await ada.page.mouse.move(box.x + (x / size) * box.width, box.y + (y / size) * box.height);
      if (!isHeld) await ada.page.mouse.down();
      isHeld = true;
    }),
    chase(bob, () => scoreOf(bob) > 1, async (dot, ship) => {
      // From where the ship comes to rest by itself, or it flies past the dot and back without an end.
      const [dx, dy] = [dot.x - ship.x - ship.vx * COASTING, dot.y - ship.y - ship.vy * COASTING];
      const wanted = { ArrowLeft: dx < -8, ArrowRight: dx > 8, ArrowUp: dy < -8, ArrowDown: dy > 8 };
      for (const [key, isWanted] of Object.entries(wanted)) await bob.page.keyboard[isWanted ? "down" : "up"](key);
    }),
  ]);
  // Bob comes to other tables, where a key that is held is not a key that is pressed.
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) await bob.page.keyboard.up(key);
  await ada.until(() => Object.keys(ada.state.ships).length === 2, "both ships");
  for (const { page } of [ada, bob]) await counts(page.locator(".scores li"), 2);
  await bob.page.getByRole("button", { name: "Land" }).click();
  await ada.until(() => Object.keys(ada.state.ships).length === 1, "the ship that has landed");
}

/** Fly to the nearest dot, and while it is there to no other one, unless that leads nowhere; again and again. */
async function chase(visitor, isDone, towards) {
  let chased = null;
  let since = 0;
  for (let known = -1; !isDone(); known = visitor.received.length) {
    const state = await visitor.until(() => isDone() || (visitor.received.length > known && visitor.state?.dots && visitor.state), "where the dots are");
    if (state === true) return;
    const ship = state.ships?.[visitor.name] ?? { x: 500, y: 500, vx: 0, vy: 0 };
    const far = (dot) => Math.hypot(dot.x - ship.x, dot.y - ship.y);
    const isThere = (dot) => dot.x === chased?.x && dot.y === chased?.y;
    const dots = Object.values(state.dots).sort((dot, other) => far(dot) - far(other));
    if (!dots.some(isThere) || Date.now() > since + CHASE_MS) {
      // One that is further off is reached by another way.
      chased = dots[dots.some(isThere) ? Math.floor(dots.length / 2) : 0];
      since = Date.now();
    }
    await towards(chased, ship);
  }
}

/** @param {World} world */
export async function chat(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Chat", ALONE);
  await follow(bob, await invite(ada));
  const markup = "<img src=x onerror=alert(1)> & <b>bold</b>";
  for (const [visitor, text] of /** @type {const} */ ([[ada, "Hello there"], [bob, "Hi Ada"], [ada, markup]])) {
    await visitor.page.getByLabel("Say something").fill(text);
    if (visitor === ada) await visitor.page.getByRole("button", { name: "Say", exact: true }).click();
    else await visitor.page.keyboard.press("Enter");
    for (const { page } of [ada, bob]) await page.locator(".said p").getByText(text, { exact: true }).waitFor();
  }
  assert.equal(await bob.page.locator(".said img, .said b").count(), 0, "text is no markup");
  assert.equal((await agree([ada, bob], game)).filter(({ event }) => event === "Said").length, 3);
}

/** @param {World} world */
export async function greetings(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Greetings", ALONE);
  await follow(bob, await invite(ada));
  await ada.page.getByRole("button", { name: "Privet", exact: true }).click();
  await seat(bob.page).locator(".told li").getByText("Privet!", { exact: true }).waitFor();
  await bob.page.getByRole("button", { name: "Yo", exact: true }).press("Enter");
  await seat(ada.page).locator(".told li").getByText("Yo!", { exact: true }).waitFor();
  await agree([ada, bob], game);
}
