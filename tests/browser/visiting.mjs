/** What else a visitor relies on. */

import assert from "node:assert/strict";
import { hands, mark, placeAnyhow } from "./games.mjs";
import { agree, ALONE, counts, create, enter, follow, gameOf, hasMoved, hasTurn, HERE, invite } from "./playing.mjs";
import { isSeated, mouse, OPEN, resize, says, seat, shows, steer, tabTo } from "./playing.mjs";

/** @typedef {import("./run.mjs").World} World */

const LAPTOP = { width: 1280, height: 800 };
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const SMALLEST = { width: 320, height: 640 };
const LYING = { width: 844, height: 390 };
/** A smaller board can't be hit with a finger, in pixels. */
const LEAST_BOARD = 200;

/** Two who look for anybody find each other. @param {World} world */
export async function quickMatch(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  await ada.page.getByRole("button", { name: "Quick match: Connect four" }).click();
  await ada.page.getByRole("dialog").getByText("Looking for somebody").waitFor();
  await bob.page.getByRole("button", { name: "Quick match: Connect four" }).click();
  await Promise.all([isSeated(ada), isSeated(bob)]);
  assert.equal(gameOf(ada), gameOf(bob), "the same table");
  for (const { page } of [ada, bob]) {
    assert.equal(await page.getByRole("dialog").count(), 0, "dialogs that are left");
    // Who has just come is there.
    await counts(page.locator(".chip:not(.away, .free)"), 2);
    assert.deepEqual((await page.locator(".chip").allTextContents()).sort(), ["Ada", "Bob"]);
  }
  // Who stops looking is not found.
  const [carl] = await world.visitors("Carl");
  await carl.page.getByRole("button", { name: "Quick match: Chess" }).click();
  await carl.page.getByRole("dialog").getByText("Looking for somebody").waitFor();
  const [gone] = await Promise.all([
    carl.page.waitForResponse((response) => response.request().method() === "DELETE"),
    carl.page.getByRole("button", { name: "Stop looking" }).click(),
  ]);
  assert.ok(gone.ok());
}

/** A game without the mouse, from the first page to its end. @param {World} world */
export async function keysAlone(world) {
  const [ada, bob] = await Promise.all([world.visitor("Ada"), world.visitor("Bob")]);
  const press = (visitor) => visitor.page.keyboard.press("Enter");
  await ada.page.locator(".box").first().waitFor();
  await tabTo(ada, "[aria-label='Play Tic tac toe']");
  await press(ada);
  await ada.page.getByRole("dialog").waitFor();
  await tabTo(ada, ".preset:nth-of-type(2)");
  await press(ada);
  await tabTo(ada, "dialog .primary.large");
  await press(ada);
  await isSeated(ada);
  const game = gameOf(ada);
  await bob.page.locator(`.tables a[href="#/g/${game}"]`).waitFor();
  await tabTo(bob, `.tables a[href="#/g/${game}"]`);
  await press(bob);
  await bob.page.locator(".door button").first().waitFor();
  await tabTo(bob, ".door .primary");
  await press(bob);
  await isSeated(bob);
  let heard;
  for (const [index, cell] of [4, 0, 2, 1, 6].entries()) {
    const visitor = index % 2 === 0 ? ada : bob;
    await hasTurn(visitor);
    await tabTo(visitor, ".grid .cell");
    await steer(visitor, seat(visitor.page).locator(".grid"), Math.floor(cell / 3), cell % 3);
    // Who listens to the page hears how it comes out.
    if (index === 4) heard = says(bob, "#announcements", /Ada wins/);
    await visitor.page.keyboard.press("Space");
    await hasMoved(visitor);
  }
  await shows(ada, "You win");
  await shows(bob, "Ada wins");
  await heard;
  await tabTo(ada, ".banner .primary");
  await press(ada);
  await ada.page.waitForFunction((before) => !location.hash.endsWith(before), game);
  await isSeated(ada);
  await agree([ada, bob], game);
}

