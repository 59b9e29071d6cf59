/** What is known of a game: the types of these names in what `gamesvc schema --typescript GAME` writes. */
export interface GameTypes {
  /** The arguments of each command, by its name. */
  Commands: object;
  /** What each command returns, by its name. */
  Results: object;
  /** What a viewer may see of the game. */
  State: object;
  /** What happens in it. */
  GameEvent: { event: string };
}

/** A game of which nothing is known, so that nothing is checked. */
export interface AnyGame {
  Commands: Record<string, any>;
  Results: Record<string, any>;
  State: Record<string, any>;
  GameEvent: { event: string; [key: string]: any };
}

export type Status = "connecting" | "open" | "reconnecting" | "closed";

/** The first frame on each line, and another where our seat changes. */
export interface Welcome<Types extends GameTypes = AnyGame> {
  event: "gamesvc.welcome";
  /** The game's id. */
  game: string;
  /** What is played. */
  kind: string;
  /** Names the history that `seq` counts; opaque. */
  epoch: string;
  /** The number of the last event so far that we may see. */
  seq: number;
  /** Whether we came back, and what we missed follows. */
  resumed: boolean;
  /** Our name. */
  player: string;
  /** Whether our commands are accepted; a spectator's are not. */
  playing: boolean;
  /** In the order of the seats, null where one is free. */
  players: (string | null)[];
  /** Who are connected. */
  present: string[];
  state?: Types["State"];
  /** Whether the game is over; missing where it is not. */
  finished?: boolean;
  /** The event with which the game ended, without its number. */
  outcome?: Unnumbered<Types["GameEvent"]>;
  /** The bots that play, by the player for whom they do; missing where there are none. */
  bots?: Record<string, string>;
}

type Unnumbered<Event> = Event extends unknown ? Omit<Event, "seq"> : never;

/** gamesvc's own events. Those with a number are counted with the game's. */
export type FrameworkEvent<Types extends GameTypes = AnyGame> =
  | { event: "gamesvc.finished"; outcome?: Unnumbered<Types["GameEvent"]>; seq: number }
  | { event: "gamesvc.joined"; player: string; seat: number; seq: number }
  | { event: "gamesvc.left"; player: string; seat: number; seq: number }
  | { event: "gamesvc.bot"; player: string; bot: string | null; seq: number }
  | { event: "gamesvc.away"; player: string }
  | { event: "gamesvc.back"; player: string };

/** What one can be told of, by the names under which one is. */
export type Listened<Types extends GameTypes> = {
  /** Every event, in order, once. */
  event: Types["GameEvent"] | FrameworkEvent<Types>;
  /** The state is another. */
  state: Types["State"];
  status: Status;
  /** A welcome came. Where it has not `resumed`, events may have been missed. */
  welcome: Welcome<Types>;
  /** There is no line any more, or none came to be; there will be another one. The error says why. */
  lost: GameError;
} & { [Event in Types["GameEvent"] | FrameworkEvent<Types> as Event["event"]]: Event };

/** A command's arguments: none need be given where none is required. */
type Arguments<Args> = {} extends Args ? [args?: Args] : [args: Args];

/** A session with a game, whatever becomes of the lines over which it goes. */
export interface Game<Types extends GameTypes = AnyGame> {
  readonly status: Status;
  /** Why it is closed; null while it is not. */
  readonly error: GameError | null;
  /** What we may see of the game's state; null where that is not known. Another object whenever it is another. */
  readonly state: Types["State"] | null;
  /** The last welcome: what is played, and how it stood then. */
  readonly welcome: Welcome<Types>;
  /** Our name. */
  readonly player: string;
  /** Whether our commands are accepted; a spectator's are not. */
  readonly playing: boolean;
  /** The players in the order of their seats, null where one is free. */
  readonly players: readonly (string | null)[];
  /** The players who are connected. */
  readonly present: readonly string[];
  /** The bots that play, by the player for whom they do. */
  readonly bots: Readonly<Record<string, string>>;
  /** Whether the game is over. */
  readonly finished: boolean;
  /** The event with which the game ended, without its number; null where it is not over, or ended with none. */
  readonly outcome: Unnumbered<Types["GameEvent"]> | null;
  /** Which history `seq` counts. */
  readonly epoch: string;
  /** The number of the last event that we have seen. */
  readonly seq: number;
  /** How many commands have no reply yet. */
  readonly waiting: number;

