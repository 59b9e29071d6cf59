"""Attendance: who is connected to a game, as whom, and which players are away."""

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
        changed: is told that a player is away, or back.
        always: whether that matters also when nobody else is there to be told.
    """

    def __init__(
        self,
        later: Callable[[float, Callable[[], None]], Call],
        monotonic: Callable[[], float],
        max_connections: int,
        changed: Callable[[Player, bool], None],
        *,
        always: bool = False,
    ) -> None:
        self._always = always
        self._later = later
        self._monotonic = monotonic
        self._max_connections = max_connections
        self._changed = changed
        self._members: dict[Participant, Member] = {}
        self._of: dict[Player, dict[Participant, Member]] = {}
        # Who has gone and is not away yet, and when that was, in this order; and who is away, as far as it was told.
        self._gone: dict[Player, float] = {}
        self._away: set[Player] = set()
        self._call: Call | None = None

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
        players = (player for player, theirs in self._of.items() if any(each.role.playing for each in theirs.values()))
        return list(islice(players, MAX_PRESENT))

    @property
    def is_small(self) -> bool:
        """Whether those who are there are so few that each can be told of each."""
        return len(self._of) <= MAX_PRESENT

    def has(self, player: Player) -> bool:
        """Whether a player is connected."""
        return any(each.role.playing for each in self._of.get(player, {}).values())

    def members(self, player: Player) -> list[tuple[Participant, Member]]:
        """All connections of this name."""
        return list(self._of.get(player, {}).items())

    def enter(self, controller: Participant, member: Member) -> None:
        """Take a connection in. A player's oldest one goes where they have too many."""
        player = member.role.player
        self._members[controller] = member
        theirs = self._of.setdefault(player, {})
        theirs[controller] = member
        if self._max_connections:
            for oldest in tuple(theirs)[: -self._max_connections]:
                oldest.close(CloseCode.REPLACED)
        if member.role.playing:
            self.came(player)

    def leave(self, controller: Participant) -> None:
        """Take a connection out; once more is harmless."""
        member = self._members.pop(controller, None)
        if member is None:
            return
        player = member.role.player
        theirs = self._of[player]
        del theirs[controller]
        if not theirs:
            del self._of[player]
        matters = self._always or (self._members and self.is_small)
        if member.role.playing and matters and not self.has(player):
            self._watch(player, self._monotonic())

    def came(self, player: Player) -> None:
        """A player is connected."""
        self._gone.pop(player, None)
        if player in self._away:
            self._away.discard(player)
            self._changed(player, False)

    def expect(self, players: Iterable[Player]) -> None:
        """These were connected before the game was loaded: who does not come back in time, is away."""
        now = self._monotonic()
        for player in players:
            if not self.has(player):
                self._watch(player, now)

    def forget(self, player: Player) -> None:
        """A player has no seat any more: they are not away, they are gone."""
        self._gone.pop(player, None)
        self._away.discard(player)

    def stop(self) -> None:
        """Look after nobody any more."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def _watch(self, player: Player, since: float) -> None:
        self._gone.pop(player, None)
        self._gone[player] = since
        if self._call is None:
            self._call = self._later(AWAY_SECONDS, self._look)

    def _look(self) -> None:
        self._call = None
        now = self._monotonic()
        while self._gone:
            player, since = next(iter(self._gone.items()))
            left = since + AWAY_SECONDS - now
            if left > 0:
                self._call = self._later(left, self._look)
                return
            del self._gone[player]
            if not self.has(player):
                self._away.add(player)
                self._changed(player, True)
