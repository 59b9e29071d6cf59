/**
 * Not run: the compiler reads it, and complains where what is to be refused is not.
 * `tictactoe.ts` is what `gamesvc schema --typescript tests.tictactoe:TicTacToe` writes.
 */
import { GameError, connect, type Game, type Status } from "@gamesvc/client";

import type { connect as written } from "../../src/index.js";
import type * as TicTacToe from "./tictactoe.js";

interface Types {
  Commands: TicTacToe.Commands;
  Results: TicTacToe.Results;
  State: TicTacToe.State;
  GameEvent: TicTacToe.GameEvent;
}

export async function play(): Promise<void> {
  const game = await connect<Types>("ws://localhost:8080/g1?player=alice", { token: async () => "a token" });
  const nothing: undefined = await game.send("mark", { cell: 4 });
  await game.send("gamesvc.leave");
  const bot: string = (await game.send("gamesvc.bot", { bot: "random" })).player;
  // @ts-expect-error: a cell is a number
  await game.send("mark", { cell: "four" });
  // @ts-expect-error: it needs to be told which
  await game.send("mark");
  // @ts-expect-error: there is no such command
  await game.send("jump");

  const moves: number | undefined = game.state?.moves;
  // @ts-expect-error: there is no such field
  game.state?.score;
  // @ts-expect-error: it is kept by the session
  game.players.push("mallory");

  game.on("Marked", (event) => event.cell.toFixed());
  game.on("Finished", ({ winner }) => winner?.toUpperCase());
  // @ts-expect-error: it has no cell
  game.on("Finished", (event) => event.cell);
  // @ts-expect-error: there is no such event
  game.on("Jumped", () => {});
  game.on("gamesvc.joined", ({ player, seat }) => player.repeat(seat));
  game.on("gamesvc.finished", ({ outcome }) => outcome?.event === "Finished" && outcome.winner?.length);
  if (game.finished && game.outcome?.event === "Finished") game.outcome.winner?.toUpperCase();
  game.on("lost", (error) => error.message.length);
  const wasThere: boolean = game.cut();
  game.on("gamesvc.away", ({ player }) => player.length);
  game.on("event", (event) => {
    if (event.event === "Marked") event.cell.toFixed();
    else if (event.event === "gamesvc.left") event.seat.toFixed();
    if ("seq" in event) event.seq.toFixed();
  });
  game.on("state", (state) => state.board.length);
  game.on("welcome", (welcome) => welcome.state?.moves);
  const stop: () => void = game.on("status", (status: Status) => status === "open");
  stop();
  game.close();
  return void [nothing, bot, moves, wasThere];
}

export async function playAnything(game: Game): Promise<void> {
  const result = await game.send("whatever", { it: "takes" });
  result.anything;
  game.on("Whatever", (event) => event.anything);
  game.state?.anything.at.all;
  if (game.error instanceof GameError) game.error.code.length;
}

/** What is declared is there, and what is there is declared. */
type Written = Awaited<ReturnType<typeof written>>;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
export const declaresAll: Same<keyof Game, keyof Written> = true;
export const takesTheSame: Same<
  keyof NonNullable<Parameters<typeof connect>[1]>,
  keyof NonNullable<Parameters<typeof written>[1]>
> = true;
