"""A connection in memory on which somebody asks over HTTP, and a site with something to ask for."""

from __future__ import annotations

from typing import Any

from twisted.web.iweb import IRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from gamesvc.errors import KIND_NOT_SERVED, RequestRefused
from gamesvc.web.site import Root, WebSite
from tests.wire import Line, Response, World


class Echo(Resource):
    """Says what it was asked."""

    isLeaf = True

    def render_GET(self, request: IRequest) -> bytes:
        return b"%b %b" % (request.method, request.uri)

    def render_POST(self, request: IRequest) -> bytes:
        assert not request.args, request.args
        body: bytes = request.content.read()
        return body


class Slow(Resource):
    """Answers when the test lets it.

    Attributes:
        asked: requests that wait.
        lost: those of which the connection was lost.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self.lost: list[Any] = []

    def render_GET(self, request: Any) -> int:
        self.asked.append(request)
        request.notifyFinish().addErrback(lambda failure: self.lost.append(request))
        return NOT_DONE_YET


class Big(Resource):
    """Answers with so many bytes as its address says."""

    isLeaf = True

    def render_GET(self, request: IRequest) -> bytes:
        return b"x" * int(request.postpath[0])


class Failing(Resource):
    """Fails as its address says."""

    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        (how,) = request.postpath
        if how == b"refused":
            raise RequestRefused(KIND_NOT_SERVED)
        if how == b"exit":
            raise SystemExit("the end")
        if how == b"late":
            request.write(b"half of ")
        raise RuntimeError("the secret is hunter2")


class Streaming(Resource):
    """Answers in pieces, of which the number is not told before."""

    isLeaf = True

    def render_GET(self, request: Any) -> int:
        for piece in (b"one ", b"", b"two"):
            request.write(piece)
        request.finish()
        return NOT_DONE_YET


class WebWorld(World):
    """A listener that has a site.

    Attributes:
        slow: a resource, at ``/slow``.
        site: the site.
        reported: faults that were reported.
    """

    def __init__(self, health: dict[bytes, Resource] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.slow = Slow()
        root = Root()
        for name, resource in (
            (b"echo", Echo()),
            (b"slow", self.slow),
            (b"big", Big()),
            (b"failing", Failing()),
            (b"streaming", Streaming()),
        ):
            root.putChild(name, resource)
        self.reported: list[BaseException] = []

        def report(what: str, fault: BaseException) -> str:
            self.reported.append(fault)
            return "12ab34cd"

        self.site = self.listener.web = WebSite(self.reactor, root, health or {}, self.listener.limits, report)

    def asker(self, host: str = "192.0.2.1") -> Asker:
        """Somebody who connects."""
        return Asker(self, host)


class Asker(Line):
    """Somebody who asks over HTTP."""

    def ask_for(self, target: str, *headers: str, method: str = "GET", body: bytes = b"") -> list[Response]:
        """Send a request, and return the responses that came."""
        self.send(request(target, *headers, method=method, body=body))
        return self.responses(method)

    def responses(self, method: str = "GET") -> list[Response]:
        """The responses that came since the last call. Those of HEAD have no body, whatever they say."""
        data = self._received + self.received()
        found = []
        while data:
            head, end, rest = data.partition(b"\r\n\r\n")
            assert end, data
            first, *lines = head.decode("ascii").split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            assert len(headers) == len(lines), lines
            status = int(first.split(" ")[1])
            body, data = b"", rest
            if method == "HEAD" or status in (100, 204, 304):
                pass
            elif headers.get("Transfer-Encoding") == "chunked":
                body, data = _dechunked(rest)
            elif "Content-Length" in headers:
                length = int(headers["Content-Length"])
                assert len(rest) >= length, "half a body"
                body, data = rest[:length], rest[length:]
            else:
                body, data = rest, b""
            found.append(Response(status, headers, body))
        self._received = b""
        return found

    @property
    def is_ended(self) -> bool:
        """Whether the server says nothing more."""
        return self.transport.half_closed or self.transport.lost


def request(target: str, *headers: str, method: str = "GET", body: bytes = b"", version: str = "1.1") -> bytes:
    """A request."""
    lines = [f"{method} {target} HTTP/{version}", "Host: localhost:8080", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def _dechunked(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + data[:length], data[length:]
        assert rest.startswith(b"\r\n"), rest
        data = rest[2:]
        if not length:
            return body, data
