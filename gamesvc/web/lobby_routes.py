"""What can be asked of the lobby: each address with its method, what it takes, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from gamesvc.errors import BAD_QUERY, RequestRefused
from gamesvc.web.identity import Returning
from gamesvc.web.lobby_bodies import (
    About,
    BotSeated,
    BotWanted,
    Game,
    Games,
    Guest,
    Invited,
    Kinds,
    Made,
    Nothing,
    Quest,
    Seated,
    Waiting,
    Welcomed,
    Wish,
)
from gamesvc.web.lobby_entries import Ticket
from gamesvc.web.lobby_games import LobbyGames
from gamesvc.web.lobby_guests import Guests
from gamesvc.web.lobby_listing import Listing
from gamesvc.web.lobby_matches import MAX_WAIT_SECONDS, Matches

MAX_LISTED = 100
"""How many games are listed at a time."""

_DEFAULT_LISTED = 50
_AFTER = re.compile(r"([0-9]{1,12}\.[0-9]{1,9})-([A-Za-z0-9_-]{1,64})")

KEY = re.compile("[!-~]{1,64}")
"""What may name a request."""

STATES = ("open", "playing", "finished")
_encode = msgspec.json.Encoder().encode


class Call(NamedTuple):
    """A request.

    Attributes:
        who: the name of who sends it; empty where that is not asked for.
        path: what stands in the address where the route has a name in braces.
        query: the parameters.
        body: what it carries.
        key: names the request, among those of who sends it; empty where it has no name.
        host: the address that it comes from; empty where there is none.
        returning: which guest comes again; None where it is none, or where that is not asked for.
    """

    who: str
    path: dict[str, str]
    query: dict[str, str]
    body: Any
    key: str = ""
    host: str = ""
    returning: Returning | None = None

    @property
    def once(self) -> str:
        """Names what is asked for: the same where the same request is sent again. Empty where it has no name."""
        return sha256(f"{self.key}\n".encode() + _encode(self.body)).hexdigest() if self.key else ""


class Query(NamedTuple):
    """A parameter of a route.

    Attributes:
        doc: what it does.
        schema: what it may be.
    """

    doc: str
    schema: dict[str, Any]


class Route(NamedTuple):
    """What can be asked for.

    Attributes:
        method: of HTTP.
        path: below the lobby's address, with names in braces.
        doc: what it does.
        run: does it.
        status: of the answer.
        answer: what that is; None: nothing.
        takes: the body; None: there is none.
        query: parameters.
        asks: whether it has to be known who asks.
        always: whether it is there where the server issues no tokens.
        once: whether it takes effect once where it is sent again under the same key.
        renews: whether who asks may be a guest who was here before, also with a token that has expired.
    """

    method: str
    path: str
    doc: str
    run: Callable[[Call], Awaitable[Any]]
    status: int
    answer: Any
    takes: Any = None
    query: dict[str, Query] = {}  # noqa: RUF012  a NamedTuple's defaults are no class attributes
    asks: bool = True
    always: bool = False
    once: bool = False
    renews: bool = False


class Routes:
    """What can be asked of one lobby.

    Args:
        about: what the server is.
        kinds: what can be played.
        listing: the games that there are.
        games: made here.
        matches: of those who wait.
        guests: who come.
    """

    def __init__(
        self,
        about: About,
        kinds: Kinds,
        listing: Listing,
        games: LobbyGames,
        matches: Matches,
        guests: Guests,
    ) -> None:
        self._about = about
        self._kinds = kinds
        self._listing = listing
        self._games = games
        self._matches = matches
        self._guests = guests
        self.all = self._all()

    def _all(self) -> tuple[Route, ...]:
        one = "/games/{game}"
        listed = {
            "kind": Query("only games of this kind", {"type": "string"}),
            "state": Query("only these", {"enum": list(STATES)}),
            "limit": Query("at most so many", {"type": "integer", "minimum": 1, "maximum": MAX_LISTED}),
            "after": Query("`next` of the answer before", {"type": "string", "pattern": f"^{_AFTER.pattern}$"}),
        }
        wait = {
            "wait": Query(
                "seconds for which the answer may be put off",
                {"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS},
            )
        }
        return (
            Route("GET", "", "What this server is.", self._tell_about, 200, About, asks=False, always=True),
            Route("GET", "/kinds", "What can be played here.", self._list_kinds, 200, Kinds, asks=False, always=True),
            Route(
                "POST",
                "/guests",
                "Come along, or come again as the same guest.",
                self._welcome,
                201,
                Welcomed,
                takes=Guest,
                asks=False,
                renews=True,
            ),
            Route("GET", "/games", "Look at the public games.", self._list, 200, Games, query=listed, asks=False),
            Route("POST", "/games", "Make a game.", self._create, 201, Made, takes=Wish, once=True),
            Route("GET", one, "Look at a game.", self._show, 200, Game, asks=False),
            Route("POST", f"{one}/join", "Take a seat.", self._join, 200, Seated, takes=Nothing),
            Route("POST", f"{one}/watch", "Watch.", self._watch, 200, Seated, takes=Nothing),
            Route("POST", f"{one}/again", "Play it once more.", self._again, 200, Made, takes=Nothing),
            Route("POST", f"{one}/leave", "Give a seat up.", self._leave, 204, None, takes=Nothing),
            Route(
                "POST", f"{one}/bots", "Have a bot play.", self._seat_bot, 200, BotSeated, takes=BotWanted, once=True
            ),
            Route("DELETE", f"{one}/bots/{{player}}", "Have a bot go.", self._send_bot_away, 204, None),
            Route("POST", f"{one}/invites", "Invite somebody.", self._invite, 201, Invited, takes=Nothing),
            Route("POST", "/invites/{code}", "Follow an invitation.", self._follow, 200, Made, takes=Nothing),
            Route("POST", "/matches", "Wait for others.", self._wait, 202, Waiting, takes=Quest, once=True),
            Route("GET", "/matches/{ticket}", "See who has come.", self._poll, 200, Waiting, query=wait),
            Route("DELETE", "/matches/{ticket}", "Wait no more.", self._give_up, 204, None),
        )

    async def _tell_about(self, call: Call) -> About:
        return self._about

    async def _list_kinds(self, call: Call) -> Kinds:
        return self._kinds

    async def _welcome(self, call: Call) -> Welcomed:
        guest: Guest = call.body
        return await self._guests.welcome(guest.name, call.returning)

    async def _list(self, call: Call) -> Games:
        query = call.query
        state = query.get("state")
        if state is not None and state not in STATES:
            raise RequestRefused(BAD_QUERY.saying(f"state in the query is one of {', '.join(STATES)}"))
        limit = _number(query, "limit", 1, MAX_LISTED, _DEFAULT_LISTED)
        after = None if "after" not in query else _AFTER.fullmatch(query["after"])
        if "after" in query and after is None:
            raise RequestRefused(BAD_QUERY.saying("after in the query is what `next` was in the answer before"))
        place = None if after is None else (float(after[1]), after[2])
        games, end = self._listing.newest(query.get("kind"), state, limit, place)
        return Games(games, None if end is None else f"{end[0]:.9f}-{end[1]}")

    async def _create(self, call: Call) -> Made:
        return Made(*await self._games.create(call.who, call.body, call.once))

    async def _show(self, call: Call) -> Game:
        return self._listing.show(self._listing.find(call.path["game"]))

    async def _join(self, call: Call) -> Seated:
        return Seated(await self._games.join(call.who, call.path["game"]))

    async def _watch(self, call: Call) -> Seated:
        return Seated(self._games.watch(call.who, call.path["game"]))

    async def _again(self, call: Call) -> Made:
        return Made(*await self._games.again(call.who, call.path["game"]))

    async def _leave(self, call: Call) -> None:
        await self._games.leave(call.who, call.path["game"])

    async def _seat_bot(self, call: Call) -> BotSeated:
        wanted: BotWanted = call.body
        return BotSeated(await self._games.seat_bot(call.who, call.path["game"], wanted.bot, wanted.player, call.once))

    async def _send_bot_away(self, call: Call) -> None:
        await self._games.send_bot_away(call.who, call.path["game"], call.path["player"])

    async def _invite(self, call: Call) -> Invited:
        code, invite = await self._games.invite(call.who, call.path["game"])
        return Invited(code, f"/?invite={code}", invite.expires)

    async def _follow(self, call: Call) -> Made:
        game = self._games.invitation(call.path["code"]).game
        seat = await self._games.join(call.who, game)
        return Made(self._listing.show(self._listing.find(game)), seat)

    async def _wait(self, call: Call) -> Waiting:
        return await self._told(call, await self._matches.enter(call.who, call.body, call.once, call.host))

    async def _poll(self, call: Call) -> Waiting:
        wait = _number(call.query, "wait", 0, MAX_WAIT_SECONDS, 0)
        ticket = await self._matches.poll(call.who, call.path["ticket"], wait, call.host)
        return await self._told(call, ticket)

    async def _told(self, call: Call, ticket: Ticket | None) -> Waiting:
        if ticket is None:
            return Waiting(call.path.get("ticket", ""), "gone")
        if not ticket.game:
            return Waiting(ticket.ticket, "waiting")
        seat = await self._games.join(call.who, ticket.game)
        return Waiting(ticket.ticket, "matched", self._listing.show(self._listing.find(ticket.game)), seat)

    async def _give_up(self, call: Call) -> None:
        await self._matches.give_up(call.who, call.path["ticket"])


def _number(query: dict[str, str], parameter: str, least: int, most: int, default: int) -> int:
    text = query.get(parameter, str(default))
    if not re.fullmatch("[0-9]{1,3}", text) or not least <= int(text) <= most:
        raise RequestRefused(BAD_QUERY.saying(f"{parameter} in the query is a whole number, {least} to {most}"))
    return int(text)
