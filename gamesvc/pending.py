"""What was judged on a game's state and waits for that state to be durable: commands, and what else there is.

Each may be judged more than once: where the journal refuses what was judged before it, the game goes back, and it is
judged again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from gamesvc.context import Player
from gamesvc.errors import (
    BAD_ARGUMENTS,
    INTERNAL_ERROR,
    OUTCOME_UNKNOWN,
    UNAVAILABLE,
    UNKNOWN_COMMAND,
    ErrorCode,
    with_incident,
)
from gamesvc.instance import Instance
from gamesvc.journal.records import Entry, Receipt
from gamesvc.messages import Request, encode_arguments, encode_error, encode_ok
from gamesvc.model import GameError, check_code
from gamesvc.receipts import Receipts, digest
from gamesvc.signatures import CommandSpec
from gamesvc.standing import Effect

_MAX_ECHO = 64
_MAX_EXPLANATION = 300

Answer = Callable[[bytes], None]


class Role(NamedTuple):
    """As whom somebody is connected to a game.

    Attributes:
        player: the name.
        playing: whether their commands are accepted; a spectator's are not.
        may_sit: of a spectator, whether they may take a free seat. Not who came to watch, and not whom the players'
            token does not name.
        operates: whether they may have bots play.
    """

    player: Player
    playing: bool
    may_sit: bool = False
    operates: bool = False

    @property
    def sees(self) -> Player | None:
        """Whose private events they see."""
        return self.player if self.playing else None


class Game(Protocol):
    """What a game is for those who are judged on its state.

    Attributes:
        instance: its model, as it stands.
        commands: the model's, by their names in lower case.
        receipts: of the commands that took effect.
        pending_ids: what was asked for and waits, by its player and id.
    """

    instance: Instance
    commands: dict[str, CommandSpec]
    receipts: Receipts
    pending_ids: dict[tuple[str, str], Asked]

    @property
    def now(self) -> Callable[[], float]:
        """The game's time, in seconds since the epoch."""

    def refuses(self, role: Role) -> ErrorCode | None:
        """Why somebody can't do anything in the game, as it stands; None where they can."""

    def failed(self, what: str, fault: BaseException) -> str:
        """Tell the operator of a fault in the model. Returns the incident's id."""


class Pending(Protocol):
    """Something that is judged and waits.

    Attributes:
        effect: what it does; None where it was refused or does nothing.
        entry: what the journal is to keep of that.
    """

    effect: Effect | None
    entry: Entry | None

    def judge(self, game: Game) -> None:
        """Let it take effect on the game as it stands now, or refuse it."""

    def settle(self, game: Game) -> None:
        """The state on which it was judged is durable, and its events are published: answer."""

    def fail(self, game: Game) -> None:
        """It has had no effect, because the journal can't keep it."""

    def overdue(self) -> None:
        """Nobody knows yet what became of it: say so to whom waits. It may still be settled, or fail."""


class Asked:
    """Something that a client asked for: it is answered, and takes effect once under its id.

    Args:
        role: who asked.
        request: what they sent.
        answer: gets the reply's payload.
        keyed: whether it is known by its id. A spectator is not told what the player of their name was told.

    Attributes:
        key: under what it is known, by its player and its id; None where it is not.
        effect: what it does; None where it was refused or does nothing.
        entry: what the journal is to keep of that.
    """

    __slots__ = ("_answers", "_refusal", "_repeated", "_request", "_role", "effect", "entry", "key")

    def __init__(self, role: Role, request: Request, answer: Answer, keyed: bool) -> None:
        self.key = (role.player, request.id) if request.id is not None and keyed else None
        self.effect: Effect | None = None
        self.entry: Entry | None = None
        self._role = role
        self._request = request
        self._refusal = b""
        self._answers: list[Answer] = [answer]
        self._repeated = False

    @property
    def digest(self) -> bytes:
        """What tells it from something else under the same id."""
        return digest(self._request.command, self._request.arguments)

    def join(self, answer: Answer) -> None:
        """The same came once more."""
        self._repeated = self._repeated or not self._answers
        self._answers.append(answer)

    def settle(self, game: Game) -> None:
        """The state on which it was judged is durable, and its events are published: answer."""
        self._is_over(game)
        if self.entry is None:
            self._reply(self._refusal)
            return
        id, result = self._request.id, self.entry.result
        if self.key is not None and id is not None:
            game.receipts.add(self._role.player, Receipt(id, self.digest, result))
        first, *more = self._answers or (None,)
        self._answers = []
        if first is not None:
            first(encode_ok(id, result, duplicate=self._repeated))
        for answer in more:
            answer(encode_ok(id, result, duplicate=True))

    def fail(self, game: Game) -> None:
        """It has had no effect, because the journal can't keep it."""
        self._is_over(game)
        self._reply(encode_error(UNAVAILABLE, id=self._request.id))

    def overdue(self) -> None:
        """Nobody knows yet what became of it."""
        self._reply(encode_error(OUTCOME_UNKNOWN, id=self._request.id))

    def _is_over(self, game: Game) -> None:
        key = self.key
        if key is not None and game.pending_ids.get(key) is self:
            del game.pending_ids[key]

    def _reply(self, payload: bytes) -> None:
        answers, self._answers = self._answers, []
        for answer in answers:
            answer(payload)


