/** A line is lost in the middle of a game, and comes back: nothing is lost, and nothing is done twice. */

import assert from "node:assert/strict";
import { Detour } from "./detour.mjs";
import { board, drop, hands, mark } from "./games.mjs";
import { agree, counts, create, follow, hasTurn, invite, isSeated, keyboard, says, seat, shows } from "./playing.mjs";

/** @typedef {import("./run.mjs").World} World */

/** How long the server slept; see the test. */
const SLEPT_MS = 3 * 24 * 3600_000;

/** What the page says of a line that came back; from now on. @param {import("./visitor.mjs").Visitor} visitor @param {RegExp} [pattern] */
function returned(visitor, pattern = /^Resumed at #\d+/) {
  return says(visitor, ".seat .return", pattern);
}

function lamp(visitor, status) {
  return seat(visitor.page).locator(`.lamp[data-status=${status}]`);
}

/**
 * Choose a cell whose turn it was when the line was lost: the page does not say so any more, and lets them all the same.
 * What comes of it is not awaited.
 *
 * @param {import("./games.mjs").Player} player
 * @param {number} row
 * @param {number} column
 */
function chooseBlindly(player, row, column) {
  return player.hand(player.visitor, board(player), row, column);
}

/** Two who have made a move each. @param {World} world */
async function begun(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Tic tac toe");
  await follow(bob, await invite(ada));
  const [one, other] = hands(ada, bob);
  await mark(one, 4);
  await mark(other, 0);
  await hasTurn(ada);
  return { ada, bob, game, one, other };
}

