/** How a game came out, in words. It knows of no page. */

/**
 * @typedef {object} Told
 * @property {string} headline
 * @property {"won" | "lost" | "draw" | "over"} tone from the viewer's side; `over` for who did not play
 * @property {string} detail
 */

/**
 * @param {any} outcome the event with which the game ended, if any
 * @param {readonly (string | null)[]} players
 * @param {string | null} me whose view it is; null for who watches
 * @returns {Told}
 */
export function told(outcome, players, me) {
  const isMine = me !== null && players.includes(me);
  const detail = detailOf(outcome);
  const points = pointsOf(outcome);
  const winners = winnersOf(outcome, points);
  if (winners === null) return { headline: "Game over", tone: "over", detail };
  if (winners.length === 0 || (players.length > 1 && winners.length === players.length)) {
    return { headline: "A draw", tone: "draw", detail };
  }
  const tone = !isMine ? "over" : winners.includes(/** @type {string} */ (me)) ? "won" : "lost";
  const headline = tone === "won" && winners.length === 1 ? "You win" : `${listed(winners)} ${winners.length > 1 ? "win" : "wins"}`;
  return { headline, tone, detail };
}

/**
 * @param {any} outcome
 * @returns {Record<string, number> | null} what each has got
 */
function pointsOf(outcome) {
  for (const name of ["returns", "scores", "points"]) {
    const points = outcome?.[name];
    if (typeof points === "object" && points !== null && !Array.isArray(points)) return points;
  }
  return null;
}

/**
 * @param {any} outcome
 * @param {Record<string, number> | null} points
 * @returns {string[] | null} null where it can't be told
 */
function winnersOf(outcome, points) {
  if (outcome === null || outcome === undefined) return null;
  if (Array.isArray(outcome.winners)) return outcome.winners;
  if ("winner" in outcome) return outcome.winner === null ? [] : [outcome.winner];
  if (points === null) return null;
  const best = Math.max(...Object.values(points));
  const all = Object.keys(points);
  // Of one who plays alone, what they got says nothing of winning.
  if (all.length < 2) return null;
  const winners = all.filter((each) => points[each] === best);
  return winners.length === all.length ? [] : winners;
}

/** @param {any} outcome */
function detailOf(outcome) {
  const parts = [];
  if (typeof outcome?.score === "string") parts.push(outcome.score);
  if (typeof outcome?.reason === "string") parts.push(outcome.reason.replaceAll("_", " "));
  const points = pointsOf(outcome);
  if (points !== null) parts.push(Object.entries(points).map(([each, value]) => `${each} ${value}`).join(", "));
  return parts.join(" · ");
}

/** @param {string[]} names */
function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/**
 * An event in words, where the board has none of its own.
 *
 * @param {any} event
 */
export function worded(event) {
  const { event: name, seq: _, ...fields } = event;
  if (name === "gamesvc.joined") return `${fields.player} takes seat ${fields.seat + 1}`;
  if (name === "gamesvc.left") return `${fields.player} leaves seat ${fields.seat + 1}`;
  if (name === "gamesvc.away") return `${fields.player} is away`;
  if (name === "gamesvc.back") return `${fields.player} is here`;
  if (name === "gamesvc.finished") return "the game is over";
  if (name === "gamesvc.bot") {
    return fields.bot === null ? `${fields.player} plays without a bot again` : `the bot ${fields.bot} plays for ${fields.player}`;
  }
  const rest = Object.entries(fields)
    .filter(([key, value]) => key !== "player" && value !== null)
    .map(([key, value]) => (key === "message" || key === "text" ? String(value) : `${key} ${compact(value)}`));
  const who = typeof fields.player === "string" ? `${fields.player}: ` : "";
  return `${who}${name}${rest.length > 0 ? ` (${rest.join(", ")})` : ""}`;
}

/** @param {any} value */
function compact(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
