"""TypeScript types, and what TypeScript's compiler makes of them."""

from __future__ import annotations

import re
from pathlib import Path
from types import new_class

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Player, command, field
from gamesvc.errors import ERROR_CODES
from gamesvc.games.greetings import Greetings
from gamesvc.typescript import typescript
from tests.nim import Nim, Shown
from tests.tictactoe import TicTacToe
from tests.trading import Trading, Viewed
from tests.typescript_compiler import complaints

SMALL = Path(__file__).parent.parent / "clients" / "js" / "test" / "types" / "tictactoe.ts"
"""What is to come of it: the JavaScript client is checked with this, too."""

# What a client does with the types. What is to be refused says so, and the compiler complains where it is not.
CLIENT = """\
import type { Card, Command, ErrorCode, GameEvent, Reply, Results, ServerFrame, State, PatchFrame, Tree } from "./game";

export const trade: Command = { command: "trade", id: "c-1", card: { suit: "ore" }, price: 1, where: [1, 2] };
export const skip: Command = { command: "skip" };
export const leave: Command = { command: "gamesvc.leave", id: "c-2" };
// @ts-expect-error no such command
export const jump: Command = { command: "jump" };
// @ts-expect-error no price
export const cheap: Command = { command: "trade", card: { suit: "ore" } };
// @ts-expect-error no such suit
export const wood: Command = { command: "trade", card: { suit: "wood" }, price: 1 };

export function hear(frame: ServerFrame): string {
  if ("status" in frame) {
    return frame.status === "ok" ? "" : frame.error.code;
  }
  switch (frame.event) {
    case "Traded":
      return frame.card.note ?? (frame.paid.type === "Cheque" ? frame.paid["drawn-on"] : `${frame.where[0]}`);
    case "gamesvc.welcome":
      if (frame.outcome?.event === "Shuffled") {
        return `${frame.outcome.cards}`;
      }
      return frame.state?.last?.note ?? frame.players[0] ?? "";
    case "gamesvc.joined":
      return `${frame.player} ${frame.seat}`;
    default:
      return frame.event;
  }
}

export function events(event: GameEvent): number {
  return event.event === "State" ? event.any : event.seq;
}

export function card(state: State): Card | null {
  // @ts-expect-error what is None is missing in the state, and null in an event
  return state.last;
}

export const counted: Results["count"] = 3;
// @ts-expect-error a number
export const worded: Results["count"] = "three";
export const reply: Reply<"count"> = { status: "ok", result: 3, duplicate: true };
export const own: Reply = { status: "error", error: { code: "not_your_turn", message: "", retryable: false } };
export const known: ErrorCode = "refused";
export const patch: PatchFrame["patch"] = { last: null, piles: { mine: null }, tree: { value: 2 } };
// @ts-expect-error a number
export const wrong: PatchFrame["patch"] = { tree: { value: "2" } };
export const tree: Tree = { value: 1, parts: [{ value: 2, parts: [] }] };
"""


class Text(SynchronousTestCase):
    def test_what_is_legal_is_a_list_of_commands(self) -> None:
        legal = "/** what you may do now; not shown to who watches */\n  legal?: Command[];\n"
        self.assertIn(f"export interface State {{\n  {legal}  left: number;\n}}", typescript("nim", Nim))
        self.assertIn(f"export interface State {{\n  {legal}  [more: string]: unknown;\n}}", typescript("nim", Shown))

    def test_a_small_game(self) -> None:
        self.assertEqual(typescript("TicTacToe", TicTacToe), SMALL.read_text(encoding="utf-8"))

    def test_each_kind_of_type(self) -> None:
        text = typescript("trading", Trading)
        for line in (
            'ways: ("by land" | "by sea")[];',
            "paid: Coin | Cheque;",
            "data: string;",
            "seldom?: number;",
            "wind?: number;",
            '"drawn-on": string;',
            'type: "Coin";',
            "by_number: Record<string, Place>;",
            "seen: (CardInState | null)[];",
            "last?: CardInState;",
            "card: CardGiven;",
            "parts: Tree[];",
            "trade: Card | undefined;",
            "look: unknown;",
            'export type Suit = "grain" | "ore";',
            "export type Level = 1 | 2;",
            "export type Place = [number, number];",
            "export type Pair = [number, string | null];",
        ):
            self.assertRegex(text, rf"(?m)^ *{re.escape(line)}$")

    def test_the_authors_own_view(self) -> None:
        self.assertIn("export type State = Record<string, unknown>;", typescript("v", Viewed))

    def test_a_comment_can_not_be_ended_by_what_is_in_it(self) -> None:
        text = typescript("trading", Trading)
        self.assertIn("/** A card. Its comment ends like this: *\\/ and goes on. */", text)
        self.assertIn("/** in coins *\\/ or so */", text)
        self.assertIn("/**\n * Somebody traded.\n *\n * For something.\n */\nexport interface Traded {", text)

    def test_all_codes(self) -> None:
        union = re.search(r"export type ErrorCode =\n(.*?);", typescript("g", Greetings), re.S)
        assert union is not None
        self.assertEqual(re.findall(r'"(\w+)"', union[1]), list(ERROR_CODES))

    def test_names_that_are_taken_get_a_number(self) -> None:
        text = typescript("trading", Trading)
        self.assertIn('export interface State2 {\n  event: "State";', text)
        self.assertIn("export type GameEvent = Traded | Passed | Shuffled | State2;", text)


class Compiled(SynchronousTestCase):
    def compiled(self, *models: type[GameModel], client: str = "") -> str:
        """What the compiler says of the types of games, the first named ``game``, and of a client of theirs."""
        directory = Path(self.mktemp())
        directory.mkdir()
        for number, model in enumerate(models):
            text = typescript("game", model)
            (directory / f"game{number or ''}.ts").write_text(text, encoding="utf-8")
        if client:
            (directory / "client.ts").write_text(client, encoding="utf-8")
        return complaints(directory)

    def test_games(self) -> None:
        self.assertEqual(self.compiled(TicTacToe, Greetings, Viewed), "")

    def test_a_client(self) -> None:
        self.assertEqual(self.compiled(Trading, client=CLIENT), "")

    def test_the_compiler_does_complain(self) -> None:
        self.assertIn("TS2322", self.compiled(TicTacToe, client="export const a: number = 'a';\n"))

    def test_names_that_mean_something_to_typescript(self) -> None:
        names = ("any", "string", "function", "Record", "Omit", "Commands", "WelcomeFrame", "Größe", "Array")
        made = [new_class(name, (Event,), exec_body=lambda body: body.update(__module__=__name__)) for name in names]

        class Never(Struct):
            value: dict[str, tuple[int, ...]] = field(default_factory=dict)

        Never.__name__ = "never"

        class Game(GameModel):
            EVENTS = tuple(made)
            part: Never = field(default_factory=Never)
            constructor: int = 0

            @command
            def delete(self, player: Player, default: int = 0, new: list[list[int | str]] | None = None) -> Never:
                """*/ ${} ` \\ \u2028 // Delete."""
                return self.part

        self.assertEqual(self.compiled(Game), "")
