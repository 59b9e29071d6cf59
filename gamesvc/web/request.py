"""One request as twisted.web's resources see it: its answer is ours in everything that resources do not say.

Whatever is refused, is not there, or fails is told as JSON, by the tables in `errors`; and no answer says what a
browser may take from it but in the terms of `headers`.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import unquote

from twisted.web.error import UnsupportedMethod
from twisted.web.http import NO_BODY_CODES, datetimeToString
from twisted.web.resource import IResource
from twisted.web.server import NOT_DONE_YET, Request

from gamesvc.errors import DRAINING, METHOD_NOT_ALLOWED, NOT_FOUND, SERVER_ERROR, HttpRefusal, RequestRefused
from gamesvc.messages import encode_refusal
from gamesvc.web.headers import HEADERS


class Channel(Protocol):
    """What a request asks of the connection that it came on, beside what twisted.web does.

    Attributes:
        site: whose it is.
        refused: why nobody is let in; None where they are.
    """

    site: Any
    refused: RequestRefused | None

    @property
    def address(self) -> str:
        """The peer's address and port, for the log."""

    def loseConnection(self) -> None:
        """A response can't be completed."""


class WebRequest(Request):
    """One request.

    Args:
        channel: the connection's.
    """

    defaultContentType = b"application/json"
    channel: Channel  # type: ignore[assignment]  # twisted.web's own, as far as a request asks anything of it
    site: Any

    def __init__(self, channel: Channel) -> None:
        # Nothing here is made for forms.
        super().__init__(channel, parsePOSTFormSubmission=False)

    @property
    def refused(self) -> RequestRefused | None:
        """Why nobody is let in; None where they are."""
        return RequestRefused(DRAINING) if self.site.is_draining else self.channel.refused

    def process(self) -> None:
        """Find what is asked for, and have it answer."""
        self.site = self.channel.site
        for name, value in HEADERS:
            self.setHeader(name, value)
        self.setHeader(b"Date", datetimeToString())
        try:
            self.prepath = []
            self.postpath = [_segment(each) for each in self.path[1:].split(b"/")]
            resource = self.site.getResourceFor(self)
            self.render(resource)
        except RequestRefused as refused:
            self.refuse(refused.refusal)
        # SystemExit, too: what fails here must not take the games with it.
        except (Exception, SystemExit) as fault:
            self.fail(fault)

    def render(self, resrc: IResource) -> None:
        """Have a resource answer."""
        try:
            body = resrc.render(self)
        except UnsupportedMethod as unsupported:
            methods: tuple[bytes, ...] = unsupported.allowedMethods
            allowed = METHOD_NOT_ALLOWED.for_methods(each.decode("ascii") for each in methods)
            raise RequestRefused(allowed) from None
        if body is not NOT_DONE_YET:
            self.answer(body)

    def answer(self, body: bytes) -> None:
        """Send a whole body. To who asked for the head alone goes that."""
        if self.code not in NO_BODY_CODES:
            self.setHeader(b"Content-Length", b"%d" % len(body))
        self.write(body)
        self.finish()

    def refuse(self, refusal: HttpRefusal) -> None:
        """Answer with a refusal; where a part of another answer has gone out already, cut the line."""
        self.site.refused(self.channel.address, refusal)
        if self.startedWriting:
            self.channel.loseConnection()
            return
        self.setResponseCode(refusal.status)
        self.setHeader(b"Content-Type", b"application/json")
        self.setHeader(b"Cache-Control", b"no-store")
        for name, value in refusal.headers:
            self.setHeader(name.encode("ascii"), value.encode("ascii"))
        self.answer(encode_refusal(refusal.code, refusal.message, refusal.retryable))

    def fail(self, fault: BaseException) -> None:
        """Answer that something failed here, and write it to the log."""
        self.refuse(SERVER_ERROR.for_incident(self.site.report("a request", fault)))

    def processingFailed(self, reason: Any) -> Any:
        """What twisted.web would make a page of."""
        self.fail(reason.value)
        return reason


def _segment(text: bytes) -> bytes:
    """A segment of the path, decoded."""
    try:
        return unquote(text.decode("ascii"), errors="strict").encode("utf-8")
    except UnicodeDecodeError:
        raise RequestRefused(NOT_FOUND) from None
