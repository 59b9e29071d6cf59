"""Somebody sits at a game: what they type goes to it, and what comes from it is shown to them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.text import Text

from gamesvc.cli import play_completion, play_shown, play_state
from gamesvc.cli.play_line import PlayedGame
from gamesvc.cli.play_shown import BAD, DIM, GOOD, NOTE, STRONG
from gamesvc.cli.play_turn import why_nothing
from gamesvc.cli.play_typed import Choose, Mistyped, Own, Send, read, usage
from gamesvc.cli.play_vocabulary import Choice, Vocabulary, choices_in, from_choices
from gamesvc.cli.wording import one_line
from gamesvc.client.failure import GameError
from gamesvc.client.session import OPEN, RECONNECTING

OWN_COMMANDS: Final = {
    "state": "show the state, or what is called so in it: /state board",
    "legal": "show what you may do, or what of it holds a word: /legal a4",
    "players": "show who plays, and who is there",
    "history": "show the last events: /history 50",
    "wait": "go on when it is your move, or when such an event has come: /wait Marked",
    "cut": "cut the line, to see how it comes back",
    "help": "show this, and the game's commands",
    "quit": "leave",
}
"""What can be said to the program itself, and what it does."""

SETTLE_SECONDS: Final = 0.05
"""How long a state may still change before it is shown."""

EVERY_SECONDS: Final = 1.0
"""How often a state is shown at most that changes all the time."""

_WELCOME = "gamesvc.welcome"
_MAX_HISTORY = 1000
_LAST_EVENTS = 20
_MANY_CHOICES = 200
_NO_STATE = "the state is not known yet"


class Left(Exception):
    """Whoever sits at a game leaves it."""


class Sitting:
    """Somebody sits at a game.

    Args:
        console: where things are shown.
        vocabulary: the game's commands.

    Attributes:
        has_failed: whether anything that was typed came to nothing.
        vocabulary: the game's commands; those that were legal last, where the game's are not known.
    """

    def __init__(self, console: Console, vocabulary: Vocabulary) -> None:
        self.has_failed = False
        self.vocabulary = vocabulary
        self._console = console
        self._shown = play_state.Shown()
        self._legal_shown: list[Choice] = []
        self._history: deque[dict[str, Any]] = deque(maxlen=_MAX_HISTORY)
        self._news: set[str] = set()
        self._arrivals: list[tuple[str, asyncio.Future[None]]] = []
        self._state_due: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._trouble = ""
        self._is_in = False
        self._is_open = False
        self._game: PlayedGame | None = None

    @property
    def game(self) -> PlayedGame:
        """The game at which they sit."""
        assert self._game is not None
        return self._game

    def sit(self, game: PlayedGame) -> None:
        """Sit down at a game, before it is entered."""
        self._game = game
        game.on("welcome", self._take_welcome)
        game.on("event", self._take_event)
        game.on("state", self._take_state)
        game.on("status", self._take_status)
        game.on("lost", lambda error: self.lost(error.message))

    # What one is told meanwhile.

    @property
    def prompt(self) -> str:
        """What stands before the line that is typed."""
        return f"{one_line(self.game.player)}> "

    @property
    def below(self) -> str:
        """What stands at the foot of the screen."""
        game = self.game
        parts = [str(game.welcome.get("game", "")), str(game.welcome.get("kind", "")), game.status]
        if game.seq is not None:
            parts.append(f"event {game.seq}")
        if not game.playing:
            parts.append("watching")
        elif self._choices:
            parts.append("your move")
        return one_line(" | ".join(parts))

    def completions(self, line: str) -> list[play_completion.Completion]:
        """How a line goes on, up to the cursor."""
        return play_completion.completions(line, self.vocabulary, self._choices, OWN_COMMANDS)

    # What is typed.

    def obey(self, line: str) -> asyncio.Future[Any] | None:
        """Do what a line says.

        Returns:
            Ends when it is done; None where that is so already.

        Raises:
            Left: it says that this is the end.
        """
        try:
            typed = read(line, self.vocabulary)
            if isinstance(typed, Choose):
                typed = self._chosen(typed.number)
            if isinstance(typed, Own):
                return self._obey_own(typed)
            return None if typed is None else self._send(typed)
        except (Mistyped, TypeError, ValueError) as error:
            self.has_failed = True
            self._show(Text(one_line(str(error)), BAD))
            return None

    def _chosen(self, number: int) -> Send:
        choices = self._choices
        if not 1 <= number <= len(choices):
            raise Mistyped(
                f"write a number from 1 to {len(choices)}: /legal shows what they are"
                if choices
                else "there is nothing to choose just now"
            )
        arguments = dict(choices[number - 1])
        return Send(arguments.pop("command"), arguments)

    def _send(self, typed: Send) -> asyncio.Future[Any]:
        def replied(reply: asyncio.Future[Any]) -> None:
            error = reply.exception()
            if error is None:
                shown = play_shown.accepted(*typed, reply.result())
            else:
                assert isinstance(error, GameError)
                self.has_failed = True
                shown = play_shown.refused(*typed, error)
            # What it caused has come before it.
            self.settle()
            self._show(shown)
            self._news.clear()

        return self.game.say(*typed, replied)

    def _obey_own(self, typed: Own) -> asyncio.Future[None] | None:
        game = self.game
        match typed.name:
            case "quit":
                raise Left
            case "wait":
                return self._wait(typed.rest)
            case "state":
                self._show_whole(typed.rest)
            case "legal":
                self._show_legal(typed.rest)
            case "players":
                self._show(play_shown.seats(game.players, game.present, game.bots, game.player))
            case "history":
                self._show_history(typed.rest)
            case "cut":
                if not game.cut():
                    raise Mistyped("there is no line to be cut just now")
                return self._arrival(_WELCOME)
            case "help":
                self._show(*self._help())
            case name:
                raise Mistyped(f"there is no /{name}; there are /{', /'.join(OWN_COMMANDS)}")
        return None

    def _wait(self, event: str) -> asyncio.Future[None] | None:
        if event in self._news:
            self._news.remove(event)
            return None
        if not event:
            if "legal" not in (self.game.state or {}):
                raise Mistyped(
                    "this game does not say when it is your move; write for which event to wait: /wait Marked"
                )
            if self._choices:
                return None
        return self._arrival(event)

    def _arrival(self, event: str) -> asyncio.Future[None]:
        arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals.append((event, arrival))
        return arrival

    def _arrive(self, event: str) -> bool:
        """Go on with what waits for an event; empty for one's own move. Returns whether anything did."""
        arrived = [arrival for wanted, arrival in self._arrivals if wanted == event]
        self._arrivals = [(wanted, arrival) for wanted, arrival in self._arrivals if wanted != event]
        for arrival in arrived:
            if not arrival.done():
                arrival.set_result(None)
        return bool(arrived)

    def _show_history(self, number: str) -> None:
        if number and not (number.isascii() and number.isdigit() and len(number) < 10):
            raise Mistyped("write how many events to show: /history 50")
        first = max(len(self._history) - int(number or _LAST_EVENTS), 0)
        for event in islice(self._history, first, None):
            self._show(play_shown.event(event, self.game.player))

    def _show_whole(self, key: str) -> None:
        state = self.game.state
        if state is None:
            raise Mistyped(_NO_STATE)
        if key and key not in state:
            raise Mistyped(f"there is no {key!r} in the state; there are {', '.join(state) or 'no things in it'}")
        self._show(*self._shown.whole({key: state[key]} if key else state))

    def _show_legal(self, words: str) -> None:
        game, choices = self.game, self._choices
        if choices:
            shown = list(play_state.choices(choices, words, _MANY_CHOICES))
            self._show(*shown or [Text("There is nothing of that kind.", DIM)])
            return
        if game.state is None:
            raise Mistyped(_NO_STATE)
        why = why_nothing(game.state, game.player, game.players, playing=game.playing, finished=game.finished)
        self._show(Text(why, NOTE))

    def _help(self) -> Iterator[RenderableType]:
        for command in self.vocabulary:
            yield Text.assemble((one_line(usage(command)), STRONG), (f"  {one_line(command.doc)}", DIM))
        yield Text("A number plays what /legal shows under it. Tab completes. Values may be JSON.")
        for name, does in OWN_COMMANDS.items():
            yield Text.assemble((f"/{name}", STRONG), (f"  {does}", DIM))

    # What comes.

    @property
    def _choices(self) -> list[Choice]:
        return choices_in(self.game.state)

    def lost(self, reason: str) -> None:
        """There is no line, and why."""
        # Each attempt may fail for the same reason.
        if reason != self._trouble:
            self._trouble = reason
            what = "The line is lost" if self._is_open else "No line yet"
            self._show(Text(f"{what}: {one_line(reason)}", NOTE))
        self._is_open = False

    def _take_status(self, status: str) -> None:
        if status == RECONNECTING:
            self._show(Text("Coming back ...", NOTE))
        elif status == OPEN:
            self._trouble = ""
            self._is_open = True

    def _take_welcome(self, welcome: dict[str, Any]) -> None:
        game = self.game
        self._shown.own = game.player
        is_new = not self._is_in or not welcome["resumed"]
        if self._is_in:
            self._show(play_shown.come_back(welcome, game.seq))
        else:
            self._show(play_shown.welcome(welcome))
        if is_new:
            self._shown.forget()
            self._legal_shown = []
            self._show(play_shown.seats(game.players, game.present, game.bots, game.player))
        self._is_in = True
        self._arrive(_WELCOME)

    def _take_event(self, event: dict[str, Any]) -> None:
        self._history.append(event)
        self._show(play_shown.event(event, self.game.player))
        if not self._arrive(event["event"]) and len(self._news) < _MAX_HISTORY:
            self._news.add(event["event"])

    def _take_state(self, state: dict[str, Any]) -> None:
        choices = self._choices
        if choices:
            self._arrive("")
            if not self.vocabulary.is_whole:
                self.vocabulary = from_choices(choices)
        if self._state_due is None:
            loop = asyncio.get_running_loop()
            self._state_due = loop.call_at(max(loop.time() + SETTLE_SECONDS, self._not_before), self._show_in_time)

    # What is shown.

    def settle(self) -> None:
        """Show what is new in the state, if anything is."""
        if self._state_due is None:
            return
        self._state_due.cancel()
        self._state_due = None
        state = self.game.state
        if state is None:
            return
        self._show(*self._shown.changes(state))
        legal = self._choices
        if legal and legal != self._legal_shown:
            self._show(Text("Your move:", GOOD), *play_state.choices(legal))
        self._legal_shown = legal

    def _show_in_time(self) -> None:
        self._not_before = asyncio.get_running_loop().time() + EVERY_SECONDS
        try:
            self.settle()
        except Exception as error:
            self.game.fail(error)

    def _show(self, *things: RenderableType) -> None:
        show(self._console, things)


def show(console: Console, things: Iterable[RenderableType]) -> None:
    """Show things, one under the other."""
    for thing in things:
        # Where nobody looks, whoever reads it wants a line for each thing.
        console.print(thing, soft_wrap=isinstance(thing, Text) and not console.is_terminal)