class PendingCommand(Asked):
    """A command of a player.

    Args:
        role: who sent it.
        request: the command.
        answer: gets the reply's payload.
    """

    __slots__ = ()

    def __init__(self, role: Role, request: Request, answer: Answer) -> None:
        super().__init__(role, request, answer, role.playing)

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        id = self._request.id
        name = self._request.command
        spec = game.commands.get(name) or game.commands.get(name.lower())
        if spec is None:
            self._refusal = encode_error(UNKNOWN_COMMAND, f"invalid command {_echo(self._request.command)}", id)
            return
        refusal = game.refuses(self._role)
        if refusal is not None:
            self._refusal = encode_error(refusal, id=id)
            return
        try:
            arguments = msgspec.convert(self._request.arguments, spec.arguments)
        except (msgspec.ValidationError, UnicodeError) as error:
            self._refusal = encode_error(BAD_ARGUMENTS, f"{spec.name}: {explain(error)}", id)
        # A type of the author's own may check itself, and fail at that.
        except Exception as fault:
            self._refusal = failed(game, f"command {spec.name}", fault, self._request.id)
        else:
            self._run(game, spec, arguments)

    def _run(self, game: Game, spec: CommandSpec, given: msgspec.Struct) -> None:
        player = self._role.player
        try:
            self.effect = game.instance.command(game.now(), spec.name, player, given)
        except GameError as refusal:
            self._refusal = refused(game, f"command {spec.name}", refusal, self._request.id)
        except KeyboardInterrupt:
            raise
        # SystemExit, too: a model that calls sys.exit() must not take all the other games with it.
        except BaseException as fault:
            self._refusal = failed(game, f"command {spec.name}", fault, self._request.id)
        else:
            arguments = encode_arguments(self._request.arguments)
            self.entry = self.effect.entry(
                game.instance.kind, "command", player, self._request.id, spec.name, arguments
            )


def refused(game: Game, what: str, refusal: GameError, id: str | None) -> bytes:
    """The reply where a model has refused something.

    Args:
        game: the model's.
        what: was refused, for the operator.
        refusal: why.
        id: of the request.
    """
    try:
        check_code(refusal.code)
        return encode_error(ErrorCode(refusal.code, str(refusal.message)), id=id)
    # A reason that can't be sent, or a subclass of the author's own that went its own way.
    except Exception as fault:
        return failed(game, what, fault, id)


def failed(game: Game, what: str, fault: BaseException, id: str | None) -> bytes:
    """The reply where a model has failed.

    Args:
        game: the model's.
        what: failed, for the operator.
        fault: with what.
        id: of the request.
    """
    incident = game.failed(what, fault)
    return encode_error(INTERNAL_ERROR, with_incident(INTERNAL_ERROR.message, incident), id)


def fault_of(game: Game, what: str, fault: BaseException) -> str:
    """What the journal keeps of a model's failure at what nobody waits for.

    Args:
        game: the model's.
        what: failed, for the operator.
        fault: with what.
    """
    incident = game.failed(what, fault)
    return f"{type(fault).__name__} (incident {incident})"


def _echo(name: str) -> str:
    """What a client sent, short and printable, for its own reply."""
    return repr(name if len(name) <= _MAX_ECHO else name[:_MAX_ECHO] + "...")


def explain(error: Exception) -> str:
    """msgspec's message, with the argument's name as its author wrote it; of what was sent only so much.

    Args:
        error: what it has found wrong with a command's arguments.
    """
    text = str(error).replace("Object contains unknown field", "there is no argument")
    text = text.replace("Object missing required field", "missing argument")
    text = text.replace(" - at `$.", " - at `")
    # What was sent may be quoted in the middle; the argument's name comes last.
    return (
        text
        if len(text) <= _MAX_EXPLANATION
        else f"{text[: _MAX_EXPLANATION // 2]} ... {text[-_MAX_EXPLANATION // 2 :]}"
    )
