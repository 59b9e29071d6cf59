"""What happens in a game without anybody asking for it: timers, ticks, and that players are away or back.

Nobody is answered, and whatever the model makes of it, it has happened: where it fails, the journal says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from gamesvc.context import Alarm, Player
from gamesvc.journal.records import Entry
from gamesvc.pending import Game, fault_of
from gamesvc.standing import Effect


class _Happening:
    """Something that nobody asked for."""

    def __init__(self) -> None:
        self.effect: Effect | None = None
        self.entry: Entry | None = None

    def settle(self, game: Game) -> None:
        """Nobody asked for it, so nobody is answered."""

    def fail(self, game: Game) -> None:
        """It is still to come, and will be tried again."""

    def overdue(self) -> None:
        """Nobody asked for it."""

    def _run(self, game: Game, what: str, run: Callable[[], Effect | None], instead: Callable[[], Effect]) -> str:
        """Have the model do something, or else have nothing come of it. Returns the fault, if there was one."""
        try:
            self.effect = run()
        except KeyboardInterrupt:
            raise
        # GameError and SystemExit, too: it is consumed, whatever it did.
        except BaseException as error:
            fault = fault_of(game, what, error)
            self.effect = instead()
            return fault
        return ""


class PendingAlarm(_Happening):
    """Something that was to come is due.

    Args:
        alarm: what.
        over: is called when it is not waited for any more: it is durable, or has to be tried again.
    """

    def __init__(self, alarm: Alarm, over: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._alarm = alarm
        self._over = over

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        alarm, instance = self._alarm, game.instance
        # What came before it may have cancelled it.
        if alarm not in instance.standing.alarms:
            return
        fault = self._run(
            game,
            f"timer {alarm.method}",
            lambda: instance.alarm(game.now(), alarm),
            lambda: instance.drop(game.now(), alarm),
        )
        if self.effect is not None:
            self.entry = self.effect.entry(
                instance.kind, "timer", name=alarm.method, arguments=alarm.arguments, timer=alarm.id, fault=fault
            )

    def settle(self, game: Game) -> None:
        self._over()

    def fail(self, game: Game) -> None:
        self._over()


class PendingTick(_Happening):
    """A tick is due.

    Args:
        now: its time, in seconds since the epoch.
        failed: is called where the model fails at it.

    Attributes:
        is_over: whether it has run, or will not.
    """

    def __init__(self, now: float, failed: Callable[[], None]) -> None:
        super().__init__()
        self._now = now
        self._failed = failed
        self.is_over = False

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        self.is_over = True
        instance = game.instance
        # What came before it may have been the end, or a seat given up; or somebody did not get theirs.
        if instance.standing.finished or not instance.is_playable:
            return
        fault = self._run(game, "on_tick", lambda: instance.tick(self._now), lambda: instance.skip(self._now))
        if fault:
            self._failed()
        if self.effect is not None:
            self.entry = self.effect.entry(instance.kind, "tick", fault=fault)

    def fail(self, game: Game) -> None:
        """The next one is due soon."""
        self.is_over = True


class PendingPresence(_Happening):
    """A player is away, or back, and the model wants to know.

    Args:
        player: who.
        away: whether they are.
        settled: is called when that is so.
        failed: is called when the journal can't keep it.
    """

    def __init__(
        self, player: Player, *, away: bool, settled: Callable[[], None], failed: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__()
        self._player = player
        self._away = away
        self._settled = settled
        self._failed = failed

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        instance, player, away = game.instance, self._player, self._away
        standing = instance.standing
        is_told = (player in standing.here) != away
        if is_told or standing.finished or (standing.seats and player not in standing.seats):
            return
        fault = self._run(
            game,
            "on_away" if away else "on_back",
            lambda: instance.presence(game.now(), player, away=away),
            lambda: instance.miss(game.now(), player, away=away),
        )
        kind: Literal["away", "back"] = "away" if away else "back"
        if self.effect is not None:
            self.entry = self.effect.entry(instance.kind, kind, player=player, fault=fault)

    def settle(self, game: Game) -> None:
        self._settled()

    def fail(self, game: Game) -> None:
        self._failed()
