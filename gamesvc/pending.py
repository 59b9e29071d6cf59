"""What was judged on a game's state and waits for that state to be durable: commands, seatings, alarms.

Each may be judged more than once: where the journal refuses what was judged before it, the game goes back, and it is
judged again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from gamesvc.context import Alarm, Player
from gamesvc.errors import (
    BAD_ARGUMENTS,
    INTERNAL_ERROR,
    JOURNAL_DOWN,
    OUTCOME_UNKNOWN,
    PLAYER_NOT_IN_GAME,
    UNAVAILABLE,
    UNKNOWN_COMMAND,
    ErrorCode,
    RequestRefused,
    with_incident,
)
from gamesvc.instance import Effect, Instance
from gamesvc.journal.records import Entry, Receipt
from gamesvc.messages import Request, encode_arguments, encode_error, encode_joined, encode_ok
from gamesvc.model import GameError, check_code
from gamesvc.receipts import Receipts, digest
from gamesvc.signatures import CommandSpec

_MAX_ECHO = 64
_MAX_EXPLANATION = 300

Answer = Callable[[bytes], None]


class Role(NamedTuple):
    """As whom somebody is connected to a game.

    Attributes:
        player: the name.
        playing: whether their commands are accepted; a spectator's are not.
    """

    player: Player
    playing: bool

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
        pending_ids: the commands that wait, by their player and id.
    """

    instance: Instance
    commands: dict[str, CommandSpec]
    receipts: Receipts
    pending_ids: dict[tuple[str, str], PendingCommand]

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


class PendingCommand:
    """A command of a player.

    Args:
        role: who sent it.
        request: the command.
        answer: gets the reply's payload.

    Attributes:
        key: under what it is known, by its player and its id; None where it has no id, or is a spectator's, who is not
            told what the player of this name was told.
    """

    __slots__ = ("_answers", "_refusal", "_repeated", "_request", "_role", "effect", "entry", "key")

    def __init__(self, role: Role, request: Request, answer: Answer) -> None:
        self.key = (role.player, request.id) if request.id is not None and role.playing else None
        self.effect: Effect | None = None
        self.entry: Entry | None = None
        self._role = role
        self._request = request
        self._refusal = b""
        self._answers: list[Answer] = [answer]
        self._repeated = False

    @property
    def digest(self) -> bytes:
        """What tells it from another command under the same id."""
        return digest(self._request.command, self._request.arguments)

    def join(self, answer: Answer) -> None:
        """The same command came once more."""
        self._repeated = self._repeated or not self._answers
        self._answers.append(answer)

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
            self._refusal = encode_error(BAD_ARGUMENTS, f"{spec.name}: {_explain(error)}", id)
        # A type of the author's own may check itself, and fail at that.
        except Exception as fault:
            self._refusal = self._failed(game, spec, fault)
        else:
            self._run(game, spec, arguments)

    def _run(self, game: Game, spec: CommandSpec, given: msgspec.Struct) -> None:
        player = self._role.player
        try:
            self.effect = game.instance.command(game.now(), spec.name, player, given)
        except GameError as refusal:
            self._refusal = self._refused(game, spec, refusal)
        except KeyboardInterrupt:
            raise
        # SystemExit, too: a model that calls sys.exit() must not take all the other games with it.
        except BaseException as fault:
            self._refusal = self._failed(game, spec, fault)
        else:
            arguments = encode_arguments(self._request.arguments)
            self.entry = self.effect.entry(
                game.instance.kind, "command", player, self._request.id, spec.name, arguments
            )

    def settle(self, game: Game) -> None:
        self._is_over(game)
        if self.entry is None:
            self._reply(self._refusal)
            return
        id, result = self._request.id, self.entry.result
        if id is not None:
            game.receipts.add(self._role.player, Receipt(id, self.digest, result))
        first, *more = self._answers or (None,)
        self._answers = []
        if first is not None:
            first(encode_ok(id, result, duplicate=self._repeated))
        for answer in more:
            answer(encode_ok(id, result, duplicate=True))

    def fail(self, game: Game) -> None:
        self._is_over(game)
        self._reply(encode_error(UNAVAILABLE, id=self._request.id))

    def overdue(self) -> None:
        self._reply(encode_error(OUTCOME_UNKNOWN, id=self._request.id))

    def _is_over(self, game: Game) -> None:
        key = self.key
        if key is not None and game.pending_ids.get(key) is self:
            del game.pending_ids[key]

    def _reply(self, payload: bytes) -> None:
        answers, self._answers = self._answers, []
        for answer in answers:
            answer(payload)

    def _refused(self, game: Game, spec: CommandSpec, refusal: GameError) -> bytes:
        try:
            check_code(refusal.code)
            return encode_error(ErrorCode(refusal.code, str(refusal.message)), id=self._request.id)
        # A reason that can't be sent, or a subclass of the author's own that went its own way.
        except Exception as fault:
            return self._failed(game, spec, fault)

    def _failed(self, game: Game, spec: CommandSpec, fault: BaseException) -> bytes:
        incident = game.failed(f"command {spec.name}", fault)
        return encode_error(INTERNAL_ERROR, with_incident(INTERNAL_ERROR.message, incident), self._request.id)


