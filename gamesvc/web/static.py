"""Files that a browser is served: those of a directory of ours, read once, when the server starts.

What is not in memory by then is not served, so that no address leads anywhere else. Files change with the version
only: a browser asks each time whether its copy is still the right one, and is told so by a short answer.
"""

from __future__ import annotations

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


class File(NamedTuple):
    """A file.

    Attributes:
        content: its bytes.
        kind: its media type.
        tag: names this content.
    """

    content: bytes
    kind: bytes
    tag: bytes

    @classmethod
    def of(cls, content: bytes, kind: str) -> File:
        """The file of a content.

        Args:
            content: its bytes.
            kind: its media type.
        """
        return cls(content, kind.encode("ascii"), b'"%b"' % sha256(content).hexdigest()[:32].encode("ascii"))


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
        request.setHeader(b"Cache-Control", b"no-cache")
        request.setHeader(b"ETag", file.tag)
        if _has(request.getHeader(b"If-None-Match") or b"", file.tag):
            request.setResponseCode(NOT_MODIFIED)
            return b""
        request.setHeader(b"Content-Type", file.kind)
        return file.content


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
