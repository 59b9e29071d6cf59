/** Takes the pictures of the README, of a playground that is given: `node pictures.mjs URL DIRECTORY`. */

import { join } from "node:path";
import { launch } from "./chromium.mjs";
import { drop, mark, move, ownCells, placeAnyhow, playAny, shoot } from "./games.mjs";
import { counts, create, follow, hasTurn, HERE, invite, isSeated, mouse, OPEN, seat } from "./playing.mjs";
import { Visitor } from "./visitor.mjs";

const DESKTOP = { width: 1280, height: 1000 };
const WIDE = { width: 1440, height: 860 };
const LOW = { width: 1440, height: 720 };
const SMALL = { width: 1180, height: 720 };
const PHONE = { width: 390, height: 844 };

const [url, directory] = process.argv.slice(2);
const browser = await launch();

async function come(name, how) {
  const visitor = await Visitor.come(browser, name, url, how);
  await visitor.page.locator(".box").first().waitFor();
  return visitor;
}

async function take(visitor, name) {
  const { page } = visitor;
  await page.evaluate(() => {
    scrollTo(0, 0);
    /** @type {any} */ (document.activeElement)?.blur();
    return document.fonts.ready;
  });
  await page.mouse.move(1, 1);
  await page.screenshot({ path: join(directory, `${name}.png`), animations: "disabled" });
  await visitor.checkComplaints();
}

/** Two seats on one page. */
async function sideBySide(visitor, title, name) {
  const { page } = visitor;
  await page.getByRole("button", { name: `Play ${title}`, exact: true }).click();
  await page.getByRole("button", { name: HERE }).click();
  await page.getByLabel("Name at seat 2").fill(name);
  await page.getByRole("button", { name: "To the table" }).click();
  await isSeated(visitor, 0);
  await isSeated(visitor, 1);
  return [0, 1].map((index) => ({ visitor, hand: mouse, index }));
}

async function fold({ page }) {
  const close = page.getByRole("button", { name: "Fold the wire away" });
  if (await close.isVisible()) await close.click();
}

async function chess() {
  const ada = await come("Ada", { size: WIDE });
  const seats = await sideBySide(ada, "Chess", "Bob");
  await fold(ada);
  const moves = "e2e4 e7e5 g1f3 b8c6 f1b5 a7a6 b5a4 g8f6 e1g1 f8e7 f1e1 b7b5 a4b3 d7d6 c2c3 e8g8".split(" ");
  for (const [index, uci] of moves.entries()) await move(seats[index % 2], uci);
  await hasTurn(ada, 0);
  await seat(ada.page, 0).locator("[data-square=d2]").click();
  await take(ada, "chess");
  await ada.leave();
}

async function battleship() {
  const ada = await come("Ada", { size: LOW, isDark: true });
  const seats = await sideBySide(ada, "Battleship", "Cleo");
  await fold(ada);
  for (const player of seats) await placeAnyhow(player);
  await ada.until(() => ada.state?.turns?.current, "whose turn it is");
  const ships = await Promise.all(seats.map(ownCells));
  const misses = ["B2", "I3", "E5", "H8", "C9", "J6", "A7", "F2", "D4", "G10"];
  const aims = [1, 0].map((other) => [...ships[other].slice(5, 9), ...misses.filter((cell) => !ships[other].includes(cell))]);
  const turn = () => ada.page.locator(".seat").evaluateAll((all) => all.findIndex((each) => each.classList.contains("mine")));
  for (let shots = 0; shots < 18; shots += 1) {
    await ada.page.locator(".seat.mine").waitFor();
    const index = await turn();
    const cell = aims[index].splice(shots % 4 < 2 ? 0 : -1, 1)[0];
    await shoot(seats[index], cell);
    await seat(ada.page, index).locator(`.target .cell[aria-label^='${cell}:']:not(.open)`).waitFor();
  }
  await take(ada, "battleship-dark");
  await ada.leave();
}

async function connectFour() {
  const [ada, bob] = await Promise.all([come("Ada", { size: PHONE, isPhone: true, scale: 1.5 }), come("Bob")]);
  await create(ada, "Connect four");
  await follow(bob, await invite(ada));
  const players = [ada, bob].map((visitor) => ({ visitor, hand: mouse }));
  for (const [index, column] of [3, 3, 2, 4, 2, 2, 1, 0, 4, 5, 3, 3].entries()) await drop(players[index % 2], column);
  await hasTurn(ada);
  await take(ada, "connect-four-phone");
  await ada.leave();
  await bob.leave();
}

async function cards() {
  const [ada, bob] = await Promise.all([come("Ada", { size: PHONE, isPhone: true, isDark: true, scale: 1.5 }), come("Bob")]);
  await create(ada, "Crazy eights");
  await follow(bob, await invite(ada));
  await ada.page.getByRole("button", { name: "Deal" }).click();
  for (const visitor of [ada, bob]) await visitor.until(() => visitor.state?.turns?.current, "whose turn it is");
  const canPlay = () => ada.state.legal.some(({ command }) => command === "play");
  for (let moves = 0; moves < 3 || ada.state.turns.current !== "Ada" || !canPlay(); moves += 1) await playAny([ada, bob]);
  await hasTurn(ada);
  await take(ada, "crazy-eights-phone");
  await ada.leave();
  await bob.leave();
}

/** A line that was cut, and has come back; looked at as it was before. */
async function wire() {
  const ada = await come("Ada", { size: SMALL });
  const bob = await come("Bob");
  await create(ada, "Tic tac toe");
  await follow(bob, await invite(ada));
  const [one, other] = [ada, bob].map((visitor) => ({ visitor, hand: mouse }));
  await mark(one, 4);
  await mark(other, 0);
  await mark(one, 2);
  await ada.page.getByRole("button", { name: "Cut the line" }).click();
  await mark(other, 6);
  await counts(bob.page.locator(".mark"), 4);
  await ada.page.getByRole("tab", { name: "Frames" }).click();
  await ada.page.getByRole("button", { name: "Plug the line in again" }).click();
  await seat(ada.page).locator(".return").getByText("Resumed").waitFor();
  await counts(ada.page.locator(".mark"), 4);
  await ada.page.getByRole("button", { name: "One back" }).click();
  await ada.page.getByRole("tabpanel").getByText("gamesvc.welcome").first().waitFor();
  await take(ada, "wire");
  await ada.leave();
  await bob.leave();
}

/** The first page, where some wait for others. */
async function lobby() {
  for (const [name, title] of [["Dara", "Battleship"], ["Eli", "Crazy eights"], ["Ivo", "Chess"]]) {
    const visitor = await come(name, {});
    await create(visitor, title, OPEN);
    await visitor.leave();
  }
  const ada = await come("Ada", { size: DESKTOP });
  await ada.page.locator(".tables li").nth(2).waitFor();
  await take(ada, "lobby");
  await ada.leave();
}

try {
  for (const picture of [chess, battleship, connectFour, cards, wire, lobby]) await picture();
} finally {
  await browser.close();
}
