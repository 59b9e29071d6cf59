"""A server with a lobby, in memory: who asks it for something gets what it would answer."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.web.server import NOT_DONE_YET

from gamesvc.admission import FrontDoor
from gamesvc.auth import TokenValidator
from gamesvc.bot_offer import Answered, Asking, BotRules, Question
from gamesvc.bots import BotKind, load
from gamesvc.catalog import Catalog
from gamesvc.errors import HttpRefusal, RequestRefused
from gamesvc.limits import Limits
from gamesvc.listener import GameListener
from gamesvc.offered_bots import OfferedBots, Played, answer
from gamesvc.server import GameServer
from gamesvc.web.identity import Identities
from gamesvc.web.lobby import Lobby
from gamesvc.web.lobby_entries import Listed
from gamesvc.web.lobby_records import Records
from tests.wire import World


class Response(NamedTuple):
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


class Asked:
    """A request, as far as the lobby looks at it."""

    def __init__(
        self, world: LobbyWorld, method: str, path: str, headers: dict[str, str], body: bytes, host: str
    ) -> None:
        self.method = method.encode()
        self.uri = b"/api" + path.encode()
        self.postpath = [unquote(each).encode() for each in path.partition("?")[0].split("/")[1:]]
        self.content = BytesIO(body)
        self.site = world
        self.responses: list[Response] = []
        self._headers = {name.lower(): value.encode("latin-1") for name, value in headers.items()}
        self._host = host
        self._status = 200
        self._sent: dict[str, str] = {}
        self._gone: list[Deferred[None]] = []

    def getHeader(self, name: bytes) -> bytes | None:
        return self._headers.get(name.decode().lower())

    def getClientAddress(self) -> IPv4Address:
        return IPv4Address("TCP", self._host, 40000)

    def notifyFinish(self) -> Deferred[None]:
        self._gone.append(Deferred())
        return self._gone[-1]

    def setHeader(self, name: bytes, value: bytes) -> None:
        self._sent[name.decode()] = value.decode("latin-1")

    def setResponseCode(self, status: int) -> None:
        self._status = status

    def answer(self, body: bytes) -> None:
        assert not self.responses, "answered twice"
        self.responses.append(Response(self._status, self._sent, body))

    def refuse(self, refusal: HttpRefusal) -> None:
        error = {"code": refusal.code, "message": refusal.message, "retryable": refusal.retryable}
        self._sent |= dict(refusal.headers)
        self._status = refusal.status
        self.answer(json.dumps({"error": error}).encode())

    def hang_up(self) -> None:
        """The client goes, and waits for no answer."""
        for each in self._gone:
            each.callback(None)

    @property
    def response(self) -> Response:
        """The answer."""
        assert len(self.responses) == 1, "not answered"
        return self.responses[0]


class LobbyWorld(World):
    """A server with a lobby.

    Attributes:
        faults: what has failed.
    """

    lobby: Lobby

    def __init__(
        self,
        *,
        games: tuple[str, ...] = ("tic-tac-toe", "chat"),
        journal: Any = None,
        reactor: MemoryReactorClock | None = None,
        identities: Identities | None = None,
        validator: TokenValidator | None = None,
        origins: tuple[str, ...] = (),
        **limits: Any,
    ) -> None:
        super().__init__(games=games, journal=journal, reactor=reactor, validator=validator)
        self.faults: list[BaseException] = []
        catalog = Catalog(games)
        kinds = {kind.name: kind for kind in catalog}

        def think(bot: BotKind, game: str, question: Question, answered: Answered) -> Asking:
            asking: Asking = self.reactor.callLater(
                0, lambda: answer(bot.make(), kinds[game].model, question, answered)
            )
            return asking

        bots = OfferedBots(
            [load("random")], {name: Played(name, kind.model) for name, kind in kinds.items()}, BotRules(), think
        )
        self.records = Records(catalog, self.journal.now, self.reactor.callLater)
        door = FrontDoor(validator, origins, lambda: "guest-1")
        awake: dict[str, GameServer] = {}
        self.seeds = 0
        self.listener = GameListener(
            self.reactor,
            journal=self.journal,
            games=awake,
            catalog=catalog,
            front_door=door,
            limits=Limits(**limits),
            now=self.now,
            random_bytes=self._random_bytes,
            bots=bots,
            plan=self.records.plan,
            stood=self.records.stood,
        )
        self.lobby = Lobby(
            catalog,
            self.records,
            identities or Identities(self.now),
            bots,
            Limits(**limits),
            games=awake,
            allows=door.allows,
            later=self.reactor.callLater,
            monotonic=self.reactor.seconds,
            playground=True,
        )
        self.listener.lifecycle.start()
        self.lobby.start(self.listener.lifecycle)
        self.settle()

    def _random_bytes(self, count: int) -> bytes:
        # Games of one seed would choose the same ids.
        self.seeds += 1
        return self.seeds.to_bytes(count, "big")

    def report(self, what: str, fault: BaseException) -> str:
        """What a site does with what fails."""
        self.faults.append(fault)
        return "1234"

    def settle(self) -> None:
        """Let the reactor do what there is to do now."""
        for _ in range(20):
            self.turn()

    def kill(self) -> None:
        """The process ends as it stands, and whatever waited for time to pass with it."""
        for call in self.reactor.getDelayedCalls():
            call.cancel()

    def begin(
        self,
        method: str,
        path: str,
        who: str | bytes | None = None,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        host: str = "127.0.0.1",
    ) -> Asked:
        """Ask for something, and don't wait for the answer.

        Args:
            method: of HTTP.
            path: below the lobby's address, with the query.
            who: a name, or a token.
            body: what is sent: bytes, or what becomes JSON.
            headers: others.
            host: from where.
        """
        given = dict(headers or {})
        if who is not None:
            given["Authorization"] = f"Bearer {quote(who)}"
        if body is not None and not isinstance(body, bytes):
            given.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        asked = Asked(self, method, path, given, body or b"", host)
        try:
            outcome: Any = self.lobby.resource().render(asked)
            if outcome is not NOT_DONE_YET:
                asked.answer(outcome)
        except RequestRefused as refused:
            asked.refuse(refused.refusal)
        self.settle()
        return asked

    def ask(self, method: str, path: str, who: str | bytes | None = None, body: Any = None, **more: Any) -> Response:
        """Ask for something, and get the answer."""
        return self.begin(method, path, who, body, **more).response

    def made(self, who: str = "ann", kind: str = "tic-tac-toe", **wish: Any) -> str:
        """The id of a game that somebody makes."""
        response = self.ask("POST", "/games", who, {"kind": kind, **wish})
        assert response.status == 201, response
        return str(response.json["game"]["id"])


def listed(game: str, **more: Any) -> Listed:
    """A game as the lobby lists it: one of chess that nobody has joined, but for what is said otherwise."""
    made: dict[str, Any] = {
        "game": game,
        "kind": "chess",
        "options": "{}",
        "public": True,
        "by": "ann",
        "created": 0.0,
        "seats": 2,
        "named": (),
        "players": (),
        "started": False,
        "finished": False,
        "changed": 0.0,
        **more,
    }
    return Listed(**made)
