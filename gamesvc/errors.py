"""Everything that gamesvc can say no with: error codes of replies, refusals of the handshake, close codes.

Each is one table. A code never changes its meaning, because clients decide by it; what may be mended is the message,
which is for people. ``docs/protocol.md`` repeats the tables, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum


def with_incident(message: str, incident: str) -> str:
    """What is said to who met a fault: the message, and the id under which the log has the rest."""
    return f"{message} (incident {incident})"


@dataclass(frozen=True)
class ErrorCode:
    """What the ``error`` of a reply can be.

    Attributes:
        code: stable name, for programs.
        message: default text, for people.
        retryable: whether the same command can succeed later without a change by its sender.
    """

    code: str
    message: str
    retryable: bool = False


BAD_JSON = ErrorCode("bad_json", "a message is one JSON object")
NO_COMMAND = ErrorCode("no_command", "must specify command")
UNKNOWN_COMMAND = ErrorCode("unknown_command", "invalid command")
BAD_ID = ErrorCode("bad_id", "an id is a text of 1 to 64 characters")
BAD_ARGUMENTS = ErrorCode("bad_arguments", "the arguments do not fit the command")
REFUSED = ErrorCode("refused", "the game refused the command")
NOT_STARTED = ErrorCode("not_started", "the game starts when all seats are taken", retryable=True)
NOT_A_PLAYER = ErrorCode("not_a_player", "you watch this game, you do not play in it")
GAME_OVER = ErrorCode("game_over", "the game is over")
CANNOT_LEAVE = ErrorCode("cannot_leave", "the game has begun, and its players stay")
NO_SEAT = ErrorCode("no_seat", "all seats are taken", retryable=True)
NO_BOT = ErrorCode("no_bot", "there is no such bot here, or it can't play this game")
RATE_LIMITED = ErrorCode("rate_limited", "too many commands, slow down", retryable=True)
TOO_MANY_IN_FLIGHT = ErrorCode("too_many_in_flight", "read the replies before you send more commands", retryable=True)
INTERNAL_ERROR = ErrorCode("internal_error", "the game failed at this command; nothing has changed")
ID_REUSED = ErrorCode("id_reused", "this id was another command's; give each command its own")
UNAVAILABLE = ErrorCode("unavailable", "the game can't be saved now; nothing has changed", retryable=True)
OUTCOME_UNKNOWN = ErrorCode(
    "outcome_unknown", "it is not known yet whether this took effect; send it again with the same id", retryable=True
)

ERROR_CODES = {
    error.code: error
    for error in (
        BAD_JSON,
        NO_COMMAND,
        UNKNOWN_COMMAND,
        BAD_ID,
        BAD_ARGUMENTS,
        REFUSED,
        NOT_STARTED,
        NOT_A_PLAYER,
        GAME_OVER,
        CANNOT_LEAVE,
        NO_SEAT,
        NO_BOT,
        RATE_LIMITED,
        TOO_MANY_IN_FLIGHT,
        INTERNAL_ERROR,
        ID_REUSED,
        UNAVAILABLE,
        OUTCOME_UNKNOWN,
    )
}


@dataclass(frozen=True)
class HttpRefusal:
    """What a request is refused with that does not become a WebSocket, or asks for none.

    Attributes:
        status: HTTP status code.
        code: stable name, for programs; in the body.
        message: text for people; never repeats what the client sent.
        retryable: whether the same request can succeed later.
        headers: header fields that belong to this refusal.
    """

    status: int
    code: str
    message: str
    retryable: bool = False
    headers: tuple[tuple[str, str], ...] = field(default=())

    def for_incident(self, incident: str) -> HttpRefusal:
        """The same, with the id of what the log tells of."""
        return self.saying(with_incident(self.message, incident))

    def saying(self, message: str) -> HttpRefusal:
        """The same, with a message that says more.

        Args:
            message: text for people, as it is above.
        """
        return replace(self, message=message)

    def for_methods(self, methods: Iterable[str]) -> HttpRefusal:
        """The same, with the methods that are served.

        Args:
            methods: their names.
        """
        return replace(self, headers=(("Allow", ", ".join(sorted(methods))),))


_BEARER = (("WWW-Authenticate", "Bearer"),)
_LATER = (("Retry-After", "5"),)

BAD_REQUEST = HttpRefusal(400, "bad_request", "this is not a well-formed HTTP/1.1 request")
DUPLICATE_HEADER = HttpRefusal(400, "duplicate_header", "a header that may be given once was given more than once")
BAD_UPGRADE = HttpRefusal(
    400,
    "bad_upgrade",
    "this is not a well-formed WebSocket opening handshake (RFC 6455, version 13)",
    headers=(("Sec-WebSocket-Version", "13"),),
)
BAD_GAME_ID = HttpRefusal(
    400, "bad_game_id", "the last segment of the path is the game id: 1 to 64 letters, digits, '_' or '-'"
)
BAD_QUERY = HttpRefusal(400, "bad_query", "the query is not well-formed")
BAD_PLAYER = HttpRefusal(400, "bad_player", "a player's name is 1 to 64 characters without control characters")
TOKEN_TWICE = HttpRefusal(
    400, "token_twice", "give the token once: as a header, as an offered subprotocol, or in the query"
)
UNKNOWN_SUBPROTOCOL = HttpRefusal(
    400,
    "unknown_subprotocol",
    "offer the subprotocol gamesvc.v1 or gamesvc.classic, also beside a token; or offer none at all",
)
TOKEN_MISSING = HttpRefusal(401, "token_missing", "a token is required here", headers=_BEARER)
TOKEN_EXPIRED = HttpRefusal(401, "token_expired", "the token has expired", headers=_BEARER)
TOKEN_INVALID = HttpRefusal(401, "token_invalid", "the token is not valid", headers=_BEARER)
WRONG_GAME = HttpRefusal(403, "wrong_game", "the token is for another game")
PLAYER_NOT_IN_GAME = HttpRefusal(403, "player_not_in_game", "the player is not one of this game's players")
ORIGIN_NOT_ALLOWED = HttpRefusal(
    403, "origin_not_allowed", "pages of this origin may not connect, unless the server is started with --allow-origin"
)
HOST_NOT_ALLOWED = HttpRefusal(
    403,
    "host_not_allowed",
    "this server is not asked by this name, unless it is started with --allow-origin; its IP address will do",
)
KIND_NOT_SERVED = HttpRefusal(404, "kind_not_served", "games of this kind are not served here")
NOT_FOUND = HttpRefusal(404, "not_found", "there is nothing at this address")
GAME_DELETED = HttpRefusal(410, "game_deleted", "this game was deleted")
METHOD_NOT_ALLOWED = HttpRefusal(
    405, "method_not_allowed", "this method is not served here", headers=(("Allow", "GET"),)
)
REQUEST_TIMEOUT = HttpRefusal(408, "request_timeout", "the request did not come to its end in time")
BODY_TOO_LARGE = HttpRefusal(413, "body_too_large", "the request's body is too large")
UPGRADE_REQUIRED = HttpRefusal(
    426, "upgrade_required", "only WebSockets are served here", headers=(("Upgrade", "websocket"),)
)
TOO_MANY_CONNECTIONS = HttpRefusal(
    429, "too_many_connections", "too many connections from this address", retryable=True, headers=_LATER
)
TOO_MANY_GAMES = HttpRefusal(
    429, "too_many_games", "this player has opened too many games", retryable=True, headers=_LATER
)
HEADERS_TOO_LARGE = HttpRefusal(431, "headers_too_large", "the request's headers are too large")
SERVER_ERROR = HttpRefusal(500, "internal_error", "the server failed at this request")
DRAINING = HttpRefusal(503, "draining", "the server is stopping; come back soon", retryable=True, headers=_LATER)
JOURNAL_DOWN = HttpRefusal(
    503, "journal_down", "games can't be opened or saved now; come back soon", retryable=True, headers=_LATER
)
GAME_BUSY = HttpRefusal(503, "game_busy", "the game is busy; come back soon", retryable=True, headers=_LATER)
SERVER_FULL = HttpRefusal(503, "server_full", "the server has no room left", retryable=True, headers=_LATER)

HTTP_REFUSALS = {
    refusal.code: refusal
    for refusal in (
        BAD_REQUEST,
        DUPLICATE_HEADER,
        BAD_UPGRADE,
        BAD_GAME_ID,
        BAD_QUERY,
        BAD_PLAYER,
        TOKEN_TWICE,
        UNKNOWN_SUBPROTOCOL,
        TOKEN_MISSING,
        TOKEN_EXPIRED,
        TOKEN_INVALID,
        WRONG_GAME,
        PLAYER_NOT_IN_GAME,
        ORIGIN_NOT_ALLOWED,
        HOST_NOT_ALLOWED,
        KIND_NOT_SERVED,
        NOT_FOUND,
        GAME_DELETED,
        METHOD_NOT_ALLOWED,
        REQUEST_TIMEOUT,
        BODY_TOO_LARGE,
        UPGRADE_REQUIRED,
        TOO_MANY_CONNECTIONS,
        TOO_MANY_GAMES,
        HEADERS_TOO_LARGE,
        SERVER_ERROR,
        DRAINING,
        JOURNAL_DOWN,
        GAME_BUSY,
        SERVER_FULL,
    )
}


NO_SUCH_GAME = HttpRefusal(404, "no_such_game", "there is no such game here")
BAD_BODY = HttpRefusal(400, "bad_body", "the body is not what this request takes")
BAD_OPTIONS = HttpRefusal(400, "bad_options", "a game of this kind can't be made with these options")
NAME_MISSING = HttpRefusal(
    401,
    "name_missing",
    "say who you are: Authorization: Bearer NAME, percent-encoded, or ?player=NAME",
    headers=_BEARER,
)
LOBBY_CLOSED = HttpRefusal(403, "lobby_closed", "this server admits by tokens that others issue, and makes no games")
NO_GUESTS = HttpRefusal(403, "no_guests", "this server lets no guests in; bring a token of who issues them here")
NOT_YOURS = HttpRefusal(403, "not_yours", "this is for who sits in the game, or made it")
NO_SUCH_INVITE = HttpRefusal(404, "no_such_invite", "there is no such invitation, or not any more")
NO_SUCH_TICKET = HttpRefusal(404, "no_such_ticket", "nobody waits under this ticket, or not any more")
NOT_OVER = HttpRefusal(409, "not_over", "the game goes on; once it is over it can be played again")
NAME_TAKEN = HttpRefusal(409, "name_taken", "somebody else has this name")
NOT_JSON = HttpRefusal(415, "not_json", "send JSON, with Content-Type: application/json")
TOO_MANY_REQUESTS = HttpRefusal(
    429, "too_many_requests", "too many requests from this address, slow down", retryable=True, headers=_LATER
)
LOBBY_FULL = HttpRefusal(
    503, "lobby_full", "the lobby has no room left; come back later", retryable=True, headers=_LATER
)
LOBBY_DOWN = HttpRefusal(
    503, "lobby_down", "the lobby can't be opened now; come back later", retryable=True, headers=_LATER
)
IDENTITY_UNAVAILABLE = HttpRefusal(
    503, "identity_unavailable", "the keys of who issues identities can't be had now", retryable=True, headers=_LATER
)

LOBBY_REFUSALS = {
    refusal.code: refusal
    for refusal in (
        NO_SUCH_GAME,
        BAD_BODY,
        BAD_OPTIONS,
        NAME_MISSING,
        LOBBY_CLOSED,
        NO_GUESTS,
        NOT_YOURS,
        NO_SUCH_INVITE,
        NO_SUCH_TICKET,
        NOT_OVER,
        NAME_TAKEN,
        NOT_JSON,
        TOO_MANY_REQUESTS,
        LOBBY_FULL,
        LOBBY_DOWN,
        IDENTITY_UNAVAILABLE,
    )
}
"""What the lobby can say besides."""


class RequestRefused(Exception):
    """A request is answered with an `HttpRefusal` instead of a WebSocket.

    Args:
        refusal: the answer.
        detail: more, for the operator's log only; never anything secret.
    """

    def __init__(self, refusal: HttpRefusal, detail: str = "") -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
        self.detail = detail


class CloseCode(IntEnum):
    """Why a WebSocket was closed (RFC 6455, section 7.4). Below 4400 a client may reconnect."""

    reason: str

    def __new__(cls, value: int, reason: str) -> CloseCode:
        member = int.__new__(cls, value)
        member._value_ = value
        member.reason = reason
        return member

    NORMAL = 1000, "bye"
    GOING_AWAY = 1001, "going away"
    PROTOCOL_ERROR = 1002, "protocol error"
    UNSUPPORTED_DATA = 1003, "text is spoken here, not binary"
    INVALID_PAYLOAD = 1007, "not UTF-8, or not well compressed"
    POLICY_VIOLATION = 1008, "too many frames, or frames that are no JSON"
    MESSAGE_TOO_BIG = 1009, "message too big"
    INTERNAL_ERROR = 1011, "the server failed"
    SERVICE_RESTART = 1012, "restarting; come back after a short random wait"
    SLOW_CONSUMER = 4000, "you did not read what was sent"
    RESYNC = 4001, "your seat has changed; come back"
    GAME_MOVED = 4002, "the game has moved; come back, and resume"
    TOKEN_EXPIRED = 4401, "the token has expired; come back with a new one"
    REPLACED = 4409, "replaced by a newer connection of the same player"

    @property
    def may_reconnect(self) -> bool:
        """Whether a client may come back without being told something new by a person or another service."""
        return self < 4400


class ConfigError(Exception):
    """A setting is not usable. The message names the setting, where it came from, and what would be right."""


class DefinitionError(TypeError):
    """A model or an event is not usable as it is written. The message says what to write instead."""


class JournalError(Exception):
    """The journal could not do what it was asked. The message is for the operator's log."""


class Fenced(JournalError):
    """Somebody else writes this game now. Nothing has changed."""


class Unavailable(JournalError):
    """The storage fails: it is full, locked, or not to be reached. Nothing has changed; later it may work."""
