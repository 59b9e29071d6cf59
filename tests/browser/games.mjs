/** The games that ship, played on their boards. */

import { hasMoved, hasTurn, keyboard, mouse, seat } from "./playing.mjs";

/**
 * @typedef {import("./visitor.mjs").Visitor} Visitor
 * @typedef {import("./playing.mjs").Hand} Hand
 * @typedef {{ visitor: Visitor, hand: Hand, index?: number }} Player somebody at a seat, and how they choose cells
 */

/** Who has the mouse, and who the keyboard. @returns {[Player, Player]} */
export function hands(one, other) {
  return [
    { visitor: one, hand: mouse },
    { visitor: other, hand: keyboard },
  ];
}

/** @param {Player} player @param {string} [kind] which, where there are several */
export function board({ visitor, index }, kind = ".grid") {
  return seat(visitor.page, index).locator(kind);
}

/** Tic-tac-toe. @param {Player} player @param {number} cell */
export async function mark(player, cell) {
  await hasTurn(player.visitor, player.index);
  await player.hand(player.visitor, board(player), Math.floor(cell / 3), cell % 3);
  await hasMoved(player.visitor, player.index);
}

/** Connect four. @param {Player} player @param {number} column */
export async function drop(player, column) {
  await hasTurn(player.visitor, player.index);
  await player.hand(player.visitor, board(player), 0, column);
  await hasMoved(player.visitor, player.index);
}

/** Chess. @param {Player} player @param {string} uci such as e2e4 */
export async function move(player, uci) {
  await hasTurn(player.visitor, player.index);
  for (const [file, rank] of [uci.slice(0, 2), uci.slice(2, 4)]) {
    await player.hand(player.visitor, board(player), 8 - Number(rank), "abcdefgh".indexOf(file));
  }
  await hasMoved(player.visitor, player.index);
}

/** Battleship: the five ships, each at the left end of a row of its own. @param {Player} player */
export async function placeInRows(player) {
  await seat(player.visitor.page, player.index).locator(".dock").waitFor();
  for (let row = 0; row < 5; row += 1) await player.hand(player.visitor, board(player, ".own .grid"), row, 0);
  await ready(player);
}

/** Battleship: ships that lie anyhow. @param {Player} player */
export async function placeAnyhow(player) {
  await seat(player.visitor.page, player.index).getByRole("button", { name: "Shuffle" }).click();
  await ready(player);
}

/** @param {Player} player */
async function ready({ visitor, index }) {
  await seat(visitor.page, index).getByRole("button", { name: "Ready" }).click();
  await seat(visitor.page, index).locator(".dock").waitFor({ state: "hidden" });
}

/** Battleship: where a player's own ships lie. @param {Player} player @returns {Promise<string[]>} cells */
export function ownCells({ visitor, index }) {
  const cells = seat(visitor.page, index).locator(".own .cell.ship");
  return cells.evaluateAll((all) => all.map((each) => (each.getAttribute("aria-label") ?? "").split(":")[0]));
}

/** Battleship. @param {Player} player @param {string} cell such as C10 */
export async function shoot(player, cell) {
  await hasTurn(player.visitor, player.index);
  // Who places ships has the turn, too.
  await board(player, ".target .grid").locator(".cell.open").first().waitFor();
  await player.hand(player.visitor, board(player, ".target .grid"), Number(cell.slice(1)) - 1, "ABCDEFGHIJ".indexOf(cell[0]));
  await hasMoved(player.visitor, player.index);
}

/** Crazy eights. @param {Visitor} visitor */
export function isOver({ received }) {
  return received.some(({ event }) => event === "Finished");
}

/**
 * Crazy eights: whatever can be done, cards first, by whoever has the turn; until all have seen what came of it. Who has
 * drawn a card has the turn still, and sees other cards then.
 *
 * @param {Visitor[]} players
 * @param {(visitor: Visitor) => "click" | "press"} [how] with the mouse, or the keyboard
 */
export async function playAny(players, how = () => "click") {
  const [{ state }] = players;
  const visitor = /** @type {Visitor} */ (players.find(({ name }) => name === state.turns.current));
  const before = players.map((each) => JSON.stringify(each.state));
  await hasTurn(visitor);
  await playAnyCard({ visitor }, how(visitor));
  const hasSeen = (each, index) => each.until(() => isOver(each) || JSON.stringify(each.state) !== before[index], "what came of the move");
  await Promise.all(players.map(hasSeen));
}

/**
 * @param {{ visitor: Visitor, index?: number }} player
 * @param {"click" | "press"} how
 */
async function playAnyCard({ visitor, index }, how) {
  const here = seat(visitor.page, index);
  const choose = (button) => (how === "click" ? button.click() : button.press("Enter"));
  const card = here.locator(".card-button:not([aria-disabled])").first();
  if (await card.count()) {
    const isEight = ((await card.getAttribute("data-card")) ?? "").startsWith("8");
    await choose(card);
    if (isEight) await choose(here.locator(".suits button").first());
    return;
  }
  const pass = here.getByRole("button", { name: "Pass" });
  await choose((await pass.isVisible()) ? pass : here.locator(".stock button"));
}
