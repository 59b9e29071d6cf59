/**
 * Plays scenarios in Chromium, one after the other, as it is told on standard input: one JSON object a line.
 *
 *     -> {"scenario": "chess", "url": "http://127.0.0.1:8080/", "pictures": "DIRECTORY"}
 *     <- {"ask": "kill"}                                    something to be done to the server
 *     -> {"done": "kill"}
 *     <- {"scenario": "chess", "failure": null, "console": [], "pictures": []}
 */

import { join } from "node:path";
import { createInterface } from "node:readline";
import * as arriving from "./arriving.mjs";
import { launch } from "./chromium.mjs";
import * as ends from "./ends.mjs";
import * as lines from "./lines.mjs";
import * as secrets from "./secrets.mjs";
import * as visiting from "./visiting.mjs";
import { Visitor } from "./visitor.mjs";

const SCENARIOS = { ...arriving, ...ends, ...lines, ...secrets, ...visiting };
/** No scenario takes so long, on a machine that is busy. */
const SCENARIO_MS = 600_000;

/** Visitors who stay for the next scenario: a page that is there already is quicker than one that has to be loaded. */
class Lounge {
  /** @type {Map<string, Visitor[]>} */
  #waiting = new Map();

  /** @param {string} name @param {string} url @returns {Visitor | undefined} */
  take(name, url) {
    return this.#waiting.get(`${name} ${url}`)?.pop();
  }

  /** @param {Visitor} visitor */
  keep(visitor) {
    const key = `${visitor.name} ${visitor.url}`;
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), visitor]);
  }
}

/** Where a scenario takes place. */
export class World {
  /** @type {Visitor[]} */
  all = [];
  #browser;
  #lounge;
  #ask;
  /** @type {Set<Visitor>} */
  #staying = new Set();

  /**
   * @param {import("playwright-core").Browser} browser
   * @param {Lounge} lounge
   * @param {string} url where the playground is
   * @param {(what: string) => Promise<void>} ask have something done to the server
   */
  constructor(browser, lounge, url, ask) {
    this.#browser = browser;
    this.#lounge = lounge;
    this.url = url;
    this.#ask = ask;
  }

  /**
   * Somebody comes to the playground, who was never there.
   *
   * @param {string} name
   * @param {{ url?: string } & Parameters<typeof Visitor.come>[3]} [how] `url`: by another way
   */
  async visitor(name, { url = this.url, ...how } = {}) {
    const visitor = await Visitor.come(this.#browser, name, url, how);
    this.all.push(visitor);
    return visitor;
  }

  /** Several come, who may have been there before. @param {string[]} names */
  visitors(...names) {
    return Promise.all(names.map((name) => this.#guest(name)));
  }

  /** Kill the server, as a power cut would. */
  kill() {
    for (const visitor of this.all) visitor.expectTrouble();
    return this.#ask("kill");
  }

  /** Start it again, with what it has in its journal. */
  restart() {
    return this.#ask("restart");
  }

  /** All go, and whatever a page has complained of is held against it. */
  async end() {
    for (const visitor of this.all) {
      await visitor.checkComplaints();
      if (this.#staying.has(visitor)) this.#lounge.keep(visitor);
      else await visitor.leave();
    }
  }

  async #guest(name) {
    const known = this.#lounge.take(name, this.url);
    if (known === undefined) {
      const visitor = await this.visitor(name);
      this.#staying.add(visitor);
      return visitor;
    }
    this.all.push(known);
    this.#staying.add(known);
    await known.comeAgain();
    return known;
  }
}

/** @param {World} world @param {string} scenario @param {string} directory */
async function pictures(world, scenario, directory) {
  const taken = [];
  for (const { name, page } of world.all) {
    const path = join(directory, `${scenario}-${name}.png`);
    await page.screenshot({ path, timeout: 5000 }).then(() => taken.push(path), () => {});
  }
  return taken;
}

async function play(world, { scenario, pictures: directory }) {
  const console = () => world.all.flatMap((visitor) => visitor.console.map((each) => `${visitor.name}: ${each}`));
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over within ${SCENARIO_MS} ms`)), SCENARIO_MS);
  });
  try {
    await Promise.race([SCENARIOS[scenario](world), late]);
    await world.end();
    return { scenario, failure: null, console: [], pictures: [] };
  } catch (error) {
    const taken = await pictures(world, scenario, directory);
    for (const visitor of world.all) await visitor.leave();
    return { scenario, failure: error instanceof Error ? error.stack : String(error), console: console(), pictures: taken };
  } finally {
    clearTimeout(timer);
  }
}

async function main() {
  const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await input.next();
    return done ? null : JSON.parse(value);
  };
  const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
  const ask = async (what) => {
    tell({ ask: what });
    const { done } = await next();
    if (done !== what) throw new Error(`the server: ${what} was asked for, and ${done} was done`);
  };
  const browser = await launch();
  const lounge = new Lounge();
  try {
    for (let order = await next(); order !== null; order = await next()) {
      if (!Object.hasOwn(SCENARIOS, order.scenario)) throw new Error(`there is no scenario ${order.scenario}`);
      tell(await play(new World(browser, lounge, order.url, ask), order));
    }
  } finally {
    await browser.close();
  }
}

await main();
