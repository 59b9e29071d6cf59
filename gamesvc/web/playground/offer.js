/** What there is to do at a table, as things stand. It knows of no page. */

/**
 * How a table stands.
 *
 * @typedef {object} Standing
 * @property {{ seats: [number, number] | null, can_leave?: boolean } | null} kind what is played; null where that is not known
 * @property {{ players: (string | null)[], finished: boolean } | null} game as the lobby tells it; null where it does not
 * @property {{ players: readonly (string | null)[], isFinished: boolean } | undefined} now as it is seen from this page
 * @property {number} count how many seats the page has, those to watch from among them
 * @property {number} here how many of them play
 * @property {number} named how many of these the lobby knows by their names, and not by a token for this game alone
 * @property {number} most how many the page has at most
 * @property {boolean} canMake whether the server hands out seats
 * @property {boolean} mayName whether others may sit at this screen under names of their own
 */

/**
 * What there is to do.
 *
 * @typedef {object} Offer
 * @property {readonly (string | null)[]} players in the order of the seats, null where one is free
 * @property {boolean} takesSeats whether the game has seats
 * @property {boolean} isOver
 * @property {boolean} hasBegun whether all are there whom it needs, and it is not over
 * @property {boolean} keepsPlayers whether nobody can give their seat up, as things stand
 * @property {boolean} playsAgain whether those here may start the same game once more
 * @property {boolean} isFree whether somebody could sit down
 * @property {boolean} invites whether others may be invited
 * @property {boolean} addsSeat whether somebody else may sit down on this page
 * @property {boolean} addsBot
 * @property {boolean} watches whether there is room to watch, too
 * @property {number} missing how many players the game waits for before it can begin
 */

/**
 * @param {Standing} standing
 * @returns {Offer}
 */
export function offerOf({ kind, game, now, count, here, named, most, canMake, mayName }) {
  const players = now?.players ?? game?.players ?? [];
  const isOver = now?.isFinished ?? game?.finished ?? false;
  const takesSeats = kind === null ? players.length > 0 : kind.seats !== null;
  const free = isOver ? 0 : players.filter((each) => each === null).length;
  const isFree = !isOver && (free > 0 || !takesSeats);
  const missing = isOver ? 0 : Math.max(0, (kind?.seats?.[0] ?? 0) - (players.length - free));
  const hasBegun = takesSeats && !isOver && missing === 0;
  return {
    players,
    takesSeats,
    isOver,
    hasBegun,
    // Where that is not known, the server says so when somebody wants to go.
    keepsPlayers: hasBegun && kind?.can_leave === false,
    // Where there is one at the lobby: it makes the next.
    playsAgain: isOver && takesSeats && game !== null && named > 0 && canMake && kind !== null,
    isFree,
    invites: isFree && game !== null && count > 0,
    addsSeat: isFree && here > 0 && count < most && canMake && mayName,
    addsBot: free > 0 && count > 0 && canMake,
    watches: count > 0 && count < most && canMake,
    missing,
  };
}
