"""Attendance: who is connected to a game, as whom, and which players are away.

A player is away some seconds after their last connection was lost. Whoever hears of who is there can follow it: what a
welcome says, who has a connection at that moment, and what is told later make up what is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Protocol

from gamesvc.context import Player
from gamesvc.errors import CloseCode
from gamesvc.messages import Request
from gamesvc.pending import Answer, Role
from gamesvc.subscription import Subscription
from gamesvc.surroundings import Call

AWAY_SECONDS = 5.0
"""After how long without a connection a player is away."""

MAX_PRESENT = 256
"""How many names a welcome tells of those who are there; and with how many players in a game without seats it is still
told who is away and who is back: each would have to hear of each."""


class Participant(Protocol):
    """What a game knows of a connection: its controller."""

    def close(self, code: CloseCode) -> None:
        """Send what is due, as long as the connection takes it, then close it."""


Submit = Callable[[Role, Request, Answer], None]


class Member:
    """As whom a connection takes part, from now on or for now.

    Args:
        role: it.
        submit: the game's.
        subscription: where its frames go; None where nobody is to be told of another role.

    Attributes:
        role: as whom it takes part.
        subscription: where its frames go.
    """

    __slots__ = ("_submit", "role", "subscription")

    def __init__(self, role: Role, submit: Submit, subscription: Subscription | None) -> None:
        self.role = role
        self.subscription = subscription
        self._submit = submit

    def submit(self, request: Request, answer: Answer) -> None:
        """Let a command take effect, or refuse it."""
        self._submit(self.role, request, answer)


class Attendance:
    """Who is connected to one game.

    Args:
        later: calls a function after some seconds.
        monotonic: seconds of a clock that nobody sets.
        max_connections: of one player; the oldest beyond goes. 0 means any number.
        changed: is told that a player is away (True), or there.
        always: whether that matters also when nobody else is there to be told.
        has_seats: whether there are as many players as seats, and no more.
    """

    def __init__(
        self,
        later: Callable[[float, Callable[[], None]], Call],
        monotonic: Callable[[], float],
        max_connections: int,
        changed: Callable[[Player, bool], None],
        *,
        always: bool = False,
        has_seats: bool = False,
    ) -> None:
        self._always = always
        self._has_seats = has_seats
        self._later = later
        self._monotonic = monotonic
        self._max_connections = max_connections
        self._changed = changed
        self._members: dict[Participant, Member] = {}
        self._of: dict[Player, dict[Participant, Member]] = {}
        # Who has gone, or is to come, and is not away yet, since when, and how many had come by then, in this order;
        # and who is away, the last who are.
        self._gone: dict[Player, tuple[float, int]] = {}
        self._comers = 0
        self._away: dict[Player, None] = {}
        self._call: Call | None = None
        self._is_stopped = False

    @property
    def controllers(self) -> tuple[Participant, ...]:
        """Those who are connected, in the order in which they came."""
        return tuple(self._members)

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._members)

    @property
    def present(self) -> list[Player]:
        """The players who are connected; of very many, some."""
        return list(islice((player for player in self._of if self.has(player)), MAX_PRESENT))

    @property
    def is_small(self) -> bool:
        """Whether those who are there are so few that each can be told of each."""
        return self._has_seats or len(self._of) <= MAX_PRESENT

    def has(self, player: Player) -> bool:
        """Whether a player is connected."""
        return any(each.role.playing for each in self._of.get(player, {}).values())

    def is_away(self, player: Player) -> bool:
        """Whether a player is away."""
        return player in self._away

    def members(self, player: Player) -> list[tuple[Participant, Member]]:
        """All connections of this name."""
        return list(self._of.get(player, {}).items())

    def enter(self, controller: Participant, member: Member) -> bool:
        """Take a connection in. A player's oldest one goes where they have too many.

        Returns:
            Whether that was told, as somebody did not know of its player.
        """
        player = member.role.player
        self._lapse()
        # Who has come since they went was told that they are not there.
        is_known = self.has(player) or self._gone.get(player, (0.0, -1))[1] == self._comers
        is_news = member.role.playing and not is_known
        self._comers += 1
        self._members[controller] = member
        theirs = self._of.setdefault(player, {})
        theirs[controller] = member
        if self._max_connections:
            for oldest in tuple(theirs)[: -self._max_connections]:
                oldest.close(CloseCode.REPLACED)
        if member.role.playing:
            self.came(player)
        is_told = is_news and (self._always or len(self._members) > 1)
        if is_told:
            self._changed(player, False)
        self._set()
        return is_told

    def leave(self, controller: Participant) -> None:
        """Take a connection out; once more is harmless."""
        member = self._members.pop(controller, None)
        if member is None:
            return
        player = member.role.player
        theirs = self._of[player]
        # As when they came: who is said to be away is told back, too.
        was_small = self.is_small
        del theirs[controller]
        if not theirs:
            del self._of[player]
        if member.role.playing and (self._always or was_small) and not self.has(player):
            self._watch(player, self._monotonic())
            # Where nobody is there to be told, it is found out when somebody comes.
            if self._always or self._members:
                self._set()
            else:
                self._wait_for_somebody()

    def came(self, player: Player) -> None:
        """A player is connected, which everybody knows."""
        self._gone.pop(player, None)
        self._away.pop(player, None)

    def expect(self, players: Iterable[Player]) -> None:
        """These are said to be there: they have taken seats, or were connected before the game was loaded. Who does not
        come in time, is away."""
        now = self._monotonic()
        for player in players:
            if not self.has(player):
                self._away.pop(player, None)
                self._watch(player, now)
        self._set()

    def forget(self, player: Player) -> None:
        """A player has no seat any more: they are not away, they are gone."""
        self._gone.pop(player, None)
        self._away.pop(player, None)

    def start(self) -> None:
        """Find out who is away, after `stop`."""
        self._is_stopped = False
        self._set()

    def stop(self) -> None:
        """Look after nobody any more."""
        self._is_stopped = True
        self._wait_for_somebody()

    def _wait_for_somebody(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _watch(self, player: Player, since: float) -> None:
        self._gone.pop(player, None)
        self._gone[player] = since, self._comers

    def _set(self) -> None:
        """See to it that who is away is noticed."""
        if self._gone and self._call is None and not self._is_stopped:
            since, _ = next(iter(self._gone.values()))
            self._call = self._later(max(0.0, since + AWAY_SECONDS - self._monotonic()), self._look)

    def _look(self) -> None:
        self._call = None
        for player in self._overdue():
            if not self.has(player):
                self._changed(player, True)
        self._set()

    def _lapse(self) -> None:
        """Who is away since when nobody was there to be told, is so without a word."""
        if self._gone and self._call is None:
            self._overdue()

    def _overdue(self) -> list[Player]:
        """Those who are away from now on."""
        now = self._monotonic()
        away = []
        for player, (since, _) in tuple(self._gone.items()):
            if since + AWAY_SECONDS - now > 0:
                break
            del self._gone[player]
            if not self.has(player):
                self._away[player] = None
                away.append(player)
        while len(self._away) > MAX_PRESENT:
            del self._away[next(iter(self._away))]
        return away
