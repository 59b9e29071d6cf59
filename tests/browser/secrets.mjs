/** Who watches is told no secrets: not in any message, not by the lobby, not on the page. Nor is one player the other's. */

import assert from "node:assert/strict";
import { hands, isOver, ownCells, placeAnyhow, placeInRows, playAny, shoot } from "./games.mjs";
import { create, enter, follow, invite, isSeated, OPEN, UNHURRIED } from "./playing.mjs";

/**
 * @typedef {import("./run.mjs").World} World
 * @typedef {import("./visitor.mjs").Visitor} Visitor
 */

const CELL = /"([A-J](?:10|[1-9]))"/g;
/** A ship, by its first cell. */
const SHIP = /"name":"[a-z]+","cell":"([A-J](?:10|[1-9]))"/g;
const CARD = /"((?:[2-9AJQK]|10)[CDHS])"/g;
const SUITS = { C: "clubs", D: "diamonds", H: "hearts", S: "spades" };
const RANKS = { A: "ace", J: "jack", Q: "queen", K: "king" };

/** What a visitor was told of something, by how it is written. @param {Visitor} visitor @param {RegExp} what */
async function toldOf(visitor, what) {
  const texts = await visitor.heard();
  return new Set(texts.flatMap((text) => [...text.matchAll(what)].map(([, found]) => found)));
}

/** @param {World} world */
export async function watchedBattleship(world) {
  const [ada, bob, eve] = await world.visitors("Ada", "Bob", "Eve");
  const game = await create(ada, "Battleship");
  await follow(bob, await invite(ada));
  await enter(eve, game, "playing", "Watch");
  const [one, other] = hands(ada, bob);
  await placeAnyhow(one);
  await placeInRows(other);
  const { turns } = await ada.until(() => ada.state?.turns?.current && ada.state, "whose turn it is");
  const fleets = { Ada: await ownCells(one), Bob: await ownCells(other) };
  const shots = [];
  const players = turns.current === "Ada" ? [one, other] : [other, one];
  // Hits and misses, and a ship that is sunk: these come to light.
  const destroyer = fleets.Bob.slice(-2);
  const sea = [..."ABCDEFGHIJ"].flatMap((column) => Array.from({ length: 10 }, (_, row) => `${column}${row + 1}`));
  const misses = sea.filter((cell) => !fleets.Ada.includes(cell)).slice(0, 2);
  // Only the smallest ship has no more than two cells, and the names of the others are secrets below.
  const aims = { Ada: [fleets.Bob[0], ...destroyer, "J10"], Bob: [...fleets.Ada.slice(0, 2), ...misses] };
  for (let round = 0; round < 4; round += 1) {
    for (const player of players) {
      const cell = aims[player.visitor.name][round];
      await shoot(player, cell);
      shots.push(cell);
    }
  }
  await eve.until(() => eve.received.filter(({ event }) => event === "Shot").length === shots.length, "all shots");
  // Who comes in now, with all that has happened told from its beginning, is told no more.
  const [late] = await world.visitors("Late");
  await enter(late, game, "playing", "Watch");
  await late.until(() => late.received.filter(({ event }) => event === "Shot").length === shots.length, "all shots");

  for (const watcher of [eve, late]) {
    const told = await toldOf(watcher, CELL);
    assert.deepEqual([...told].filter((cell) => !shots.includes(cell)), [], `cells that ${watcher.name} was told of, and that nobody has shot at`);
    const said = (await watcher.heard()).join("\n");
    for (const word of ["carrier", "cruiser", "submarine", `fleets":{"`, "ships", "across"]) {
      assert.ok(!said.includes(word), `${watcher.name} was told of ships afloat: ${word}`);
    }
    assert.equal(await watcher.page.locator(".cell.ship").count(), 0, "ships on the board");
    const labels = await watcher.page.locator(".cell").evaluateAll((all) => all.map((each) => each.getAttribute("aria-label")));
    assert.equal(labels.length, 200);
    assert.deepEqual(labels.filter((label) => !/: (water|hit|missed)$/.test(label ?? "")), [], "what the cells are called");
  }
  // Each player is told of their own fleet, and not of the other one. Else the above would hold for no reason.
  for (const player of [ada, bob]) {
    const own = player.state.fleets[player.name].map(({ cell }) => cell).sort();
    assert.equal(own.length, 5);
    assert.deepEqual([...(await toldOf(player, SHIP))].sort(), own, `ships that ${player.name} was told of`);
    assert.equal(await player.page.locator(".target .cell.ship").count(), 0, "ships on the other's sea");
  }
}

/** @param {World} world */
export async function watchedCards(world) {
  const [ada, bob, eve] = await world.visitors("Ada", "Bob", "Eve");
  const game = await create(ada, "Crazy eights", OPEN, UNHURRIED);
  await enter(eve, game, "open", "Watch");
  await follow(bob, await invite(ada));
  await ada.page.getByRole("button", { name: "Deal" }).click();
  for (const visitor of [ada, bob]) await visitor.until(() => visitor.state?.turns?.current, "whose turn it is");
  const moves = () => eve.received.filter(({ event }) => ["Played", "Drew", "Passed"].includes(event)).length;
  // Who has seven cards still has some after six moves.
  for (let count = 1; count <= 6; count += 1) {
    await playAny([ada, bob]);
    await eve.until(() => moves() === count, "the same for who watches");
  }
  assert.ok(!isOver(ada), "the game goes on");
  await eve.page.reload();
  await isSeated(eve);
  await eve.page.locator(".face-up .card.face").waitFor();

  const public_ = new Set(
    ada.received.flatMap(({ event, card, top }) => (event === "Played" ? [card] : event === "Dealt" ? [top] : [])),
  );
  const hands_ = { Ada: ada.state.hands.Ada, Bob: bob.state.hands.Bob };
  assert.ok(hands_.Ada.length > 0 && hands_.Bob.length > 0);
  const seen = await toldOf(eve, CARD);
  assert.deepEqual([...seen].filter((card) => !public_.has(card)), [], "cards that Eve was told of, and that nobody has played");
  const shown = await eve.page.locator("body").evaluate((body) => body.outerHTML);
  for (const card of [...hands_.Ada, ...hands_.Bob]) {
    const named = `${RANKS[card.slice(0, -1)] ?? card.slice(0, -1)} of ${SUITS[card.slice(-1)]}`;
    assert.ok(!shown.includes(`"${card}"`) && !shown.includes(`the ${named}<`) && !shown.includes(`"${named}`), `Eve's page shows the ${named}`);
  }
  assert.equal(await eve.page.locator(".hand li").count(), 0, "a hand");
  for (const [player, other] of /** @type {const} */ ([[ada, "Bob"], [bob, "Ada"]])) {
    const told = await toldOf(player, CARD);
    assert.ok(player.state.hands[player.name].every((card) => told.has(card)), `${player.name}'s own hand`);
    assert.deepEqual(Object.keys(player.state.hands), [player.name], "hands that are told");
    assert.deepEqual(hands_[other].filter((card) => told.has(card)), [], `cards of ${other}'s hand that ${player.name} was told of`);
  }
}