/** Back through what has happened, also for who comes later. @param {World} world */
export async function history(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const game = await create(ada, "Tic tac toe");
  await follow(bob, await invite(ada));
  const [one, other] = hands(ada, bob);
  for (const [player, cell] of /** @type {const} */ ([[one, 4], [other, 0], [one, 2], [other, 6]])) await mark(player, cell);
  await counts(ada.page.locator(".mark"), 4);
  const [eve] = await world.visitors("Eve");
  await enter(eve, game, "playing", "Watch");
  for (const { page } of [ada, eve]) {
    await counts(page.locator(".mark"), 4);
    const slider = page.getByLabel("The game so far");
    for (const left of [3, 2]) {
      await slider.press("ArrowLeft");
      await counts(page.locator(".mark"), left);
    }
    await page.locator(".seat.past").waitFor();
    await page.getByRole("button", { name: "To the beginning" }).click();
    await counts(page.locator(".mark"), 0);
    await page.getByRole("button", { name: "One forth" }).click();
    await slider.press("End");
    await counts(page.locator(".mark"), 4);
    await page.locator(".seat output").getByText("now").waitFor();
  }
  // Who looks back is not dragged away by what happens.
  await eve.page.getByRole("button", { name: "One back" }).click();
  await counts(eve.page.locator(".mark"), 3);
  await mark(one, 8);
  await counts(bob.page.locator(".mark"), 5);
  await eve.until(() => eve.received.filter(({ event }) => event === "Marked").length === 5, "the move");
  await counts(eve.page.locator(".mark"), 3);
  await eve.page.getByRole("button", { name: "To now" }).click();
  await counts(eve.page.locator(".mark"), 5);
}

/** The wire: events, state, replies, raw messages, and how long they take. @param {World} world */
export async function wire(world) {
  const [ada] = await world.visitors("Ada");
  const { page } = ada;
  const game = await create(ada, "Tic tac toe", HERE);
  await isSeated(ada, 1);
  const one = { ...hands(ada, ada)[0], index: 0 };
  await mark(one, 4);
  await mark({ ...one, index: 1 }, 0);
  await mark(one, 2);
  const pane = page.getByRole("tabpanel");
  await pane.getByText("Ada marks top right").waitFor();
  await page.locator(".facts").getByText(game).waitFor();
  await page.locator(".pulse b").getByText(/^[\d.]+ ms$/).waitFor();
  await page.getByRole("tab", { name: "Events" }).press("ArrowRight");
  await pane.getByText("board").first().waitFor();
  await page.getByRole("tab", { name: "Replies" }).click();
  await pane.getByText('mark {"cell":2}').waitFor();
  await page.getByRole("tab", { name: "Frames" }).click();
  await pane.getByText('"command":"mark"').first().waitFor();
  const shown = await pane.locator(".row.out code").allTextContents();
  assert.ok(shown.some((text) => ada.frames.some((each) => each.direction === "out" && each.text === text)), "a message as it was sent");
  await page.getByRole("button", { name: "Fold the wire away" }).click();
  await page.locator("#wire").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Wire", exact: true }).click();
  await page.locator("#wire").waitFor();
}

/** A game that the page has no board for: forms that are made of its schema. @param {World} world */
export async function forms(world) {
  const [ada] = await world.visitors("Ada");
  const { page } = ada;
  await page.getByRole("button", { name: "Play Auction" }).click();
  await page.getByRole("button", { name: HERE }).click();
  const reserve = page.getByRole("dialog").getByLabel("Reserve");
  assert.equal(await reserve.inputValue(), "10", "what an option is where nothing is said");
  await reserve.fill("0");
  await page.getByRole("button", { name: "To the table" }).click();
  await page.getByRole("dialog").getByRole("alert").getByText(/reserve/i).waitFor();
  await reserve.fill("25");
  await page.getByRole("button", { name: "To the table" }).click();
  await isSeated(ada, 1);
  const here = seat(page, 0);
  await here.locator(".state-box").getByText("25").waitFor();
  const form = here.locator("form.command");
  const bid = form.getByRole("button", { name: "Bid", exact: true });
  await bid.click();
  await form.getByRole("alert").getByText(/price/i).waitFor();
  await form.getByLabel("Price").fill("101");
  await bid.click();
  await form.getByRole("alert").getByText(/100/).waitFor();
  await form.getByLabel("Price").fill("30");
  await form.getByLabel("Manner").selectOption("bold");
  await form.getByLabel("Note").fill("for <Bob>");
  await form.getByRole("button", { name: /add/i }).click();
  await form.locator("input").last().fill("7");
  await bid.click();
  await ada.until(() => ada.received.some(({ event }) => event === "Bid"), "the bid");
  const event = ada.received.find((each) => each.event === "Bid");
  assert.deepEqual(event, { event: "Bid", player: "Ada", price: 30, manner: "bold", is_last: false, note: "for <Bob>", lots: [7], seq: event.seq });
  await form.getByLabel(/last/i).check();
  await bid.click();
  await shows(ada, "You win", 0);
  await shows(ada, "Ada wins", 1);
}

