"""Matches: who wants to play with anybody waits, until there are enough who accept each other."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable

from twisted.internet.defer import Deferred

from gamesvc.errors import BAD_BODY, NO_SUCH_TICKET, TOO_MANY_REQUESTS, RequestRefused
from gamesvc.surroundings import Call
from gamesvc.web.addresses import network_of
from gamesvc.web.lobby_bodies import Quest
from gamesvc.web.lobby_entries import Ticket
from gamesvc.web.lobby_listing import Listing
from gamesvc.web.lobby_records import Records
from gamesvc.web.pairing import parties

GONE_SECONDS = 60.0
"""How long somebody waits who does not ask any more."""

MAX_WAIT_SECONDS = 30
"""How long an answer may be put off."""

LOOK_SECONDS = 1.0
"""How often it is seen who accepts whom by now."""

MAX_WAITING = 16
"""How many may wait from one network address."""


class Matches:
    """Those who wait.

    Args:
        listing: the games that there are.
        records: the lobby's.
        later: calls a function after some seconds.
        monotonic: seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        listing: Listing,
        records: Records,
        later: Callable[[float, Callable[[], None]], Call],
        monotonic: Callable[[], float],
    ) -> None:
        self._listing = listing
        self._records = records
        self._later = later
        self._monotonic = monotonic
        # When each was asked for last.
        self._heard: dict[str, float] = {}
        # From where each came; and how many are coming from there.
        self._networks: dict[str, str] = {}
        self._coming: Counter[str] = Counter()
        self._polls: dict[str, Deferred[None]] = {}
        self._call: Call | None = None
        self._stopped = False

    def start(self) -> None:
        """See who accepts whom, from now on."""
        self._call = self._later(LOOK_SECONDS, self._look)

    def stop(self) -> None:
        """Answer all who wait for an answer, as things stand."""
        self._stopped = True
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
        for ticket in tuple(self._polls):
            self._wake(ticket)

    async def enter(self, who: str, quest: Quest, once: str = "", host: str = "") -> Ticket:
        """Have somebody wait; for nothing else any more.

        Args:
            who: waits.
            quest: for what.
            once: names the request; who sends it again has the same ticket. Empty: it has no name.
            host: the address that they ask from; empty where there is none.

        Raises:
            RequestRefused: nobody can wait for this, or there is no room, or too many wait from there.
        """
        kind = self._listing.kind(quest.kind)
        if kind.model.SEATS is None:
            raise RequestRefused(BAD_BODY.saying("there are no seats in games of this kind: make one, or join"))
        fewest, most = kind.model.SEATS
        seats = max(2, fewest) if quest.players is None else quest.players
        if not fewest <= seats <= most:
            raise RequestRefused(BAD_BODY.saying(f"players: from {fewest} to {most} play"))
        rating = quest.rating
        ticket = Ticket(
            "" if once else secrets.token_urlsafe(16),
            who,
            kind.name,
            kind.options.decode(),
            seats,
            0.0,
            None if rating is None else rating.own,
            0.0 if rating is None else rating.within,
        )
        network = network_of(host)
        if network and self._waiting_from(network, who) >= MAX_WAITING:
            raise RequestRefused(TOO_MANY_REQUESTS.saying(f"{MAX_WAITING} wait from this address; no more may"))
        self._coming[network] += 1
        try:
            id: str = await self._records.run("wait", ticket=ticket, once=once)
        finally:
            self._coming[network] -= 1
            if not self._coming[network]:
                del self._coming[network]
        self._heard[id] = self._monotonic()
        # Whoever asks for it from elsewhere, it stays where it was first.
        self._networks.setdefault(id, network)
        # Those whom they wait for no more, too.
        self._tell()
        return self.find(who, id)

    def find(self, who: str, ticket: str) -> Ticket:
        """What has become of somebody's wish.

        Raises:
            RequestRefused: they don't wait, or not any more.
        """
        found = self._records.known.tickets.get(ticket)
        if found is None or found.player != who:
            raise RequestRefused(NO_SUCH_TICKET)
        self._heard[ticket] = self._monotonic()
        return found

    async def poll(self, who: str, ticket: str, seconds: float, host: str = "") -> Ticket | None:
        """What has become of somebody's wish, when it has come about, or so many seconds have passed.

        Returns:
            None: they don't wait any more.

        Raises:
            RequestRefused: they did not wait.
        """
        found = self.find(who, ticket)
        # After a restart it is not known.
        self._networks.setdefault(ticket, network_of(host))
        if found.game or seconds <= 0 or self._stopped:
            return found
        # Who asks twice gets one answer now.
        self._wake(ticket)
        told: Deferred[None] = Deferred()
        self._polls[ticket] = told
        is_late: list[bool] = []

        def late() -> None:
            is_late.append(True)
            self._wake(ticket, told)

        call = self._later(min(seconds, MAX_WAIT_SECONDS), late)
        await told
        if not is_late:
            call.cancel()
        self._heard[ticket] = self._monotonic()
        return self._records.known.tickets.get(ticket)

    async def give_up(self, who: str, ticket: str) -> None:
        """Have somebody not wait any more.

        Raises:
            RequestRefused: they don't, or it can't be noted now.
        """
        if not self.find(who, ticket).game:
            await self._records.run("stop_waiting", tickets=[ticket])
        self._wake(ticket)

    # How.

    def _waiting_from(self, network: str, who: str) -> int:
        """How many wait from one network; without who comes again, and does not wait for anything else any more."""
        tickets = self._records.known.tickets
        held = [tickets[ticket] for ticket, of in self._networks.items() if of == network and ticket in tickets]
        return self._coming[network] + sum(not each.game and each.player != who for each in held)

    def _wake(self, ticket: str, only: Deferred[None] | None = None) -> None:
        told = self._polls.get(ticket)
        if told is not None and (only is None or told is only):
            del self._polls[ticket]
            told.callback(None)

    def _tell(self) -> None:
        tickets = self._records.known.tickets
        for ticket in tuple(self._polls):
            if ticket not in tickets or tickets[ticket].game:
                self._wake(ticket)

    def _look(self) -> None:
        self._call = self._later(LOOK_SECONDS, self._look)
        tickets, now = self._records.known.tickets, self._monotonic()
        self._heard = {ticket: self._heard.get(ticket, now) for ticket in tickets}
        self._networks = {ticket: network for ticket, network in self._networks.items() if ticket in tickets}
        waiting = [each for each in tickets.values() if not each.game]
        # Who waits for an answer has asked less long ago than that.
        silent = [each.ticket for each in waiting if now - self._heard[each.ticket] >= GONE_SECONDS]
        if silent:
            self._run("stop_waiting", tickets=silent)
        elif parties(waiting, self._records.known.now()):
            self._run("match")

    def _run(self, command: str, **arguments: object) -> None:
        done = self._records.run(command, **arguments)
        # Where it can't be done now, it is tried again.
        done.addCallbacks(lambda _: self._tell(), lambda failure: failure.trap(RequestRefused) and None)
