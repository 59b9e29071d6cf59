"""A game's life: who asks for it gets it, it is awake, put to sleep, woken. Nothing about connections.

A game that nobody is in for a while is dropped from memory; the journal has it. Somebody who asks for it wakes it, or a
timer of its own: the journal knows which games want to be woken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gamesvc.beginnings import Beginnings, Begun, Plan
from gamesvc.catalog import Catalog
from gamesvc.errors import (
    GAME_DELETED,
    JOURNAL_DOWN,
    NO_SUCH_GAME,
    SERVER_FULL,
    TOO_MANY_GAMES,
    JournalError,
    RequestRefused,
)
from gamesvc.journal import Stored
from gamesvc.limits import OVERDUE_SECONDS, Census, Limits
from gamesvc.logs import logger
from gamesvc.server import GameServer
from gamesvc.surroundings import Call, Surroundings

log = logger(__name__)

TICK_SECONDS = 0.5
"""How often the lifecycle looks after its games."""

MAX_WOKEN = 64
"""How many games that want to be woken are woken at a time."""

SPARED_SECONDS = 60.0
"""How long a game that could not be woken is left alone by its timers."""

_RETRY_SECONDS = 5.0
_AGAIN_SECONDS = 0.05
_TIMERS_IDLE_SECONDS = 10.0


@dataclass
class _Loading:
    """A game that is being created or woken.

    Attributes:
        opener: who asked for it first; None: the server itself, for a timer or for the lobby.
        since: when, in seconds of the monotonic clock.
        waiting: who is told.
    """

    opener: str | None
    since: float
    waiting: list[Begun]


class Lifecycle:
    """Creates games, wakes them, and puts them to sleep.

    Args:
        games: those that are awake, by id.
        catalog: what is played here.
        limits: how many games there may be.
        around: what games are lent.
        random_bytes: as many unpredictable bytes as asked for.
        plan: says what a game is to be, by its id; None where nobody has planned anything: then it is of the kind that
            the catalog names first.
    """

    def __init__(
        self,
        games: dict[str, GameServer],
        catalog: Catalog,
        limits: Limits,
        around: Surroundings,
        random_bytes: Callable[[int], bytes],
        plan: Callable[[str], Plan | None] = lambda game: None,
    ) -> None:
        self.games = games
        self._limits = limits
        self._around = around
        self._beginnings = Beginnings(catalog, around, random_bytes, plan, self._moved)
        self._loading: dict[str, _Loading] = {}
        self._openers: Census[str] = Census(limits.max_games_per_player)
        self._opened_by: dict[str, str] = {}
        self._idle: dict[str, Call] = {}
        # Games whose waiters are just being told, and whether somebody has left meanwhile.
        self._handed_out: dict[str, bool] = {}
        self._tick: Call | None = None
        self._asking = False
        self._spared: dict[str, float] = {}
        self._is_stalled = False
        self._stopped = False

    def start(self) -> None:
        """Look after the games from now on."""
        self._tick = self._around.later(TICK_SECONDS, self._look_after)

    @property
    def quiet(self) -> bool:
        """Whether nothing waits for the journal."""
        return not self._loading and all(game.quiet for game in self.games.values())

    def open(
        self,
        game: str,
        opener: str | None,
        players: tuple[str, ...] | None,
        opened: Begun,
        *,
        creates: bool = True,
    ) -> None:
        """Find a game, wake it, or create it: as it was planned, or else of the first kind that is served.

        Args:
            game: its id.
            opener: who asks; None: the server itself, for a timer or for the lobby.
            players: who has the first seats, if it is created now and nobody has planned that.
            opened: gets the game, or why it can't be had. May be called at once.
            creates: whether it is created where it is not there yet. Only where one who does not create asks alone; who
                asks for a game that is on its way gets what comes of that.
        """
        awake = self.games.get(game)
        if awake is not None and not awake.closed:
            opened(awake)
            return
        loading = self._loading.get(game)
        if loading is not None:
            loading.waiting.append(opened)
            return
        if self._stopped:
            opened(RequestRefused(JOURNAL_DOWN))
        elif awake is not None:
            # It is being saved, to go to sleep; then it can be woken.
            self._around.later(_AGAIN_SECONDS, lambda: self.open(game, opener, players, opened, creates=creates))
        elif 0 < self._limits.max_games <= len(self.games) + len(self._loading):
            opened(RequestRefused(SERVER_FULL))
        elif opener is not None and not self._openers.add(opener):
            opened(RequestRefused(TOO_MANY_GAMES))
        else:
            self._loading[game] = _Loading(opener, self._around.monotonic(), [opened])
            wanted = (players or ()) if creates else None
            self._around.journal.claim(game, lambda stored: self._claimed(game, wanted, stored))

    def keep(self, game: str) -> None:
        """Somebody is in a game: it does not go to sleep."""
        idle = self._idle.pop(game, None)
        if idle is not None:
            idle.cancel()

    def nobody_in(self, game: GameServer) -> None:
        """Nobody is in a game any more."""
        if self._stopped or self.games.get(game.game) is not game:
            return
        if game.game in self._handed_out:
            self._handed_out[game.game] = True
            return
        if game.untouched:
            # Nobody would miss it, and somebody may be asking for one game after the other.
            game.discard()
            self._drop(game)
        else:
            self._sleep_after(game, self._limits.idle_game_seconds)

    def stop(self, stopped: Callable[[], None]) -> None:
        """Save what is not journaled yet, and look after nothing any more.

        Args:
            stopped: is called when that is done, or can't be.
        """
        self._stopped = True
        tick, self._tick = self._tick, None
        if tick is not None:
            tick.cancel()
        for idle in self._idle.values():
            idle.cancel()
        self._idle.clear()
        saving = 0

        def saved(error: JournalError | None = None) -> None:
            nonlocal saving
            saving -= 1
            if not saving:
                stopped()

        unsaved = [game for game in self.games.values() if game.model.DURABILITY != "every"]
        saving = len(unsaved) + 1
        for game in self.games.values():
            game.drain()
        for game in unsaved:
            game.save(clean=True, saved=saved)
        saved()

    # Waking and creating.

    def _claimed(self, game: str, players: tuple[str, ...] | None, stored: Stored | JournalError) -> None:
        if isinstance(stored, JournalError):
            log.warn("game {game} can't be opened: {error}", game=game, error=stored)
            self._refuse(game, RequestRefused(JOURNAL_DOWN))
        elif stored.deleted:
            self._refuse(game, RequestRefused(GAME_DELETED))
        elif self._stopped:
            self._refuse(game, RequestRefused(JOURNAL_DOWN))
        elif stored.last:
            self._beginnings.wake(game, stored, partial(self._begun, game, "woken"))
        elif players is None:
            self._around.journal.discard(game, stored.term, lambda error: None)
            self._refuse(game, RequestRefused(NO_SUCH_GAME))
        else:
            self._beginnings.create(game, players, stored.term, partial(self._begun, game, "opened"))

    def _begun(self, game: str, how: str, outcome: GameServer | RequestRefused) -> None:
        if isinstance(outcome, RequestRefused):
            self._refuse(game, outcome)
        else:
            self._awake(outcome, how)

    def _awake(self, server: GameServer, how: str) -> None:
        if self._stopped:
            server.drain()
            self._refuse(server.game, RequestRefused(JOURNAL_DOWN))
            return
        loading = self._loading.pop(server.game)
        self.games[server.game] = server
        server.start()
        if loading.opener is not None:
            self._opened_by[server.game] = loading.opener
        by = "the server" if loading.opener is None else repr(loading.opener)
        log.info("game {game} ({kind}) {how} by {by}", game=server.game, kind=server.kind, how=how, by=by)
        idle = self._limits.idle_game_seconds
        # One that only the server woke is not to take the place of those that people are in.
        self._sleep_after(server, min(idle, _TIMERS_IDLE_SECONDS) if loading.opener is None else idle)
        # The first may be gone again before the next is told.
        self._handed_out[server.game] = False
        try:
            for opened in loading.waiting:
                opened(server)
        finally:
            somebody_left = self._handed_out.pop(server.game)
        if somebody_left and not server.controllers:
            self.nobody_in(server)

    def _refuse(self, game: str, refused: RequestRefused) -> None:
        loading = self._loading.pop(game)
        if loading.opener is not None:
            self._openers.remove(loading.opener)
        for opened in loading.waiting:
            opened(refused)

    # Sleep.

    def _sleep_after(self, game: GameServer, seconds: float) -> None:
        self.keep(game.game)
        if seconds > 0:
            self._idle[game.game] = self._around.later(seconds, lambda: self._sleep(game))

    def _sleep(self, game: GameServer) -> None:
        self._idle.pop(game.game, None)
        if self.games.get(game.game) is not game or game.controllers:
            return
        if not game.quiet:
            self._sleep_after(game, _RETRY_SECONDS)
        elif game.model.DURABILITY == "every":
            # That it need not be woken for its bots is news, too.
            if game.changed or game.has_bots:
                game.save(clean=True, asleep=True)
            game.drain()
            self._drop(game)
            log.info("game {game} sleeps: nobody was there for a while", game=game.game)
        else:
            # Until it is saved it is closed to everybody, because what happens now would be lost.
            game.drain()
            game.save(clean=True, asleep=True, saved=lambda error: self._asleep(game, error))

    def _asleep(self, game: GameServer, error: JournalError | None) -> None:
        if self.games.get(game.game) is not game or self._stopped:
            return
        if error is None:
            self._drop(game)
        else:
            game.carry_on()
            self._sleep_after(game, _RETRY_SECONDS)

    def _moved(self, game: GameServer) -> None:
        """Somebody else has taken a game over."""
        log.warn("game {game} was taken over by another server, or deleted", game=game.game)
        self._drop(game)

    def _drop(self, game: GameServer) -> None:
        if self.games.get(game.game) is game:
            self.keep(game.game)
            del self.games[game.game]
            opener = self._opened_by.pop(game.game, None)
            if opener is not None:
                self._openers.remove(opener)

    # Looking after.

    def _look_after(self) -> None:
        self._tick = self._around.later(TICK_SECONDS, self._look_after)
        now = self._around.monotonic()
        stalled = False
        for game in tuple(self._around.attended):
            if not game.tick():
                self._around.attended.pop(game, None)
        for game in self._around.attended:
            stalled = stalled or game.is_stalled
        for loading in self._loading.values():
            if now - loading.since >= OVERDUE_SECONDS:
                stalled = True
                waiting, loading.waiting = loading.waiting, []
                for opened in waiting:
                    opened(RequestRefused(JOURNAL_DOWN))
        if stalled and not self._is_stalled:
            log.error("the journal has not answered for {seconds:.0f} s", seconds=OVERDUE_SECONDS)
        self._is_stalled = stalled
        self._spared = {game: until for game, until in self._spared.items() if until > now}
        if not self._asking:
            self._asking = True
            # Those that are awake, and those that can't be woken, must not keep the others asleep.
            self._around.journal.due(MAX_WOKEN + len(self._spared) + len(self.games), self._due)

    def _due(self, games: list[str] | JournalError) -> None:
        self._asking = False
        if isinstance(games, JournalError) or self._stopped:
            return
        for game in games:
            if 0 < self._limits.max_games <= 2 * (len(self.games) + len(self._loading)):
                return  # half of the places are for people
            if game not in self.games and game not in self._spared:
                self.open(game, None, None, partial(self._woken, game))

    def _woken(self, game: str, outcome: GameServer | RequestRefused) -> None:
        if isinstance(outcome, RequestRefused):
            seconds = _RETRY_SECONDS if outcome.refusal.retryable else SPARED_SECONDS
            self._spared[game] = self._around.monotonic() + seconds