/** What has the focus keeps it, and what is pressed is clicked when it is let go of, also where messages come meanwhile. @param {World} world */
export async function undisturbed(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  const { page } = ada;
  const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);
  const press = async (locator) => {
    await locator.hover();
    await page.mouse.down();
    assert.ok(await hasFocus(locator), "what is pressed has the focus");
  };
  await create(ada, "Battleship");
  await follow(bob, await invite(ada));
  const cruiser = seat(page).getByRole("radio", { name: "cruiser" });
  await press(cruiser);
  await placeAnyhow({ visitor: bob, hand: mouse });
  await page.locator(".inspector").getByText("Bob has placed their ships").waitFor();
  await page.mouse.up();
  await cruiser.and(page.locator("[aria-checked=true]")).waitFor();
  assert.ok(await hasFocus(cruiser), "the ship that was chosen has the focus");

  await Promise.all([ada.comeAgain(), bob.comeAgain()]);
  await create(ada, "Auction");
  await follow(bob, await invite(ada));
  await page.getByRole("tab", { name: "State" }).click();
  const bidding = seat(bob.page).locator("form.command");
  const bid = async (price) => {
    await bidding.getByLabel("Price").fill(String(price));
    await bidding.getByRole("button", { name: "Bid", exact: true }).click();
    await ada.until(() => ada.state?.bids?.Bob === price, "the bid");
  };
  // The first thing that happens takes some room from what is below it.
  await bid(20);
  for (const [price, place] of /** @type {const} */ ([[30, ".state-box"], [40, ".pane"]])) {
    const told = page.locator(place);
    const root = told.locator("details.tree").first().locator("> summary");
    await press(root);
    await bid(price);
    await page.mouse.up();
    await told.locator("details.tree:not([open])").waitFor();
    await bid(price + 1);
    await root.press("Enter");
    await told.getByText(String(price + 1)).waitFor();
    await bid(price + 2);
    await told.getByText(String(price + 2)).waitFor();
    assert.ok(await hasFocus(root), "what was unfolded has the focus");
  }
}

/** Light and dark: as the system has it, and as one chooses. @param {World} world */
export async function colours(world) {
  const [light, dark] = await Promise.all([world.visitor("Ada"), world.visitor("Bob", { isDark: true })]);
  const ground = ({ page }) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const [day, night] = [await ground(light), await ground(dark)];
  assert.notEqual(day, night, "the colours of the page");
  const turns = (colour) => light.page.waitForFunction((wanted) => getComputedStyle(document.documentElement).backgroundColor === wanted, colour);
  const paint = light.page.getByRole("button", { name: /^Colours/ });
  await paint.click();
  await light.page.locator("html[data-theme=light]").waitFor();
  await turns(day);
  await paint.click();
  await turns(night);
  await light.page.reload();
  await light.page.locator(".box").first().waitFor();
  await turns(night);
}

