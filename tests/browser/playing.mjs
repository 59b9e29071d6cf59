/** What a visitor does on the page, by the controls that it has. */

import assert from "node:assert/strict";

/** How often Tab is pressed to get somewhere. */
const MOST_TABS = 120;

/** After how many frames all has the size that it has in a window of another one: it was four at most, of hundreds of times. */
const RESIZING_FRAMES = 15;

/** A table that waits for others, as the first page offers it. */
export const OPEN = "Open table";
export const HERE = "Side by side";
export const ALONE = "Alone at first";

/** Nobody's turn is ended for them, on the slowest of machines. */
export const UNHURRIED = { "Turn seconds": "86400" };

/**
 * @typedef {import("./visitor.mjs").Visitor} Visitor
 * @typedef {import("playwright-core").Locator} Locator
 */

/**
 * Make a game from the first page, and sit down.
 *
 * @param {Visitor} visitor
 * @param {string} title the game's
 * @param {string} [preset] who plays
 * @param {Record<string, string>} [options] the game's, by what they are called
 * @returns {Promise<string>} its id
 */
export async function create(visitor, title, preset = OPEN, options = {}) {
  const { page } = visitor;
  await page.getByRole("button", { name: `Play ${title}`, exact: true }).click();
  await page.getByRole("button", { name: preset }).click();
  for (const [name, value] of Object.entries(options)) await page.getByRole("dialog").getByLabel(name).fill(value);
  await page.getByRole("button", { name: "To the table" }).click();
  await isSeated(visitor);
  return gameOf(visitor);
}

/** The id of the game that a page shows. @param {Visitor} visitor */
export function gameOf({ page }) {
  return decodeURIComponent(new URL(page.url()).hash.split("/")[2] ?? "");
}

/** Have a link made that others sit down by. @param {Visitor} visitor */
export async function invite({ page }) {
  await page.getByRole("button", { name: "Invite" }).click();
  const link = page.getByLabel("The link");
  const url = await link.inputValue();
  await page.keyboard.press("Escape");
  await link.waitFor({ state: "detached" });
  return url;
}

/** Follow such a link. @param {Visitor} visitor @param {string} url */
export async function follow(visitor, url) {
  await visitor.goTo(url);
  await isSeated(visitor);
}

/**
 * Come through the list of tables, and sit down or watch.
 *
 * @param {Visitor} visitor
 * @param {string} game its id
 * @param {"open" | "playing"} state of the tables to look through
 * @param {"Sit down" | "Watch"} what to do at the door
 */
export async function enter(visitor, game, state, what) {
  const { page } = visitor;
  await page.getByLabel("Which tables").selectOption(state);
  await page.locator(`.tables a[href="#/g/${game}"]`).click();
  await page.locator(".door").getByRole("button", { name: what, exact: true }).click();
  await isSeated(visitor);
}

/** Wait until there is a seat, and a line to the server. @param {Visitor} visitor @param {number} [index] */
export async function isSeated({ page }, index = 0) {
  await seat(page, index).locator(".lamp[data-status=open]").waitFor({ state: "attached" });
  await seat(page, index).locator(".board > *").first().waitFor();
}

/** One of the page's seats. @param {import("playwright-core").Page} page */
export function seat(page, index = 0) {
  return page.locator(".seat").nth(index);
}

/** Wait until it is a seat's turn. @param {Visitor} visitor @param {number} [index] */
export async function hasTurn({ page }, index = 0) {
  await page.locator(".seat").nth(index).and(page.locator(".mine")).waitFor();
}

/**
 * Wait until a seat's turn is over, as its own page has it: what that shows before is the turn that was.
 *
 * @param {Visitor} visitor
 * @param {number} [index]
 */
export async function hasMoved({ page }, index = 0) {
  await page.locator(".seat").nth(index).and(page.locator(":not(.mine)")).waitFor();
}

/**
 * Wait until what has just come about is drawn, and has its size.
 *
 * @param {Visitor} visitor
 * @param {number} [frames] how many are drawn meanwhile
 */
export async function isDrawn({ page }, frames = 2) {
  await page.evaluate((count) => new Promise((resolve) => {
    const next = (/** @type {number} */ left) => (left === 0 ? resolve(null) : requestAnimationFrame(() => next(left - 1)));
    next(count);
  }), frames);
}

/**
 * Have the window another size, and wait until all has that has to: what is as high as the window becomes so some frames
 * later than the window itself, and a button that moves while it is clicked is not clicked.
 *
 * @param {Visitor} visitor
 * @param {{ width: number, height: number }} size in pixels
 */
export async function resize(visitor, size) {
  await visitor.page.setViewportSize(size);
  await isDrawn(visitor, RESIZING_FRAMES);
}

/**
 * What a page says for some seconds only. It is watched for in the page itself, and from now on: who looked from outside,
 * afterwards, might look too late.
 *
 * @param {Visitor} visitor
 * @param {string} selector of what says it
 * @param {RegExp} pattern
 * @returns {Promise<string>} all that was said there then
 */