/** By the page's own button; a move that is made meanwhile waits. @param {World} world */
export async function unplugged(world) {
  const { ada, bob, game, one, other } = await begun(world);
  await ada.page.getByRole("button", { name: "Cut the line" }).click();
  await lamp(ada, "unplugged").waitFor();
  await chooseBlindly(one, 0, 2);
  await lamp(ada, "unplugged").getByText("1 waiting").waitFor();
  const nothing = returned(ada, /^Resumed at #\d+: nothing was missed; 1 command that waited is sent\.$/);
  await ada.page.getByRole("button", { name: "Plug the line in again" }).click();
  await nothing;
  await counts(bob.page.locator(".mark"), 3);

  // And one that misses what the other does.
  await ada.page.getByRole("button", { name: "Cut the line" }).click();
  await lamp(ada, "unplugged").waitFor();
  await mark(other, 1);
  await counts(bob.page.locator(".mark"), 4);
  await counts(ada.page.locator(".mark"), 3);
  const missed = returned(ada, /^Resumed at #\d+: .*missed event/);
  await ada.page.getByRole("button", { name: "Plug the line in again" }).click();
  await missed;
  await counts(ada.page.locator(".mark"), 4);
  await mark(one, 6);
  await shows(ada, "You win");
  await shows(bob, "Ada wins");
  assert.equal((await agree([ada, bob], game)).filter(({ event }) => event === "Marked").length, 5);
}

/** By the network: once it is silent for a while, once all its connections break. @param {World} world */
export async function offline(world) {
  const detour = await Detour.to(world.url);
  try {
    const [ada, bob] = await Promise.all([world.visitor("Ada", { url: detour.url }), world.visitor("Bob")]);
    const game = await create(ada, "Connect four");
    const { pathname, hash, search } = new URL(await invite(ada));
    await follow(bob, new URL(`${pathname}${search}${hash}`, world.url).href);
    const [one, other] = hands(ada, bob);
    ada.expectTrouble();
    await drop(one, 3);
    await drop(other, 0);
    await hasTurn(ada);

    const network = ada.page.context();
    await network.setOffline(true);
    await chooseBlindly(one, 0, 3);
    await network.setOffline(false);
    await hasTurn(bob);
    await drop(other, 0);
    await hasTurn(ada);

    await network.setOffline(true);
    detour.cut();
    await lamp(ada, "reconnecting").waitFor();
    await chooseBlindly(one, 0, 3);
    await lamp(ada, "reconnecting").getByText("1 waiting").waitFor();
    await counts(bob.page.locator(".disc.seat-0, .disc.seat-1").and(bob.page.locator(".rack .disc")), 4);
    const back = returned(ada);
    detour.mend();
    await network.setOffline(false);
    await back;
    await hasTurn(bob);

    // What the other does meanwhile is missed, and told.
    await network.setOffline(true);
    detour.cut();
    await lamp(ada, "reconnecting").waitFor();
    await drop(other, 1);
    await seat(bob.page).locator(".turn").getByText("Ada's turn").waitFor();
    const missed = returned(ada, /^Resumed at #\d+: .*missed event/);
    detour.mend();
    await network.setOffline(false);
    await missed;
    await drop(one, 3);
    await shows(ada, "You win");
    await shows(bob, "Ada wins");
    assert.equal((await agree([ada, bob], game)).filter(({ event }) => event === "Dropped").length, 7);
  } finally {
    detour.close();
  }
}

/** By a long sleep, after which nothing is believed that was given before it. @param {World} world */
export async function slept(world) {
  const [ada, bob] = [await world.visitor("Ada"), await world.visitor("Bob")];
  const game = await create(ada, "Tic tac toe");
  await follow(bob, await invite(ada));
  const [one, other] = hands(ada, bob);
  await mark(one, 4);
  await mark(other, 0);
  await hasTurn(ada);
  const names = await ada.page.locator(".chip bdi").allTextContents();
  const { hash } = new URL(bob.page.url());
  await world.kill();
  await lamp(ada, "reconnecting").waitFor();
  // One goes to sleep before the page, and the other leaves it, whose browser knows something else of him that is not
  // good any more either.
  await bob.page.evaluate(() => {
    const { player, token } = JSON.parse(localStorage.getItem("gamesvc.me") ?? "");
    localStorage.setItem("gamesvc.me", JSON.stringify({ player, token: `${token}x` }));
  });
  await bob.page.goto("about:blank");
  for (const visitor of [ada, bob]) visitor.expect(/401/);
  await world.restart();
  await hasTurn(ada);
  await mark(one, 2);
  bob.forget();
  await bob.page.clock.setSystemTime(Date.now() + SLEPT_MS);
  await bob.goTo(hash);
  await isSeated(bob);
  for (const cell of [6, 8]) await mark(cell === 6 ? other : one, cell);
  await mark(other, 3);
  await shows(bob, "You win");
  await shows(ada, `${names[1]} wins`);
  for (const { page } of [ada, bob]) assert.deepEqual(await page.locator(".chip bdi").allTextContents(), names);
  await agree([ada, bob], game);
  // Each is still who they were.
  for (const [index, { page }] of [ada, bob].entries()) assert.equal(await page.locator(".you bdi").textContent(), names[index]);
}

/** By the server, which is killed and started anew. @param {World} world */
export async function killed(world) {
  const { ada, bob, game, one, other } = await begun(world);
  await world.kill();
  await Promise.all([ada, bob].map((visitor) => lamp(visitor, "reconnecting").waitFor()));
  await chooseBlindly(one, 0, 2);
  await lamp(ada, "reconnecting").getByText("1 waiting").waitFor();
  const back = [ada, bob].map((visitor) => returned(visitor));
  await world.restart();
  await Promise.all(back);
  for (const { page } of [ada, bob]) await counts(page.locator(".mark"), 3);
  await mark(other, 1);

  await hasTurn(ada);
  await chooseBlindly(one, 2, 2);
  await world.kill();
  await world.restart();
  // Who has left the page and comes back sits where they sat, and is told all from the beginning.
  const { hash } = new URL(bob.page.url());
  await bob.page.goto("about:blank");
  bob.forget();
  await bob.goTo(hash);
  await isSeated(bob);
  await counts(bob.page.locator(".mark"), 5);
  await hasTurn(bob);
  await keyboard(bob, board(other), 2, 1);
  await mark(one, 6);
  await shows(ada, "You win");
  await shows(bob, "Ada wins");
  assert.equal((await agree([ada, bob], game)).filter(({ event }) => event === "Marked").length, 7);
}
