/**
 * TicTacToe: Three in a row.
 *
 * Made by `gamesvc schema --typescript`.
 */

export interface Marked {
  event: "Marked";
  player: string;
  cell: number;
  /** counts the events that you may see */
  seq: number;
}

export interface Finished {
  event: "Finished";
  winner: string | null;
  /** counts the events that you may see */
  seq: number;
}

/** What happens in the game. */
export type GameEvent = Marked | Finished;

/** What players can do, and what each command takes beside `command` and `id`. */
export interface Commands {
  /** Put your mark on an empty cell, 0 to 8. */
  mark: {
    cell: number;
  };
  /** Give your seat up, where the game lets you. */
  "gamesvc.leave": {};
  /** Take a free seat, if you have none. */
  "gamesvc.sit": {};
  /** Have a bot play in a free seat, or for a player who is not connected; or have it go. */
  "gamesvc.bot": {
    /** the name of one that the server offers; without it, one goes */
    bot?: string;
    /** for whom it plays; without it, it takes a free seat */
    player?: string;
  };
}

/** What each command returns. */
export interface Results {
  mark: undefined;
  "gamesvc.leave": undefined;
  "gamesvc.sit": undefined;
  "gamesvc.bot": { /** for whom it plays, or played */ player: string; };
}

/** what a viewer may see of the game */
export interface State {
  board: (string | null)[];
  moves: number;
}

/** what a game can be created with */
export interface Options {}

/** the first frame */
export interface WelcomeFrame {
  event: "gamesvc.welcome";
  /** the game's id */
  game: string;
  /** what is played */
  kind: string;
  /** names the history that seq counts; opaque */
  epoch: string;
  /** the number of the last event so far that you may see */
  seq: number;
  /** whether you came back, and what you missed follows */
  resumed: boolean;
  /** your name */
  player: string;
  /** whether your commands are accepted; a spectator's are not */
  playing: boolean;
  /** in the order of the seats, null where one is free */
  players: (string | null)[];
  /** who have a connection */
  present: string[];
  state?: State;
  /** whether the game is over; missing where it is not */
  finished?: boolean;
  /** the event with which the game ended, without its seq */
  outcome?: Unnumbered<GameEvent>;
  /** the bots that play, by the player for whom they do; missing where there are none */
  bots?: Record<string, string>;
}

/** how the state changed that you were told last, as a JSON Merge Patch (RFC 7396) */
export interface PatchFrame {
  event: "gamesvc.patch";
  /** the number of the last event that this contains */
  seq: number;
  /** null where a key is gone */
  patch: MergePatch<State>;
}

/** the state anew; forget the one before */
export interface StateFrame {
  event: "gamesvc.state";
  /** the number of the last event that this contains */
  seq: number;
  state: State;
}

/** somebody took a seat */
export interface JoinedFrame {
  event: "gamesvc.joined";
  player: string;
  /** counted from 0 */
  seat: number;
  /** counts the events that you may see */
  seq: number;
}

/** somebody left a seat */
export interface LeftFrame {
  event: "gamesvc.left";
  player: string;
  /** counted from 0 */
  seat: number;
  /** counts the events that you may see */
  seq: number;
}

/** the game is over */
export interface FinishedFrame {
  event: "gamesvc.finished";
  /** counts the events that you may see */
  seq: number;
  /** the event with which the game ended, without its seq */
  outcome?: { event: string; };
}

/** a player has lost the last connection */
export interface AwayFrame {
  event: "gamesvc.away";
  player: string;
}

/** a player has a connection, and had none */
export interface BackFrame {
  event: "gamesvc.back";
  player: string;
}

/** a bot plays for somebody from now on, or, where it is null, they do so themselves */
export interface BotFrame {
  event: "gamesvc.bot";
  player: string;
  bot: string | null;
  /** counts the events that you may see */
  seq: number;
}

/** gamesvc's own frames, to clients that speak gamesvc.v1. */
export type FrameworkEvent = WelcomeFrame | PatchFrame | StateFrame | JoinedFrame | LeftFrame | FinishedFrame | AwayFrame | BackFrame | BotFrame;

/** gamesvc's own codes. */
export type ErrorCode =
  | "bad_json"
  | "no_command"
  | "unknown_command"
  | "bad_id"
  | "bad_arguments"
  | "refused"
  | "not_started"
  | "not_a_player"
  | "game_over"
  | "cannot_leave"
  | "no_seat"
  | "no_bot"
  | "rate_limited"
  | "too_many_in_flight"
  | "internal_error"
  | "id_reused"
  | "unavailable"
  | "outcome_unknown";

/** The answer to a command that took effect. */
export interface OkReply<Name extends keyof Results = keyof Results> {
  status: "ok";
  id?: string;
  /** What the command returned, where it returned something. */
  result?: Results[Name];
  /** The command had been sent before, and this is its reply. */
  duplicate?: true;
}

/** The answer to a command that was refused; nothing has changed. */
export interface ErrorReply {
  status: "error";
  error: {
    /** gamesvc's own, or the game's own. */
    code: ErrorCode | (string & {});
    /** For people. */
    message: string;
    /** Whether the same command can succeed later. */
    retryable: boolean;
    /** How many milliseconds to wait. */
    retry_ms?: number;
  };
  id?: string;
}

export type Reply<Name extends keyof Results = keyof Results> = OkReply<Name> | ErrorReply;

/** What a client sends. */
export type Command = {
  [Name in keyof Commands]: { command: Name; id?: string } & Commands[Name];
}[keyof Commands];

/** What changes in a T, as RFC 7396 has it: null where a key is gone. */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: MergePatch<T[Key]> | null }
    : T;

/** An event without its number. */
export type Unnumbered<T> = T extends unknown ? Omit<T, "seq"> : never;

/** What a server sends. */
export type ServerFrame = GameEvent | FrameworkEvent | Reply;

/** All of them, for a client: `connect<Game>(...)`. */
export interface Game { Commands: Commands; Results: Results; State: State; GameEvent: GameEvent }