/** Nothing is wider than a phone, and no board too small for it, however it is held. @param {World} world */
export async function phone(world) {
  const ada = await world.visitor("Ada", { size: PHONE, isPhone: true });
  const { page } = ada;
  const fits = async (what) => {
    for (const size of [PHONE, SMALLEST, LYING]) {
      await resize(ada, size);
      const wide = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth > clientWidth ? `${scrollWidth} of ${clientWidth}` : "";
      });
      assert.equal(wide, "", `${what} is wider than ${size.width} pixels`);
      const small = await page.locator(".board :is(.grid, canvas)").evaluateAll(
        (boards, least) =>
          boards
            // On one's own sea nothing is chosen once the ships lie there.
            .filter((each) => each.checkVisibility() && !each.closest(".battleship:not(.placing) .own"))
            .map((each) => each.getBoundingClientRect())
            .filter(({ width, height }) => Math.min(width, height) < least)
            .map(({ width, height }) => `${Math.round(width)}x${Math.round(height)}`),
        LEAST_BOARD,
      );
      assert.deepEqual(small, [], `${what} at ${size.width}x${size.height}: a board that is too small`);
    }
    await resize(ada, PHONE);
  };
  await page.locator(".box").first().waitFor();
  await fits("the first page");
  for (const [title, preset] of [
    ["Tic tac toe", HERE],
    ["Connect four", HERE],
    ["Chess", HERE],
    ["Battleship", HERE],
    ["Crazy eights", HERE],
    ["Arena", ALONE],
    ["Chat", ALONE],
    ["Greetings", ALONE],
    ["Auction", HERE],
  ]) {
    await page.getByRole("button", { name: `Play ${title}`, exact: true }).click();
    await page.getByRole("dialog").waitFor();
    await fits(`the dialog of ${title}`);
    await page.getByRole("button", { name: preset }).click();
    await page.getByRole("button", { name: "To the table" }).click();
    await isSeated(ada);
    if (preset === HERE) await isSeated(ada, 1);
    await fits(title);
    await page.goto(new URL("#/", ada.url).href);
    await page.locator(".box").first().waitFor();
  }
}

/** All of a board is seen at once, with what is below it: alone and side by side, and where it has something to say. @param {World} world */
export async function roomy(world) {
  const ada = await world.visitor("Ada", { size: LAPTOP });
  const { page } = ada;
  const isSeen = async (what) => {
    for (const size of [LAPTOP, DESK]) {
      await resize(ada, size);
      const high = await page.evaluate(() => document.documentElement.scrollHeight);
      assert.equal(high, size.height, `${what} is higher than ${size.height} pixels`);
      const beyond = await page.locator(".board").evaluateAll((boards) =>
        boards.flatMap((board) => {
          const { bottom, right } = board.getBoundingClientRect();
          const all = [...board.querySelectorAll(".cell, .card, canvas, button, .player, .moves")];
          const inside = ({ bottom: low, right: far }) => low <= bottom + 8 && far <= right + 8;
          return all.filter((each) => !inside(each.getBoundingClientRect())).map((each) => `${each.className} ${each.getAttribute("aria-label")}`);
        }),
      );
      assert.deepEqual(beyond, [], `${what} at ${size.width}x${size.height}: what lies beyond the board`);
    }
    await resize(ada, LAPTOP);
  };
  for (const [title, preset] of [
    ["Tic tac toe", HERE],
    ["Chess", OPEN],
    ["Chess", HERE],
    ["Battleship", HERE],
    ["Crazy eights", HERE],
    ["Arena", ALONE],
  ]) {
    await create(ada, title, preset);
    const isBoth = preset === HERE;
    if (isBoth) await isSeated(ada, 1);
    if (title === "Crazy eights") await seat(page).getByRole("button", { name: "Deal" }).click();
    if (title === "Crazy eights") await page.locator(".card-button").first().waitFor();
    await isSeen(`${title}, ${preset}`);
    if (title === "Battleship") {
      for (const index of [0, 1]) await placeAnyhow({ visitor: ada, hand: mouse, index });
      await page.locator(".seat.mine").waitFor();
      await isSeen(`${title}, ${preset}, all ships placed`);
    }
    if (title === "Tic tac toe" && isBoth) {
      await page.getByRole("button", { name: "Cut the line" }).first().click();
      const resumed = says(ada, ".return", /^Resumed/);
      await page.getByRole("button", { name: "Plug the line in again" }).click();
      await resumed;
      await isSeen("a line that came back");
    }
    await page.goto(new URL("#/", ada.url).href);
    await page.locator(".box").first().waitFor();
    ada.forget();
  }
}

/** What may be followed only once, or leads nowhere, says so. @param {World} world */
export async function nowhere(world) {
  const ada = await world.visitor("Ada");
  await ada.goTo("#/g/nothing-here");
  await ada.page.getByRole("heading", { name: "No such table" }).waitFor();
  await ada.goTo("#/i/nothing-here");
  await ada.page.getByRole("heading", { name: "This invitation does not open" }).waitFor();
  await ada.page.getByRole("link", { name: "To the games" }).click();
  await ada.page.locator(".box").first().waitFor();
  // The browser tells of answers such as these in its console, and the page in words.
  ada.expect(/404/);
}