class PendingSeat:
    """Somebody comes, and is told as whom they take part.

    Args:
        name: theirs.
        players: who plays this game, by their token; the first such list seats them in its order. None: whoever comes
            takes the next free seat.
        spectate: whether they came to watch.
        answer: gets their role, or why they can't take part.
    """

    def __init__(
        self,
        name: str,
        players: tuple[str, ...] | None,
        spectate: bool,
        answer: Callable[[Role | RequestRefused], None],
    ) -> None:
        self.effect: Effect | None = None
        self.entry: Entry | None = None
        self._player = Player(name)
        self._players = players
        self._spectate = spectate
        self._answer: Callable[[Role | RequestRefused], None] | None = answer
        self._judgement: Role | RequestRefused = RequestRefused(JOURNAL_DOWN)

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        before = game.instance.standing.seats
        seats = list(before)
        if self._players is not None and not any(seats):
            for seat, seated in enumerate(self._players[: len(seats)]):
                seats[seat] = Player(seated)
        self._judgement = self._sit(seats, game.instance.standing.finished)
        taken = [(player, seat) for seat, player in enumerate(seats) if player is not None and before[seat] is None]
        if taken:
            events = [encode_joined(player, seat) for player, seat in taken]
            self.effect = game.instance.seat(game.now(), tuple(seats), events)
            self.entry = self.effect.entry(game.instance.kind, "seated", player=self._player)

    def _sit(self, seats: list[Player | None], is_over: bool) -> Role | RequestRefused:
        """Take a seat, where that is called for."""
        if self._spectate:
            return Role(self._player, playing=False)
        if not seats or self._player in seats:
            return Role(self._player, playing=True)
        if None in seats and not is_over:
            seats[seats.index(None)] = self._player
            return Role(self._player, playing=True)
        if self._players is not None:
            return RequestRefused(PLAYER_NOT_IN_GAME)
        return Role(self._player, playing=False)

    def settle(self, game: Game) -> None:
        self._tell(self._judgement)

    def fail(self, game: Game) -> None:
        self._tell(RequestRefused(JOURNAL_DOWN))

    def overdue(self) -> None:
        self._tell(RequestRefused(JOURNAL_DOWN))

    def _tell(self, judgement: Role | RequestRefused) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(judgement)


class PendingAlarm:
    """Something that was to come is due.

    Args:
        alarm: what.
    """

    def __init__(self, alarm: Alarm) -> None:
        self.effect: Effect | None = None
        self.entry: Entry | None = None
        self._alarm = alarm

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        alarm = self._alarm
        # What came before it may have cancelled it.
        if alarm not in game.instance.standing.alarms:
            return
        fault = ""
        try:
            self.effect = game.instance.alarm(game.now(), alarm)
        except KeyboardInterrupt:
            raise
        # GameError and SystemExit, too: it is consumed, whatever it did.
        except BaseException as error:
            incident = game.failed(f"timer {alarm.method}", error)
            fault = f"{type(error).__name__} (incident {incident})"
            self.effect = game.instance.drop(game.now(), alarm)
        self.entry = self.effect.entry(
            game.instance.kind, "timer", name=alarm.method, arguments=alarm.arguments, timer=alarm.id, fault=fault
        )

    def settle(self, game: Game) -> None:
        """Nobody asked for it, so nobody is answered."""

    def fail(self, game: Game) -> None:
        """It is still to come, and will be tried again."""

    def overdue(self) -> None:
        """Nobody asked for it."""


def _echo(name: str) -> str:
    """What a client sent, short and printable, for its own reply."""
    return repr(name if len(name) <= _MAX_ECHO else name[:_MAX_ECHO] + "...")


def _explain(error: Exception) -> str:
    """msgspec's message, with the argument's name as its author wrote it."""
    text = str(error).replace("Object contains unknown field", "there is no argument")
    text = text.replace("Object missing required field", "missing argument")
    text = text.replace(" - at `$.", " - at `")
    # What was sent may be quoted in the middle; the argument's name comes last.
    return (
        text
        if len(text) <= _MAX_EXPLANATION
        else f"{text[: _MAX_EXPLANATION // 2]} ... {text[-_MAX_EXPLANATION // 2 :]}"
    )
