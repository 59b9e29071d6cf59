"""Rhythm: when a game's model runs without being asked: at its timers, and at its ticks; and what waits for a tick."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gamesvc.bell import Bell
from gamesvc.context import Alarm
from gamesvc.happening import PendingAlarm, PendingTick
from gamesvc.order import Order
from gamesvc.pending import Game, PendingCommand
from gamesvc.seating import PendingChange
from gamesvc.seating_bots import PendingBot
from gamesvc.surroundings import Surroundings
from gamesvc.ticker import Ticker

_RETRY_SECONDS = 1.0

Input = PendingCommand | PendingChange | PendingBot
"""What clients ask for."""


class Rhythm:
    """One game's.

    Args:
        game: it.
        order: the game's.
        around: clocks.
        is_attended: whether somebody is there, for whom it is to tick.
    """

    def __init__(self, game: Game, order: Order, around: Surroundings, is_attended: Callable[[], bool]) -> None:
        self._game = game
        self._model = game.instance.kind
        self._order = order
        self._is_attended = is_attended
        self._bell = Bell(around.later, game.now, self._ring)
        # What came since the last tick.
        self._inputs: list[Input] = []
        # The ids of timers that wait for the model, or for the journal.
        self._ringing: set[int] = set()
        self._last: PendingTick | None = None
        self._ticker: Ticker | None = None
        if self._model.TICK is not None:
            self._ticker = Ticker(self._model.TICK, around.later, around.monotonic, game.now, self._tick)

    @property
    def is_even(self) -> bool:
        """Whether nothing waits for a tick."""
        return not self._inputs

    def now(self, now: float) -> float:
        """The time of the game: where it ticks, what comes between two ticks is not later than the next.

        Args:
            now: its clock's, in seconds since the epoch.
        """
        ticker = self._ticker
        return min(now, ticker.next) if ticker is not None and ticker.runs else now

    def take(self, command: Input) -> None:
        """Let a command take effect: now, or where the game ticks, just before the next tick."""
        if self._ticker is not None and self._ticker.runs:
            self._inputs.append(command)
        else:
            self._order.take(command)

    def keep(self, *, after_failure: bool = False) -> None:
        """The game stands otherwise than before, or others are there: keep time accordingly.

        Args:
            after_failure: whether the journal has just failed, so that timers are to wait a little.
        """
        if self._order.closed:
            self._bell.silence()
        else:
            due = [alarm.due for alarm in self._game.instance.standing.alarms if alarm.id not in self._ringing]
            self._bell.set(min(due, default=None), _RETRY_SECONDS if after_failure else 0.0)
        if self._ticker is not None:
            self._set(self._ticker)

    def _set(self, ticker: Ticker) -> None:
        """Tick where there is somebody for whom, and something to tick."""
        standing = self._order.standing
        if self._game.instance.is_playable and self._is_attended() and not standing.finished and not self._order.closed:
            ticker.start()
        elif ticker.runs or self._inputs:
            ticker.stop()
            self._take_inputs()
            self._take_alarms()

    def _tick(self, due: float) -> None:
        self._take_inputs()
        # A model that blocks may take longer than there is between two.
        if not self._order.is_stalled and (self._last is None or self._last.is_over):
            self._take_alarms()
            self._last = PendingTick(due, self._failed)
            self._order.take(self._last)

    def _failed(self) -> None:
        if self._ticker is not None:
            self._ticker.rest()

    def _ring(self) -> None:
        if self._order.closed:
            return
        if self._order.is_stalled:
            self.keep(after_failure=True)
        # Where the game ticks, they take effect at the next tick.
        elif self._ticker is None or not self._ticker.runs:
            self._take_alarms()
            self.keep()

    def _take_inputs(self) -> None:
        inputs, self._inputs = self._inputs, []
        for command in inputs:
            if self._order.closed or self._order.is_stalled:
                command.fail(self._game)
            else:
                self._order.take(command)

    def _take_alarms(self) -> None:
        if self._order.closed or self._order.is_stalled:
            return
        for alarm in self._due():
            self._ringing.add(alarm.id)
            self._order.take(PendingAlarm(alarm, partial(self._ringing.discard, alarm.id)))

    def _due(self) -> list[Alarm]:
        now = self._game.now()
        alarms = self._game.instance.standing.alarms
        due = [alarm for alarm in alarms if alarm.due <= now and alarm.id not in self._ringing]
        return sorted(due, key=lambda alarm: (alarm.due, alarm.id))
