"""What a server says of the games that it offers: the commands of a kind."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import ssl
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gamesvc.cli.play_vocabulary import BadSchema, Vocabulary, from_schema
from gamesvc.client.address import Address

PATH = "/api/kinds"

_SECONDS = 5.0
_MAX_BYTES = 1 << 24

T = TypeVar("T")


class _Kind(msgspec.Struct):
    """What is needed of a kind."""

    name: str
    commands: dict[str, Any]


class _Kinds(msgspec.Struct):
    kinds: list[_Kind]


class NotTold(Exception):
    """The server does not tell, or what it tells can't be understood."""


def aside(work: Callable[[], T]) -> asyncio.Future[T]:
    """Have something done that blocks, in a thread that nobody waits for when the program ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], outcome: Any) -> None:
        if not done.done():
            set_it(outcome)

    def run() -> None:
        set_it: Callable[[Any], None] = done.set_result
        outcome: Any
        try:
            outcome = work()
        except Exception as error:
            set_it, outcome = done.set_exception, error
        # By then the program may have gone on without it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, set_it, outcome)

    threading.Thread(target=run, daemon=True).start()
    return done


def ask(address: Address, trust: ssl.SSLContext | None = None) -> dict[str, Vocabulary]:
    """Ask a server for the commands of each kind that it offers. Blocks for some seconds at most.

    Args:
        address: of one of its games.
        trust: for ``wss``: whom to trust. None: whom this system trusts.

    Raises:
        NotTold: it does not tell.
    """
    connection: http.client.HTTPConnection
    if address.is_secure:
        trusted = trust or ssl.create_default_context()
        connection = http.client.HTTPSConnection(address.host, address.port, timeout=_SECONDS, context=trusted)
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("GET", PATH, headers={"Accept": "application/json"})
            answer = connection.getresponse()
            body = answer.read(_MAX_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotTold(f"no answer from {PATH}: {error}") from error
    if answer.status != http.HTTPStatus.OK:
        raise NotTold(f"{PATH} was answered with {answer.status}")
    return understood(body)


def understood(body: bytes) -> dict[str, Vocabulary]:
    """What a server answered: the commands of each kind, by its name. A kind that can't be understood is missing.

    Raises:
        NotTold: it can't be understood at all.
    """
    try:
        told = msgspec.json.decode(body, type=_Kinds)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotTold(f"what {PATH} says can't be understood: {error}") from error
    found = {}
    for kind in told.kinds:
        with contextlib.suppress(BadSchema):
            found[kind.name] = from_schema(kind.commands)
    return found
