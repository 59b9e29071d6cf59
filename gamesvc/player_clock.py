"""PlayerClock: how much time each player has left."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from gamesvc.context import Player


class PlayerClock(Struct):
    """A clock for each player, of which one runs, as a field of a model:
    ``clock: PlayerClock = field(default_factory=PlayerClock)``.

    It knows no time by itself: give it the model's ``self.now``. It rings for nobody: have the model called with
    ``self.after(self.clock.flag_in(self.now) or 0, self.time_up)``.

    A client shows ``seconds[player]``, for the one who runs less the time that has gone by since `since`. Times are
    kept to the millisecond.

    Attributes:
        seconds: what each player had left when their clock was last started or stopped.
        increment: what a player gets for each turn, in seconds.
        running: whose clock runs, or would run if it were not paused; None where nobody's does.
        since: since when it runs, in seconds since the epoch; None where none does.
    """

    seconds: dict[Player, float] = {}  # msgspec gives each its own
    increment: float = 0.0
    running: Player | None = None
    since: float | None = None

    def set(self, players: Iterable[Player], seconds: float, increment: float = 0.0) -> None:
        """Give everybody their time. Nobody's clock runs.

        Args:
            players: who has a clock.
            seconds: for each of them, more than 0.
            increment: what a player gets for each turn, in seconds.

        Raises:
            ValueError: a time is not finite, or too short.
        """
        if not (0.001 <= seconds < float("inf") and 0 <= increment < float("inf")):
            raise ValueError(f"set(..., {seconds!r}, {increment!r}): seconds above 0, and for each turn 0 or more")
        self.seconds = {player: _rounded(seconds) for player in players}
        self.increment = _rounded(increment)
        self.running = self.since = None

    def start(self, player: Player, now: float) -> None:
        """Have a player's clock run. The one that runs stops, and its player gets nothing for it.

        Raises:
            ValueError: the player has no clock.
        """
        if player not in self.seconds:
            raise ValueError(f"{player!r} has no clock: give them one with set(players, seconds)")
        self.stop(now)
        self.running, self.since = player, now

    def press(self, then: Player, now: float) -> None:
        """End a turn: who has taken it gets the increment, and another's clock runs.

        Args:
            then: whose turn it is now.
            now: the time.

        Raises:
            ValueError: nobody's clock runs, or `then` has none.
        """
        mover = self.running
        if mover is None or self.since is None:
            raise ValueError("no clock runs: call start(player, now) first, or resume(now)")
        self.start(then, now)
        self.seconds[mover] = _rounded(self.seconds[mover] + self.increment)

    def pause(self, now: float) -> None:
        """Have the clock that runs stand still, until `resume`."""
        if self.running is not None:
            self.seconds[self.running] = self.left(self.running, now)
            self.since = None

    def resume(self, now: float) -> None:
        """Have the clock run on that was paused."""
        if self.running is not None and self.since is None:
            self.since = now

    def stop(self, now: float) -> None:
        """Have nobody's clock run any more."""
        self.pause(now)
        self.running = None

    def left(self, player: Player, now: float) -> float:
        """How many seconds a player has left; 0 where their time is up.

        Raises:
            KeyError: they have no clock.
        """
        spent = now - self.since if player == self.running and self.since is not None else 0.0
        return _rounded(max(0.0, self.seconds[player] - max(0.0, spent)))

    def flag_in(self, now: float) -> float | None:
        """In how many seconds the time of the player is up whose clock runs: 0 where it is up; None where none runs."""
        return None if self.running is None or self.since is None else self.left(self.running, now)


def _rounded(seconds: float) -> float:
    # As timers are due: without it, a rest too small to be added to today's time would never go by.
    return round(float(seconds), 3)
