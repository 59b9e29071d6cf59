"""LobbyApi: the lobby's addresses, as twisted.web serves them: requests are read strictly, answers are JSON.

Who asks is said by a header of its own, never by a cookie, so that no page can ask in somebody's name; and pages of
other origins are served where the operator allows them, and else not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from gamesvc.auth import is_game_id
from gamesvc.errors import (
    BAD_BODY,
    BAD_ID,
    BAD_QUERY,
    BODY_TOO_LARGE,
    LOBBY_CLOSED,
    METHOD_NOT_ALLOWED,
    NO_SUCH_GAME,
    NOT_FOUND,
    NOT_JSON,
    ORIGIN_NOT_ALLOWED,
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    HttpRefusal,
    RequestRefused,
)
from gamesvc.limits import Limits
from gamesvc.web.addresses import Addresses
from gamesvc.web.identity import Identities
from gamesvc.web.lobby_records import Records
from gamesvc.web.lobby_routes import KEY, Call, Route

MAX_BODY_BYTES = 1 << 16
MAX_PARAMETERS = 16
_BAD_KEY = HttpRefusal(400, BAD_ID.code, "an Idempotency-Key is 1 to 64 visible ASCII characters, without blanks")
_PREFLIGHT_SECONDS = b"600"
_MAX_WHOLE = 2.0**53
_encode = msgspec.json.Encoder().encode


def _number(text: str) -> float:
    """A number with a fraction; one of which the fraction is 0 is whole, as JSON Schema has it."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < _MAX_WHOLE else number


_decode = msgspec.json.Decoder(float_hook=_number).decode


