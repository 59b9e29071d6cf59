"""BotCalls: when a bot is called in without being asked for: for a seat that stays free, for a player who stays away.
And it goes when the player is back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gamesvc.bot_offer import BotRules
from gamesvc.context import Player
from gamesvc.standing import Standing
from gamesvc.surroundings import Call

_RETRY_SECONDS = 1.0

Wish = Callable[[str | None, Player | None, Callable[[bool], None]], None]
"""Has a bot play: its name, or None that it is to go; for whom, or None for a free seat; and what is called when that
has happened, or was refused: it is told whether that may go otherwise a little later."""


class BotCalls:
    """One game's.

    Args:
        rules: when bots are called in.
        fewest: how many have to have a seat so that the game begins.
        standing: how the game stands, as far as it is durable.
        is_here: says whether a player is connected.
        wish: has a bot play.
        later: calls a function after some seconds.
        monotonic: seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        rules: BotRules,
        fewest: int,
        standing: Callable[[], Standing],
        is_here: Callable[[Player], bool],
        wish: Wish,
        later: Callable[[float, Callable[[], None]], Call],
        monotonic: Callable[[], float],
    ) -> None:
        self._rules = rules
        self._fewest = fewest
        self._standing = standing
        self._is_here = is_here
        self._wish = wish
        self._later = later
        self._monotonic = monotonic
        # Since when somebody waits for others; and since when each player has been gone.
        self._waiting_since: float | None = None
        self._gone_since: dict[Player, float] = {}
        # For whom a bot is called, or sent away, at this moment; None stands for a free seat.
        self._wished: set[Player | None] = set()
        self._call: Call | None = None
        self._retry: Call | None = None
        self._is_stopped = False

    def look(self) -> None:
        """Call in those bots whose time has come, and send those away whose players are back."""
        self._is_stopped = False
        self._cancel()
        standing = self._standing()
        if standing.finished or not standing.seats:
            return
        now = self._monotonic()
        people = [each for each in standing.seats if each is not None and standing.bot_of(each) is None]
        for each in standing.bots:
            player = Player(each.player)
            if each.stands_in and self._is_here(player):
                self._have(None, player)
        here = [player for player in people if self._is_here(player)]
        due = [self._fill(standing, bool(here), now), *self._stand_in(standing, people, bool(here), now)]
        wait = min((each for each in due if each is not None), default=None)
        if wait is not None:
            self._call = self._later(wait, self._again)

    def stop(self) -> None:
        """Call nobody in, until `look`."""
        self._is_stopped = True
        self._cancel()
        retry, self._retry = self._retry, None
        if retry is not None:
            retry.cancel()

    def _cancel(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _again(self) -> None:
        self._call = None
        self.look()

    def _try_again(self) -> None:
        self._retry = None
        self.look()

    def _fill(self, standing: Standing, somebody_waits: bool, now: float) -> float | None:
        """Fill a free seat, or say in how many seconds that is due; None where it is not."""
        missing = len(standing.seats) - standing.seats.count(None) < self._fewest
        if self._rules.fill is None or not (missing and somebody_waits):
            self._waiting_since = None
            return None
        if self._waiting_since is None:
            self._waiting_since = now
        wait = self._waiting_since + self._rules.fill_seconds - now
        if wait > 0:
            return wait
        self._have(self._rules.fill, None)
        return None

    def _stand_in(self, standing: Standing, people: list[Player], is_wanted: bool, now: float) -> list[float | None]:
        """Have bots play for who is away, or say in how many seconds that is due."""
        rules = self._rules
        self._gone_since = {player: self._gone_since.get(player, now) for player in people if not self._is_here(player)}
        # Nobody waits for them where nobody is there.
        if rules.stand_in is None or not is_wanted or not standing.started:
            return []
        due: list[float | None] = []
        for player, since in self._gone_since.items():
            wait = since + rules.stand_in_seconds - now
            if wait > 0:
                due.append(wait)
            else:
                self._have(rules.stand_in, player)
        return due

    def _have(self, bot: str | None, player: Player | None) -> None:
        if player not in self._wished:
            self._wished.add(player)
            self._wish(bot, player, partial(self._done, player))

    def _done(self, player: Player | None, again: bool) -> None:
        self._wished.discard(player)
        if again and self._retry is None and not self._is_stopped:
            self._retry = self._later(_RETRY_SECONDS, self._try_again)