export function says({ page, name }, selector, pattern) {
  const find = ([where, source]) =>
    [...document.querySelectorAll(where)].map((each) => each.textContent ?? "").find((text) => new RegExp(source).test(text));
  const said = page.waitForFunction(find, [selector, pattern.source]).then(
    (found) => /** @type {Promise<string>} */ (found.jsonValue()),
    (error) => assert.fail(`${name}'s page does not say ${pattern} at ${selector}: ${error}`),
  );
  // Nobody may be waiting yet.
  said.catch(() => {});
  return said;
}

/**
 * Go to a cell of a board by its keys.
 *
 * @param {Visitor} visitor
 * @param {Locator} grid
 * @param {number} row
 * @param {number} column
 */
export async function steer({ page }, grid, row, column) {
  const at = await grid.evaluate((element) => {
    const cells = [...element.querySelectorAll(".cell")];
    if (!element.contains(document.activeElement)) /** @type {any} */ (element.querySelector(".cell[tabindex='0']")).focus();
    const columns = Number(getComputedStyle(element).getPropertyValue("--columns"));
    const index = cells.indexOf(/** @type {any} */ (document.activeElement));
    return { row: Math.floor(index / columns), column: index % columns, turn: element.classList.contains("turned") ? -1 : 1 };
  });
  await press(page, (row - at.row) * at.turn, "ArrowUp", "ArrowDown");
  await press(page, (column - at.column) * at.turn, "ArrowLeft", "ArrowRight");
}

async function press(page, steps, back, forth) {
  for (let step = 0; step < Math.abs(steps); step += 1) await page.keyboard.press(steps < 0 ? back : forth);
}

/**
 * How somebody chooses a cell.
 *
 * @typedef {(visitor: Visitor, grid: Locator, row: number, column: number) => Promise<void>} Hand
 */

/** With the mouse. @type {Hand} */
export async function mouse(visitor, grid, row, column) {
  const cells = await grid.evaluate((element) => Number(getComputedStyle(element).getPropertyValue("--columns")));
  await grid.locator(".cell").nth(row * cells + column).click();
}

/** With the keyboard. @type {Hand} */
export async function keyboard(visitor, grid, row, column) {
  await steer(visitor, grid, row, column);
  await visitor.page.keyboard.press("Enter");
}

/**
 * Press Tab until something has the focus.
 *
 * @param {Visitor} visitor
 * @param {string} selector
 */
export async function tabTo({ page, name }, selector) {
  for (let press = 0; press < MOST_TABS; press += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${name} does not get to ${selector} with Tab`);
}

/**
 * Wait until a seat shows how the game came out.
 *
 * @param {Visitor} visitor
 * @param {string | RegExp} headline
 * @param {number} [index] of the seat
 */
export async function shows({ page, name }, headline, index = 0) {
  const banner = seat(page, index).locator(".banner strong");
  await banner.waitFor();
  const text = await banner.textContent();
  if (typeof headline === "string") assert.equal(text, headline, `what ${name}'s page says of the outcome`);
  else assert.match(text ?? "", headline, `what ${name}'s page says of the outcome`);
}

/** Wait until there are so many of something. @param {Locator} all @param {number} count */
export async function counts(all, count) {
  if (count > 0) await all.nth(count - 1).waitFor({ state: "attached" });
  await all.nth(count).waitFor({ state: "detached" });
}

/**
 * Hold that nothing was lost and nothing came twice: what is numbered came without gaps, over however many lines, and
 * all have seen the same.
 *
 * @param {Visitor[]} visitors
 * @param {string} game its id
 * @returns {Promise<any[]>} what all have seen
 */
export async function agree(visitors, game) {
  const isSame = () => new Set(visitors.map((visitor) => seenBy(visitor, game).length)).size === 1;
  // What comes of it otherwise is told below.
  await visitors[0].until(isSame, "as much as the others have seen").catch(() => {});
  const told = visitors.map((visitor) => seenBy(visitor, game));
  for (const [index, events] of told.entries()) {
    const { name } = visitors[index];
    assert.deepEqual(events.map(({ seq }) => seq), events.map((_, at) => at + 1), `the numbers that ${name} has seen`);
    assert.deepEqual(events, told[0], `what ${name} has seen, beside what ${visitors[0].name} has`);
  }
  return told[0];
}

/** What is numbered of a game, in the order in which it came. @param {Visitor} visitor @param {string} game */
function seenBy(visitor, game) {
  const lines = new Set(visitor.frames.filter(({ message }) => message.event === "gamesvc.welcome" && message.game === game).map(({ line }) => line));
  const unnumbered = ["gamesvc.welcome", "gamesvc.patch", "gamesvc.state"];
  return visitor.frames
    .filter(({ direction, line, message }) => direction === "in" && lines.has(line) && typeof message.seq === "number" && !unnumbered.includes(message.event))
    .map(({ message }) => message);
}