class LobbyApi(Resource):
    """All addresses of the lobby.

    Args:
        routes: what can be asked for.
        document: that describes these; JSON.
        records: the lobby's.
        identities: say who asks.
        allows: whether a page of an origin, which asks by a ``Host``, may ask.
        limits: how much clients may ask for.
        monotonic: seconds of a clock that nobody sets.
    """

    isLeaf = True

    def __init__(
        self,
        routes: tuple[Route, ...],
        document: bytes,
        records: Records,
        identities: Identities,
        allows: Callable[[str, str], bool],
        limits: Limits,
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__()
        self._routes: dict[int, list[tuple[list[str], dict[str, Route]]]] = {}
        self._document = document
        self._records = records
        self._identities = identities
        self._allows = allows
        self._monotonic = monotonic
        self._changes = Addresses(limits.commands_per_second, limits.command_burst)
        for route in routes:
            parts = route.path.split("/")[1:]
            alike = self._routes.setdefault(len(parts), [])
            known = next((by_method for pattern, by_method in alike if pattern == parts), None)
            if known is None:
                known = {}
                alike.append((parts, known))
            known[route.method] = route

    def render(self, request: Any) -> Any:
        """Answer a request, now or later.

        Raises:
            RequestRefused: it can't be.
        """
        self._open_to_origin(request)
        by_method, path = self._find([bytes(each) for each in request.postpath])
        method = request.method.decode("ascii", "replace")
        methods = {"OPTIONS", *by_method, *(("HEAD",) if "GET" in by_method else ())}
        if method == "OPTIONS":
            return self._preflight(request, methods)
        route = by_method.get("GET" if method == "HEAD" else method)
        if route is None:
            raise RequestRefused(METHOD_NOT_ALLOWED.for_methods(methods))
        if route.method != "GET" and self._changes.take(_host(request), self._monotonic()):
            raise RequestRefused(TOO_MANY_REQUESTS)
        gone: list[object] = []
        request.notifyFinish().addBoth(gone.append)
        Deferred.fromCoroutine(self._answer(request, route, path)).addCallbacks(
            lambda body: None if gone else _send(request, route.status, body),
            lambda failure: _failed(request, failure, gone=bool(gone)),
        )
        return NOT_DONE_YET

    async def _answer(self, request: Any, route: Route, path: dict[str, str]) -> bytes:
        query = _query(request)
        player = query.pop("player", None)
        if not route.query.keys() >= query.keys():
            taken = ", ".join(["player", *route.query])
            raise RequestRefused(BAD_QUERY.saying(f"the query has a parameter that is not taken; these are: {taken}"))
        if not route.always and self._identities.mode == "verify":
            raise RequestRefused(LOBBY_CLOSED)
        who, returning = "", None
        if route.asks:
            who = await self._identities.who(_text(request, b"authorization"), player)
        elif route.renews:
            returning = self._identities.guest(_text(request, b"authorization"))
        key = _key(request) if route.once else ""
        body = None if route.takes is None else _body(request, route.takes)
        if not route.always:
            await self._records.loaded()
        answer = await route.run(Call(who, path, query, body, key, _host(request), returning))
        return b"" if route.answer is None else _encode(answer)

    def _find(self, segments: list[bytes]) -> tuple[dict[str, Route], dict[str, str]]:
        """The routes of an address, by their methods, and what stands there in place of names."""
        texts = [each.decode("utf-8", "replace") for each in segments]
        # The lobby's own address, with a slash at its end or without.
        texts = [] if texts == [""] else texts
        if texts == ["openapi.json"]:
            return {"GET": _DOCUMENT._replace(run=self._tell_document)}, {}
        for pattern, by_method in self._routes.get(len(texts), ()):
            if all(each == text or each.startswith("{") for each, text in zip(pattern, texts, strict=True)):
                path = {each[1:-1]: text for each, text in zip(pattern, texts, strict=True) if each.startswith("{")}
                if "game" in path and not is_game_id(path["game"]):
                    raise RequestRefused(NO_SUCH_GAME)
                return by_method, path
        raise RequestRefused(NOT_FOUND)

    async def _tell_document(self, call: Call) -> msgspec.Raw:
        return msgspec.Raw(self._document)

    def _open_to_origin(self, request: Any) -> None:
        """Have browsers show the answer to pages that may see it; others are not served."""
        request.setHeader(b"Vary", b"Origin")
        origin = _text(request, b"origin")
        if not origin:
            return
        if not self._allows(origin, _text(request, b"host")):
            raise RequestRefused(ORIGIN_NOT_ALLOWED, ascii(origin[:100]))
        request.setHeader(b"Access-Control-Allow-Origin", origin.encode("latin-1"))
        request.setHeader(b"Access-Control-Expose-Headers", b"Retry-After")
        request.setHeader(b"Cross-Origin-Resource-Policy", b"cross-origin")

    def _preflight(self, request: Any, methods: set[str]) -> bytes:
        allowed = ", ".join(sorted(methods)).encode("ascii")
        request.setResponseCode(204)
        request.setHeader(b"Allow", allowed)
        if request.getHeader(b"access-control-request-method"):
            request.setHeader(b"Access-Control-Allow-Methods", allowed)
            request.setHeader(b"Access-Control-Allow-Headers", b"Authorization, Content-Type, Idempotency-Key")
            request.setHeader(b"Access-Control-Max-Age", _PREFLIGHT_SECONDS)
        return b""


async def _nothing(call: Call) -> None: ...


_DOCUMENT = Route("GET", "/openapi.json", "All this.", _nothing, 200, dict[str, Any], asks=False, always=True)


def _text(request: Any, name: bytes) -> str:
    value: bytes | None = request.getHeader(name)
    return "" if value is None else value.decode("latin-1")


def _host(request: Any) -> str:
    return str(getattr(request.getClientAddress(), "host", "") or "")


def _key(request: Any) -> str:
    if request.getHeader(b"idempotency-key") is None:
        return ""
    key = _text(request, b"idempotency-key")
    if not KEY.fullmatch(key):
        raise RequestRefused(_BAD_KEY)
    return key


def _query(request: Any) -> dict[str, str]:
    text = request.uri.partition(b"?")[2]
    if not text:
        return {}
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise RequestRefused(BAD_QUERY) from None
    if len(dict(pairs)) < len(pairs):
        raise RequestRefused(BAD_QUERY.saying("the query gives a parameter more than once"))
    return dict(pairs)


def _body(request: Any, kind: Any) -> Any:
    content: bytes = request.content.read(MAX_BODY_BYTES + 1)
    if len(content) > MAX_BODY_BYTES:
        raise RequestRefused(BODY_TOO_LARGE)
    # A form of another page could send anything else.
    media = _text(request, b"content-type").partition(";")[0].strip().lower()
    if (content or media) and media != "application/json":
        raise RequestRefused(NOT_JSON)
    try:
        return msgspec.convert(_decode(content or b"{}"), kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise RequestRefused(BAD_BODY.saying(f"the body: {why[:300]}")) from None


def _send(request: Any, status: int, body: bytes) -> None:
    request.setResponseCode(status)
    if status != 204:
        request.setHeader(b"Content-Type", b"application/json")
    request.answer(body)


def _failed(request: Any, failure: Failure, *, gone: bool) -> None:
    error = failure.value
    if not isinstance(error, RequestRefused):
        incident = request.site.report("a request to the lobby", error)
        if not gone:
            request.refuse(SERVER_ERROR.for_incident(incident))
    elif not gone:
        request.refuse(error.refusal)
