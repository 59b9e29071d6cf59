"""The server at a table: a whole one, in memory, of one game, with a clock that the test advances."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from twisted.internet.task import Clock

from gamesvc.admission import FrontDoor
from gamesvc.catalog import Catalog, Kind
from gamesvc.errors import RequestRefused
from gamesvc.journal.memory import MemoryJournal
from gamesvc.limits import Limits
from gamesvc.listener import GameListener
from gamesvc.model import GameModel
from gamesvc.offered_bots import OfferedBots
from gamesvc.server import GameServer
from gamesvc.surroundings import Call

_GAME = "game"
_UNBOUNDED = Limits(
    commands_per_second=0,
    command_burst=0,
    frames_per_second=0,
    max_message_bytes=0,
    max_connections_per_player=0,
    max_games_per_player=0,
    handshake_timeout=0,
    ping_interval=0,
    idle_game_seconds=0,
)


class _OneKind(Catalog):
    """A server's offer, of one kind that need not be a module's."""

    def __init__(self, model: type[GameModel], options: bytes) -> None:
        self._kind = Kind(model.__name__, model, options)

    def __iter__(self) -> Iterator[Kind]:
        yield self._kind

    def find(self, name: str) -> Kind | None:
        return self._kind if name == self._kind.name else None


class _Listener(GameListener):
    """A listener that hands faults of the model to the test, and logs none."""

    faults: list[tuple[str, BaseException]]

    def report(self, what: str, fault: BaseException) -> str:
        self.faults.append((what, fault))
        return "of-this-test"


class TableServer:
    """A server, and its game.

    Args:
        model: the game's class.
        options: of its ``setup``, checked.
        bots: makes those that are offered, of what calls a function after some seconds.
        seed: where the game's chance comes from.
        start_time: when the game begins, in seconds since the epoch.

    Attributes:
        listener: takes connections; another one after a restart.
        journal: has the game.
    """

    def __init__(
        self,
        model: type[GameModel],
        options: bytes,
        bots: Callable[[Callable[[float, Callable[[], None]], Call]], OfferedBots],
        seed: int,
        start_time: float,
    ) -> None:
        self._catalog = _OneKind(model, options)
        self._bots = bots
        self._start = start_time
        self._clock = Clock()
        # Apart, so that a game's chance is the same whatever else is drawn.
        self._seeds, self._names = random.Random(seed), random.Random(seed)
        self._faults: list[tuple[str, BaseException]] = []
        self.journal = MemoryJournal(lambda call: self._clock.callLater(0, call), lambda: self.now)
        self.listener = self._listen()
        self._open()

    @property
    def seconds(self) -> float:
        """The time, in seconds since the game began."""
        return self._clock.seconds()

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return self._start + self.seconds

    @property
    def game(self) -> GameServer:
        """The game."""
        # One in which nothing has happened yet is forgotten when the last has left it.
        if _GAME not in self.listener.games:
            self._open()
        return self.listener.games[_GAME]

    def restart(self) -> None:
        """Kill the server, and start another one on the same journal. Nobody is connected to that."""
        # A new clock: whatever the old server has still put off does not happen.
        clock, self._clock = self._clock, Clock()
        self._clock.rightNow = clock.rightNow
        self.listener = self._listen()
        self._open()

    def next_due(self, otherwise: float) -> float:
        """When the next happens that was put off, in seconds as `seconds`.

        Args:
            otherwise: what it is where nothing was.
        """
        return min((call.getTime() for call in self._clock.getDelayedCalls()), default=otherwise)

    def run(self, until: float | None = None) -> None:
        """Let everything happen that is due.

        Args:
            until: by when, in seconds as `seconds`; None: by now.
        """
        clock = self._clock
        until = clock.seconds() if until is None else until
        while True:
            due = self.next_due(until + 1)
            if due > until:
                break
            # To the time itself, and not by so many seconds: a sum of fractions may miss it.
            clock.rightNow = max(clock.rightNow, due)
            clock.advance(0)
        clock.rightNow = until

    def raise_faults(self) -> None:
        """Raise what the model raised since this was asked for last, if anything."""
        if not self._faults:
            return
        (what, fault), *more = self._faults
        self._faults.clear()
        fault.add_note(f"in {what}" + (f", and {len(more)} more failed" if more else ""))
        raise fault

    def _listen(self) -> GameListener:
        listener = _Listener(
            self._clock,
            journal=self.journal,
            catalog=self._catalog,
            front_door=FrontDoor(None, (), lambda: "guest"),
            limits=_UNBOUNDED,
            now=lambda: self.now,
            random_bytes=lambda count: (self._seeds if count == 32 else self._names).randbytes(count),
            bots=self._bots(self._clock.callLater),
        )
        listener.faults = self._faults
        listener.lifecycle.start()
        return listener

    def _open(self) -> None:
        outcomes: list[GameServer | RequestRefused] = []
        self.listener.lifecycle.open(_GAME, None, None, outcomes.append)
        self.run()
        self.raise_faults()
        (outcome,) = outcomes
        if isinstance(outcome, RequestRefused):
            raise outcome
