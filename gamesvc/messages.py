"""What crosses the wire, as types: strict decoding of what clients send, encoding of what they get.

    -> {"command": "mark", "id": "c-17", "cell": 4}
    <- {"event": "Marked", "player": "alice", "cell": 4, "seq": 1}
    <- {"status": "ok", "id": "c-17"}

The first key of a frame says what it is: ``event`` or ``status`` from the server, ``command`` or anything else from a
client. Payloads are UTF-8 JSON, without a frame around them.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gamesvc.errors import BAD_ID, BAD_JSON, NO_COMMAND, ErrorCode

CLASSIC = "gamesvc.classic"
V1 = "gamesvc.v1"
SUBPROTOCOLS = (V1, CLASSIC)

MAX_DEPTH = 32
MAX_VALUES = 4096
"""Values that a message may hold, those within others counted each: what makes a message of a given size dear."""
MAX_ID_LENGTH = 64
MIN_INT, MAX_INT = -(2**63), 2**63 - 1

_TOO_MANY = f"the message has more than {MAX_VALUES} values"
_TOO_DEEP = f"the message is nested deeper than {MAX_DEPTH} levels"
# One that never ends goes on to the end, so that this takes as long as the payload is, whatever that holds.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?')
_encode = msgspec.json.Encoder().encode


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MessageError(BAD_JSON, "a number does not fit in a double")
    return number


# msgspec's own reading of fractions takes 10 us for one such as 1e308, and of those 64 KiB hold 10,000.
_decode = msgspec.json.Decoder(float_hook=_finite).decode


class Request(NamedTuple):
    """One command of a client.

    Attributes:
        command: its name, as the client wrote it.
        id: what the client calls this request, echoed in the reply; None where it gave none.
        arguments: the other keys of the message.
    """

    command: str
    id: str | None
    arguments: dict[str, Any]


class MessageError(Exception):
    """A client's frame is not a request.

    Attributes:
        error: what kind of mistake it is.
        message: what is wrong, for people.
        id: the id of the request, where it had a usable one.
    """

    def __init__(self, error: ErrorCode, message: str | None = None, id: str | None = None) -> None:
        super().__init__(message or error.message)
        self.error = error
        self.message = message or error.message
        self.id = id


def decode_request(payload: bytes) -> Request:
    """Read one frame of a client, strictly: depth to 32, no duplicate keys, integers of 64 bits, no NaN or Infinity.

    Args:
        payload: a text frame's content, which is known to be UTF-8.

    Raises:
        MessageError: it is not a JSON object (``bad_json``), has an unusable id, or no command.
    """
    body = _decode_object(payload)
    id = body.pop("id", None)
    if id is not None and not _is_id(id):
        raise MessageError(BAD_ID)
    command = body.pop("command", None)
    if type(command) is not str or not command:
        raise MessageError(NO_COMMAND, id=id)
    return Request(command, id, body)


def peek_id(payload: bytes) -> str | None:
    """The id of a request that is not going to be read, at little cost; None where it has no usable one."""
    try:
        id = _peek(payload).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return id if _is_id(id) else None


def _is_id(id: object) -> bool:
    return isinstance(id, str) and 0 < len(id) <= MAX_ID_LENGTH


def _values(payload: bytes) -> int:
    """How many values it has, or a few more."""
    return payload.count(b",") + payload.count(b"[") + payload.count(b"{") + 1


def _decode_object(payload: bytes) -> dict[str, Any]:
    # So many values take as many bytes.
    if len(payload) > MAX_VALUES and _values(payload) > MAX_VALUES and _values(_STRING.sub(b"", payload)) > MAX_VALUES:
        raise MessageError(BAD_JSON, _TOO_MANY)
    try:
        body = _decode(payload)
    except RecursionError:
        raise MessageError(BAD_JSON, _TOO_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MessageError(BAD_JSON, f"the message is not JSON: {_reason(error)}") from None
    if not isinstance(body, dict):
        raise MessageError(BAD_JSON)
    # msgspec takes duplicate keys and integers of any size. Every key has its colon, so where there are as many
    # colons as keys none is twice; colons in texts only send us to the exact count.
    flat = True
    for value in body.values():
        kind = type(value)
        if kind is int:
            _check_int(value)
        elif kind is dict or kind is list:
            flat = False
    if not flat or payload.count(b":") != len(body):
        keys = _check_values(body, 1)
        if _STRING.sub(b"", payload).count(b":") != keys:
            raise MessageError(BAD_JSON, "the message has a key twice")
    return body


def _reason(error: Exception) -> str:
    # Only the decoder's own words: what it quotes from the input is at most one character.
    return str(error).removeprefix("JSON is malformed: ") if isinstance(error, msgspec.DecodeError) else "unreadable"


def _check_int(value: int) -> None:
    if not MIN_INT <= value <= MAX_INT:
        raise MessageError(BAD_JSON, "an integer does not fit in 64 bits")


def _check_values(value: Any, depth: int) -> int:
    """Check integers and depth all the way down, and count the keys."""
    if isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            raise MessageError(BAD_JSON, _TOO_DEEP)
        parts = value.values() if isinstance(value, dict) else value
        keys = len(value) if isinstance(value, dict) else 0
        return keys + sum(_check_values(part, depth + 1) for part in parts)
    if type(value) is int:
        _check_int(value)
    return 0


class _IdOnly(Struct):
    id: str | None = None


_peek = msgspec.json.Decoder(_IdOnly).decode


class ErrorBody(Struct):
    """The ``error`` of a reply or of a refused handshake."""

    code: str
    message: str
    retryable: bool
    retry_ms: int | UnsetType = UNSET


class OkReply(Struct, tag="ok", tag_field="status"):
    """A command took effect; where it is a duplicate, that was before."""

    id: str | UnsetType = UNSET
    result: msgspec.Raw | UnsetType = UNSET
    duplicate: bool | UnsetType = UNSET


class ErrorReply(Struct, tag="error", tag_field="status"):
    """A command was refused; nothing has changed."""

    error: ErrorBody
    id: str | UnsetType = UNSET


class Welcome(Struct, tag="gamesvc.welcome", tag_field="event"):
    """The first frame of a connection that speaks ``gamesvc.v1``.

    Attributes:
        game: the game's id.
        kind: what is played.
        epoch: names the history that ``seq`` counts; opaque.
        seq: number of the last event that this viewer may have seen; the next event has the next number.
        resumed: whether missed events follow.
        player: the viewer's name.
        playing: whether the viewer's commands are accepted; a spectator's are not.
        players: the names in the order of the seats, None where one is free.
        present: the names of the players who have a connection.
        state: what the viewer may see of the game's fields, where that was asked for or what was missed can't be told.
        finished: that the game is over; missing where it is not.
        outcome: the event with which it ended, if it ended with one.
        bots: the bots that play for somebody, by the player's name; missing where there are none.
    """

    game: str
    kind: str
    epoch: str
    seq: int
    resumed: bool
    player: str
    playing: bool
    players: list[str | None]
    present: list[str]
    state: msgspec.Raw | UnsetType = UNSET
    finished: bool | UnsetType = UNSET
    outcome: msgspec.Raw | UnsetType = UNSET
    bots: dict[str, str] | UnsetType = UNSET


class Joined(Struct, tag="gamesvc.joined", tag_field="event"):
    """Somebody took a seat.

    Attributes:
        player: who.
        seat: which, from 0.
    """

    player: str
    seat: int


class Left(Struct, tag="gamesvc.left", tag_field="event"):
    """Somebody gave up their seat.

    Attributes:
        player: who.
        seat: which, from 0.
    """

    player: str
    seat: int


class Away(Struct, tag="gamesvc.away", tag_field="event"):
    """A player has had no connection for a while.

    Attributes:
        player: who.
    """

    player: str


class Back(Struct, tag="gamesvc.back", tag_field="event"):
    """A player has a connection, and had none before, or was away.

    Attributes:
        player: who.
    """

    player: str


class GameFinished(Struct, tag="gamesvc.finished", tag_field="event"):
    """The game is over.

    Attributes:
        outcome: the event with which it ended; missing where there was none.
    """

    outcome: msgspec.Raw | UnsetType = UNSET


class BotPlays(Struct, tag="gamesvc.bot", tag_field="event"):
    """A bot plays for somebody from now on, or not any more.

    Attributes:
        player: for whom.
        bot: its name; None where they play themselves from now on.
    """

    player: str
    bot: str | None


_OK = _encode(OkReply())


def encode_ok(id: str | None = None, result: bytes | None = None, *, duplicate: bool = False) -> bytes:
    """The reply to a command that took effect.

    Args:
        id: of the request.
        result: what the command returned, as JSON.
        duplicate: whether the same command had been sent before.
    """
    if id is None and result is None:
        return _OK
    raw = UNSET if result is None else msgspec.Raw(result)
    return _encode(OkReply(UNSET if id is None else id, raw, duplicate or UNSET))


def encode_error(
    error: ErrorCode, message: str | None = None, id: str | None = None, retry_ms: int | None = None
) -> bytes:
    """The reply to a command that was refused.

    Args:
        error: its code, and its message where `message` is None.
        message: what is wrong, for people.
        id: of the request.
        retry_ms: how many milliseconds to wait before a retry.
    """
    body = ErrorBody(error.code, message or error.message, error.retryable, UNSET if retry_ms is None else retry_ms)
    return _encode(ErrorReply(body, UNSET if id is None else id))


def encode_refusal(code: str, message: str, retryable: bool) -> bytes:
    """The body of a refused handshake."""
    return _encode({"error": ErrorBody(code, message, retryable)})


def encode_welcome(welcome: Welcome) -> bytes:
    """The first frame of a ``gamesvc.v1`` connection."""
    return _encode(welcome)


def encode_joined(player: str, seat: int) -> bytes:
    """The event that somebody took a seat."""
    return _encode(Joined(player, seat))


def encode_left(player: str, seat: int) -> bytes:
    """The event that somebody gave up their seat."""
    return _encode(Left(player, seat))


def encode_bot(player: str, bot: str | None) -> bytes:
    """The event that a bot plays for somebody from now on, or, where `bot` is None, that they do so themselves."""
    return _encode(BotPlays(player, bot))


def encode_finished(outcome: bytes) -> bytes:
    """The event that the game is over.

    Args:
        outcome: the event with which it ended, as JSON; empty where there was none.
    """
    return _encode(GameFinished(msgspec.Raw(outcome) if outcome else UNSET))


def encode_presence(player: str, *, away: bool) -> bytes:
    """The notice that a player is away, or back."""
    return _encode(Away(player) if away else Back(player))


def encode_state(state: bytes, seq: int) -> bytes:
    """The frame that shows the state.

    Args:
        state: JSON object.
        seq: number of the last event that it takes into account.
    """
    return b'{"event":"gamesvc.state","seq":%d,"state":%b}' % (seq, state)


def encode_patch(patch: bytes, seq: int) -> bytes:
    """The frame that tells how the state has changed.

    Args:
        patch: JSON Merge Patch.
        seq: number of the last event that it takes into account.
    """
    return b'{"event":"gamesvc.patch","seq":%d,"patch":%b}' % (seq, patch)


def encode_arguments(arguments: dict[str, Any]) -> bytes:
    """A request's arguments as JSON, for the journal. Their order is the client's: a game can see it."""
    return _encode(arguments)


def is_framework(event: bytes) -> bool:
    """Whether an encoded event is one of gamesvc's own. Names of a game's events hold no dot."""
    return event.startswith(b'{"event":"gamesvc.')


def numbered(event: bytes, seq: int) -> bytes:
    """An encoded event with its number: the same object with ``seq`` as its last key."""
    return b'%b,"seq":%d}' % (event[:-1], seq)
