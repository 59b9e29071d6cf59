"""LobbyGames: games are made through the lobby, joined, watched, left; bots and friends are called in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import msgspec
from twisted.internet.defer import Deferred

from gamesvc.bot_offer import BotOffer
from gamesvc.catalog import Kind
from gamesvc.context import Player
from gamesvc.errors import (
    GAME_OVER,
    JOURNAL_DOWN,
    NO_BOT,
    NO_SEAT,
    NO_SUCH_INVITE,
    NOT_OVER,
    NOT_YOURS,
    TOO_MANY_GAMES,
    HttpRefusal,
    RequestRefused,
)
from gamesvc.lifecycle import Lifecycle
from gamesvc.limits import Limits
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.reception import BOT, LEAVE
from gamesvc.server import GameServer
from gamesvc.web.asking import admitted, opened, replied
from gamesvc.web.identity import Identities
from gamesvc.web.lobby_bodies import Game, Seat, Wish
from gamesvc.web.lobby_entries import Invite, Listed, wanted
from gamesvc.web.lobby_listing import Listing, free
from gamesvc.web.lobby_records import Records
from gamesvc.web.lobby_wishes import options_of, seats_of

_SHORT_ID, _LONG_ID = 8, 16
_STATUS = {"bad_arguments": 400, "internal_error": 500, "unavailable": 503, "outcome_unknown": 503}


class LobbyGames:
    """What can be done with games.

    Args:
        listing: those that there are.
        records: the lobby's.
        identities: issue tokens.
        limits: how much clients may ask for.
        bots: those that are offered.
    """

    def __init__(
        self, listing: Listing, records: Records, identities: Identities, limits: Limits, bots: BotOffer
    ) -> None:
        self._listing = listing
        self._records = records
        self._identities = identities
        self._limits = limits
        self._bots = bots
        self._lifecycle: Lifecycle | None = None
        # Who waits until a game is made that they asked for, too, by game.
        self._making: dict[str, list[Deferred[None]]] = {}

    def start(self, lifecycle: Lifecycle) -> None:
        """Games can be made from now on.

        Args:
            lifecycle: of all games.
        """
        self._lifecycle = lifecycle

    async def create(self, who: str, wish: Wish, once: str = "") -> tuple[Game, Seat]:
        """Make a game, and give its maker a seat, or a place to watch from where it is for others.

        Args:
            who: makes it.
            wish: what is wanted.
            once: names the request; who sends it again gets the same game. Empty: it has no name.

        Raises:
            RequestRefused: it can't be made.
        """
        kind = self._listing.kind(wish.kind)
        seats, named = seats_of(kind, wish)
        options = options_of(kind, wish.options)
        for bot in wish.bots:
            self._check_bot(bot, kind)
        known = self._records.known.once("game", who, once, is_short=wish.public) if once else ""
        id = "" if once else secrets.token_urlsafe(_SHORT_ID if wish.public else _LONG_ID)
        listed = wanted(id, kind.name, options, who, seats, public=wish.public, named=named)
        return await self._make(listed, wish.bots, known, once=once)

    async def again(self, who: str, game: str) -> tuple[Game, Seat]:
        """Play a game that is over once more: with the same options and seats, and with the bots that had some. All who
        ask for it get seats in the same new game. One that was made for whoever waited is for whoever comes now; one
        that was made for some by their names is for them again, and another of them has the first seat.

        Args:
            who: asks.
            game: the one that is over. Where what came after it is over, too, what comes after that is meant.

        Raises:
            RequestRefused: it is not over, they did not play it, or what comes after it can't be made, or has no seat
                for them.
        """
        server, role = await self._operator(who, game)
        if not role.playing:
            raise RequestRefused(NOT_YOURS.saying("this is for who sits in the game"))
        if not server.finished:
            raise RequestRefused(NOT_OVER)
        before = self._listing.find(game)
        known = self._records.known
        coming = known.after(before.game, is_short=before.public)
        while (found := known.game(coming)) is not None and self._listing.as_it_stands(found).finished:
            before = found
            coming = known.after(before.game, is_short=before.public)
        if before.game != game:
            server = await self._open(before, who)
        kind = self._listing.kind(before.kind)
        bots = [each.bot for each in server.standing.bots if not each.stands_in]
        for bot in bots:
            self._check_bot(bot, kind)
        # The author may have changed what it takes.
        options = options_of(kind, msgspec.json.decode(before.options))
        named = (*before.named[1:], *before.named[:1]) if before.by else ()
        listed = wanted("", before.kind, options, who, before.seats, public=before.public, named=named)
        return await self._make(listed, bots, coming, after=before.game)

    async def _make(
        self, listed: Listed, bots: Sequence[str], known: str, *, once: str = "", after: str = ""
    ) -> tuple[Game, Seat]:
        """Make a game, or go on with it where it has been made.

        Args:
            listed: the game.
            bots: that are to play.
            known: the id that it has where somebody has asked for it.
            once: see `create`.
            after: the game that it comes after.
        """
        who = listed.by
        games = self._records.known
        mine = sum(each.by == who and not each.finished for each in games.newest)
        if games.game(known) is None and 0 < self._limits.max_games_per_player <= mine:
            raise RequestRefused(TOO_MANY_GAMES)
        while True:
            game, is_new = await self._records.run("add", game=listed, once=once, after=after)
            if game not in self._making:
                break
            made: Deferred[None] = Deferred()
            self._making[game].append(made)
            await made
        self._making[game] = []
        try:
            listed = msgspec.structs.replace(listed, game=game)
            # Who comes to what another one made takes it as it is.
            is_makers = is_new or self._listing.find(game).by == who
            seat = await self._furnish(who, listed, bots if is_makers else (), sits=bool(after))
        except Exception:
            if is_new:
                with suppress(RequestRefused):
                    await self._records.run("remove", game=game)
            raise
        finally:
            for each in self._making.pop(game):
                each.callback(None)
        return self._listing.show(self._listing.find(game)), seat

    async def _furnish(self, who: str, listed: Listed, bots: Sequence[str], *, sits: bool) -> Seat:
        """Create a game that is noted, and seat those who are to play; as far as that has not been done. Who made it
        for others watches, unless they want to sit."""
        server = await self._open(listed, who)
        named = listed.named
        watches = named and who not in named and not sits
        seat = self._seat(who, listed, spectate=True) if watches else await self.join(who, listed.game)
        missing = list(bots)
        for each in server.standing.bots:
            if each.bot in missing:
                missing.remove(each.bot)
        # Once it has begun, who is missing has been sent away.
        for bot in () if server.standing.started else missing:
            await self._command(server, Role(Player(who), playing=True, operates=True), BOT, bot=bot)
        return seat

    async def join(self, who: str, game: str) -> Seat:
        """Give somebody a seat; the same one where they have one already.

        Raises:
            RequestRefused: there is none for them.
        """
        listed = self._listing.find(game)
        server = await self._open(listed, who)
        if server.standing.has_own_bot(who):
            raise _refused(409, NO_SEAT.code, "a bot plays under this name")
        if listed.seats is None or who in server.players:
            return self._seat(who, listed)
        if server.finished:
            raise _refused(409, GAME_OVER.code, GAME_OVER.message)
        self._check_room(listed, listed.seats)
        role = await admitted(server, who, None)
        if not role.playing:
            # Others may have come meanwhile.
            self._check_room(listed, listed.seats)
            raise _refused(409, NO_SEAT.code, "the game has no seat for you")
        return self._seat(who, listed)

    def _check_room(self, listed: Listed, seats: int) -> None:
        if not free(self._listing.as_it_stands(listed), seats):
            raise _refused(409, NO_SEAT.code, NO_SEAT.message, retryable=NO_SEAT.retryable)

    def watch(self, who: str, game: str) -> Seat:
        """Give somebody a place to watch from.

        Raises:
            RequestRefused: there is no such game.
        """
        return self._seat(who, self._listing.find(game), spectate=True)

    async def leave(self, who: str, game: str) -> None:
        """Have somebody give their seat up.

        Raises:
            RequestRefused: the game does not let them.
        """
        server = await self._open(self._listing.find(game), who)
        await self._command(server, Role(Player(who), playing=True), LEAVE)

    async def seat_bot(self, who: str, game: str, bot: str, player: str | None, once: str = "") -> str:
        """Have a bot play.

        Args:
            who: wants it.
            game: in which.
            bot: its name, among those that are offered.
            player: for whom; None: in a free seat.
            once: names the request; sent again it seats no other bot. Empty: it has no name.

        Returns:
            For whom it plays.

        Raises:
            RequestRefused: it can't, or this is not for them to say.
        """
        server, role = await self._operator(who, game)
        arguments = {"bot": bot} if player is None else {"bot": bot, "player": player}
        result = await self._command(server, role, BOT, once, **arguments)
        return str(result["player"])

    async def send_bot_away(self, who: str, game: str, player: str) -> None:
        """Have a bot play no more.

        Raises:
            RequestRefused: there is none, or this is not for them to say.
        """
        server, role = await self._operator(who, game)
        await self._command(server, role, BOT, player=player)

    async def invite(self, who: str, game: str) -> tuple[str, Invite]:
        """Make an invitation.

        Returns:
            Its code, and what it is to.

        Raises:
            RequestRefused: this is not for them to say.
        """
        await self._operator(who, game)
        code = secrets.token_urlsafe(_LONG_ID)
        await self._records.run("invite", game=game, code=code)
        return code, self.invitation(code)

    def invitation(self, code: str) -> Invite:
        """What an invitation is to.

        Raises:
            RequestRefused: there is none of this code, or not any more.
        """
        known = self._records.known
        invite = known.invites.get(code)
        if invite is None or invite.expires <= known.now() or known.game(invite.game) is None:
            raise RequestRefused(NO_SUCH_INVITE)
        return invite

    def _check_bot(self, bot: str, kind: Kind) -> None:
        why_not = self._bots.refuses(bot, kind.name, kind.model)
        if why_not is not None:
            raise _refused(409, NO_BOT.code, why_not)

    async def _open(self, listed: Listed, who: str) -> GameServer:
        if self._lifecycle is None:
            raise RequestRefused(JOURNAL_DOWN)
        server = await opened(self._lifecycle, listed.game, who)
        if listed.named and not any(server.players) and not server.finished:
            # A model that is told who joins has its seats taken when the game is there.
            await admitted(server, listed.named[0], listed.named)
        return server

    async def _operator(self, who: str, game: str) -> tuple[GameServer, Role]:
        """Somebody who sits in a game, or made it."""
        listed = self._listing.find(game)
        server = await self._open(listed, who)
        # Who is called as a bot is that plays here has no seat.
        sits = who in server.players and not server.standing.has_own_bot(who)
        if who != listed.by and not sits:
            raise RequestRefused(NOT_YOURS)
        return server, Role(Player(who), playing=sits, operates=True)

    async def _command(self, server: GameServer, role: Role, command: str, once: str = "", **arguments: str) -> Any:
        reply = await replied(server, role, Request(command, once or None, arguments))
        if reply.error is not None:
            error = reply.error
            raise _refused(_STATUS.get(error.code, 409), error.code, error.message, retryable=error.retryable)
        return reply.result

    def _seat(self, who: str, listed: Listed, *, spectate: bool = False) -> Seat:
        named = listed.named if who in listed.named else ()
        token = self._identities.seat_token(listed.game, who, named, spectate=spectate)
        query = [] if token is not None else [f"player={quote(who, safe='')}"]
        query += ["spectate=1"] if spectate else []
        return Seat(who, f"/{listed.game}" + ("?" + "&".join(query) if query else ""), token)


def _refused(status: int, code: str, message: str, *, retryable: bool = False) -> RequestRefused:
    """What a game says no with, as HTTP has it."""
    return RequestRefused(HttpRefusal(status, code, message, retryable))