  /**
   * Send a command. It takes effect once, however often the line is lost meanwhile.
   *
   * @returns what it returned
   * @throws {GameError} it was refused, or the session ended before there was a reply
   */
  send<Name extends keyof Types["Commands"] & string>(
    command: Name,
    ...args: Arguments<Types["Commands"][Name]>
  ): Promise<Name extends keyof Types["Results"] ? Types["Results"][Name] : unknown>;

  /**
   * Be told of something.
   *
   * @returns what ends it
   * @throws {TypeError} the listener is no function
   */
  on<Name extends keyof Listened<Types> & string>(
    name: Name,
    listener: (value: Listened<Types>[Name]) => void,
  ): () => void;

  /** Not be told of it any more. */
  off<Name extends keyof Listened<Types> & string>(name: Name, listener: (value: Listened<Types>[Name]) => void): void;

  /**
   * Cut the line, as if somebody had pulled the plug: to see how it comes back.
   *
   * @returns whether there was one
   */
  cut(): boolean;

  /** End the session. What waits for a reply is rejected with the code `closed`. */
  close(): void;
}

/** What is needed of a WebSocket: the browsers' own, that of Node 22 or later, that of the package `ws`. */
export interface WebSocketClass {
  new (url: string, protocols: string[]): {
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send(data: string): void;
    close(code?: number): void;
  };
}

export interface ConnectOptions {
  /** A token; or what gives one: it is asked at first, and for a new one when that is needed. */
  token?: string | (() => string | null | Promise<string | null>) | null | undefined;
  /** Where there is no global one: that of the package `ws`. */
  WebSocket?: WebSocketClass | undefined;
  /** Whether to keep the game's state; true, unless the address says otherwise. */
  state?: boolean | undefined;
  /** With `since`: which history that is of, as `game.epoch` was then. */
  epoch?: string | undefined;
  /** The last event that was seen already: 0 for the whole history. Without it, one begins with what happens now. */
  since?: number | undefined;
  /** How many tries may fail before there was ever a welcome: 5. Later ones go on for ever. */
  tries?: number | undefined;
  /** How long it waits before it comes back. */
  backoff?: Partial<Backoff> | undefined;
}

/** In milliseconds; before each try a random part of a wait that doubles. */
export interface Backoff {
  /** The first wait: 250. */
  first: number;
  /** The longest one: 15,000. */
  most: number;
  /** How long a line must have lasted for the waits to begin anew: 5,000. */
  good: number;
}

/**
 * Connect to a game. Add listeners without waiting for anything else: what happens from the welcome on is told from the
 * next turn of the event loop on.
 *
 * @param url where it is: `ws://HOST:PORT/GAME`, with `?player=NAME` or `&spectate=1`; http will do as well, and in a
 *   page what is relative to it
 * @returns the game, once it has welcomed us
 * @throws {GameError} it did not
 * @throws {TypeError} this is no address, there is no such option, or there is no WebSocket
 */
export function connect<Types extends GameTypes = AnyGame>(
  url: string | URL,
  options?: ConnectOptions,
): Promise<Game<Types>>;

/**
 * A command was refused, or could not be sent; or the session is over.
 *
 * `code` is for programs: one of the server's, or of the game's own; the name of a close code, such as `replaced`; or
 * one of the client's: `closed`, `unreachable`, `too_many_waiting`, `message_too_big`. `message` is for people.
 */
export class GameError extends Error {
  constructor(code: string, message: string, retryable?: boolean);
  readonly code: string;
  /** Whether the same command can succeed later. */
  readonly retryable: boolean;
  /** The name of the command that was refused; undefined where the session is over. */
  readonly command?: string | undefined;
}
