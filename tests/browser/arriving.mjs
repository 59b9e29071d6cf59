/** Who comes to a table by a link, comes back to one, or goes from it. */

import assert from "node:assert/strict";
import { OTHER_NAME } from "./chromium.mjs";
import { hands, mark } from "./games.mjs";
import { counts, create, follow, hasTurn, HERE, invite, isSeated, says, seat, shows } from "./playing.mjs";

/** @typedef {import("./run.mjs").World} World */

/** An invitation that is opened in another window of the same browser: the name is the same, so somebody else is offered to be. @param {World} world */
export async function ownInvitation(world) {
  const ada = await world.visitor("Ada");
  await create(ada, "Tic tac toe");
  await ada.page.getByRole("button", { name: "Invite" }).click();
  await ada.page.getByRole("dialog").getByText("in another browser, or a private window").waitFor();
  const url = await ada.page.getByLabel("The link").inputValue();
  const other = await ada.page.context().newPage();
  await other.goto(url);
  await other.getByRole("heading", { name: "You sit here already" }).waitFor();
  await other.getByRole("button", { name: "Sit down as somebody else" }).click();
  await isSeated(/** @type {any} */ ({ page: other }));
  const name = (await seat(other).locator("h2 bdi").textContent()) ?? "";
  assert.notEqual(name, "Ada");
  await hasTurn(ada);
  assert.deepEqual(await ada.page.locator(".chip bdi").allTextContents(), ["Ada", name]);
  // Now that all seats are taken there is only one's own.
  await other.goto(url);
  await other.getByRole("heading", { name: "You sit here already" }).waitFor();
  assert.equal(await other.getByRole("button", { name: "Sit down as somebody else" }).count(), 0);
  await other.getByRole("button", { name: "To your seat" }).click();
  await counts(other.locator(".seat"), 2);
}

/** An invitation to where all seats are taken by now: one can watch. @param {World} world */
export async function lateInvitation(world) {
  const [ada, bob, eve] = await world.visitors("Ada", "Bob", "Eve");
  await create(ada, "Tic tac toe");
  const url = await invite(ada);
  await follow(bob, url);
  for (const { page } of [ada, bob]) await page.getByRole("button", { name: "Invite" }).waitFor({ state: "hidden" });
  eve.expect(/409/);
  await eve.goTo(url);
  await eve.page.getByRole("heading", { name: "This invitation does not open" }).waitFor();
  await eve.page.getByRole("link", { name: "To the games" }).waitFor();
  await eve.page.getByRole("button", { name: "Watch" }).click();
  await isSeated(eve);
  assert.equal(await seat(eve.page).locator("h2").textContent(), "Watching");
}

/** A server that is asked by a name that it does not go by says so, and is not asked again. @param {World} world */
export async function otherName(world) {
  const [ada] = await world.visitors("Ada");
  const url = new URL(world.url);
  url.hostname = OTHER_NAME;
  const page = await ada.page.context().newPage();
  let asked = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/api") asked += 1;
  });
  await page.clock.install();
  await page.goto(url.href);
  const notice = page.getByRole("alert");
  await notice.getByText(`does not go by the name ${OTHER_NAME}`).waitFor();
  assert.match((await notice.textContent()) ?? "", new RegExp(`Open it by its IP address, or start it with --allow-origin ${url.origin}`));
  await page.clock.runFor(60_000);
  assert.equal(asked, 1, "how often it was asked");
  await page.close();
}

/** A game that has begun is not ended by one click that was not meant. @param {World} world */
export async function leaving(world) {
  const [ada] = await world.visitors("Ada");
  const { page } = ada;
  const answer = async (name) => {
    await page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  };
  await create(ada, "Connect four");
  // While others are missing nothing ends by it.
  await page.getByRole("button", { name: "Give this seat up" }).click();
  await counts(page.locator(".seat"), 0);

  await ada.comeAgain();
  await create(ada, "Connect four");
  await page.getByLabel("Seat a bot").selectOption({ index: 1 });
  const send = page.getByRole("button", { name: /^Have the bot of .* go$/ });
  await send.click();
  await answer("No, play on");
  await hasTurn(ada);
  await send.click();
  await answer("Have it go");
  await shows(ada, "You win");

  await ada.comeAgain();
  await create(ada, "Connect four", HERE);
  await isSeated(ada, 1);
  // The first one knows of the second.
  await hasTurn(ada);
  const leave = seat(page).getByRole("button", { name: "Give this seat up" });
  await leave.click();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await counts(page.locator(".seat"), 2);
  await leave.click();
  await answer("Give it up");
  await shows(ada, "You win");
}

/** A game that keeps its players says so, and asks nobody whether they are sure. @param {World} world */
export async function staying(world) {
  const [ada] = await world.visitors("Ada");
  const { page } = ada;
  const leave = seat(page).getByRole("button", { name: "Give this seat up" });
  await create(ada, "Tic tac toe");
  assert.ok(await leave.isEnabled(), "nothing has begun");
  await page.getByLabel("Seat a bot").selectOption({ index: 1 });
  await hasTurn(ada);
  await leave.and(page.locator("[aria-disabled=true]")).waitFor();
  await counts(page.getByRole("button", { name: /^Have the bot of .* go$/ }), 0);
  const told = says(ada, ".seat [role=alert]", /^This game keeps its players until it is over\.$/);
  await leave.press("Enter");
  await told;
  await counts(page.getByRole("dialog"), 0);
  await counts(page.locator(".seat"), 1);
}

/** What happened before the page was loaded again is not told as if it happened now. @param {World} world */
export async function reloaded(world) {
  const [ada, bob] = await world.visitors("Ada", "Bob");
  await create(ada, "Tic tac toe");
  await follow(bob, await invite(ada));
  const [one, other] = hands(ada, bob);
  await mark(one, 4);
  await hasTurn(bob);
  await ada.page.reload();
  await isSeated(ada);
  const said = says(ada, "#announcements", /Bob marks top left/);
  await mark(other, 0);
  assert.doesNotMatch(await said, /Ada marks|takes seat/);
  const row = (text) => ada.page.locator(".pane .row").filter({ hasText: text }).locator("time");
  await row("Bob marks top left").waitFor();
  assert.equal(await row("Ada marks the middle").textContent(), "before");
  assert.match((await row("Bob marks top left").textContent()) ?? "", /^\d+:\d\d:\d\d$/);
}
