"""Files that a browser is served: those of a directory of ours, read once, when the server starts.

What is not in memory by then is not served, so that no address leads anywhere else. Files change with the version
only: a browser asks each time whether its copy is still the right one, and is told so by a short answer. Texts are
compressed once, for a phone on a slow line.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from twisted.web.http import NOT_MODIFIED
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource

from gamesvc.errors import NOT_FOUND, RequestRefused

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""What is served, by the end of a file's name. Files of other kinds are not for browsers."""

_MAX_DEPTH = 8
_WORTH = 0.9
"""What part of a content it has to be at most that is compressed, to be sent in its place."""


class File(NamedTuple):
    """A file.

    Attributes:
        content: its bytes.
        kind: its media type.
        tag: names this content.
        packed: its bytes, compressed (gzip); None where that saves little.
    """

    content: bytes
    kind: bytes
    tag: bytes
    packed: bytes | None = None

    @classmethod
    def of(cls, content: bytes, kind: str) -> File:
        """The file of a content.

        Args:
            content: its bytes.
            kind: its media type.
        """
        # Without the time: the same content is the same file.
        packed = gzip.compress(content, mtime=0)
        tag = b'"%b"' % sha256(content).hexdigest()[:32].encode("ascii")
        return cls(content, kind.encode("ascii"), tag, packed if len(packed) < _WORTH * len(content) else None)


def files_in(directory: Traversable) -> dict[str, File]:
    """Read the files of a directory, and of those in it.

    Args:
        directory: where they are; it need not be there.

    Returns:
        Each by its path below the directory, with slashes.
    """
    found: dict[str, File] = {}
    if directory.is_dir():
        _collect(directory, "", _MAX_DEPTH, found)
    return found


def _collect(directory: Traversable, above: str, depth: int, found: dict[str, File]) -> None:
    for each in directory.iterdir():
        if each.name.startswith((".", "_")):
            continue
        if each.is_dir() and depth:
            _collect(each, f"{above}{each.name}/", depth - 1, found)
            continue
        kind = _TYPES.get(each.name[each.name.rfind(".") :])
        if kind is not None and each.is_file():
            found[above + each.name] = File.of(each.read_bytes(), kind)


class StaticFile(Resource):
    """Serves one file.

    Args:
        file: it.
    """

    isLeaf = True

    def __init__(self, file: File) -> None:
        super().__init__()
        self._file = file

    def render_GET(self, request: IRequest) -> bytes:
        """Send it, where the browser does not have it yet."""
        if request.postpath:
            raise RequestRefused(NOT_FOUND)
        file = self._file
        content, tag, is_packed = file.content, file.tag, False
        request.setHeader(b"Cache-Control", b"no-cache")
        if file.packed is not None:
            request.setHeader(b"Vary", b"Accept-Encoding")
            if _takes_gzip(request.getHeader(b"Accept-Encoding") or b""):
                # What is sent is other bytes, and has to have another name.
                content, tag, is_packed = file.packed, file.tag[:-1] + b'-gzip"', True
        request.setHeader(b"ETag", tag)
        if _has(request.getHeader(b"If-None-Match") or b"", tag):
            request.setResponseCode(NOT_MODIFIED)
            return b""
        request.setHeader(b"Content-Type", file.kind)
        if is_packed:
            request.setHeader(b"Content-Encoding", b"gzip")
        return content


def _takes_gzip(codings: bytes) -> bool:
    """Whether a browser that takes these can read what is compressed with gzip."""
    for each in codings.lower().split(b","):
        name, _, parameter = each.partition(b";")
        if name.strip(b" \t") in (b"gzip", b"x-gzip"):
            # How well they take it (RFC 9110, 12.4.2) does not matter, but for not at all, which is 0 or 0.000.
            weight = parameter.partition(b"=")[2].strip(b" \t")
            return not weight or weight.strip(b"0.") != b""
    return False


def _has(tags: bytes, tag: bytes) -> bool:
    """Whether a list of tags has one. Who compresses on the way makes them weak, which changes nothing about what they
    name."""
    found = [each.strip(b" \t") for each in tags.split(b",")]
    return tag in [each.removeprefix(b"W/") for each in found] or found == [b"*"]


class StaticFiles(Resource):
    """Serves files by their paths.

    Args:
        files: them.
    """

    isLeaf = True

    def __init__(self, files: Mapping[str, File]) -> None:
        super().__init__()
        self._files = {path: StaticFile(file) for path, file in files.items()}

    def render(self, request: IRequest) -> Any:
        """Send the one that is asked for."""
        path = "/".join(each.decode("utf-8") for each in request.postpath or ())
        found = self._files.get(path)
        if found is None:
            raise RequestRefused(NOT_FOUND)
        request.postpath = []
        return found.render(request)
