"""GameServer: one game, the only place where a command takes effect.

Commands come one after the other and each takes effect wholly or not at all: the model's fields are encoded after each
command, and put back to that image when the next one is refused or fails.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple, Protocol

import msgspec

from gamesvc.definition import CommandSpec
from gamesvc.errors import (
    BAD_ARGUMENTS,
    GAME_OVER,
    INTERNAL_ERROR,
    NOT_A_PLAYER,
    NOT_STARTED,
    PLAYER_NOT_IN_GAME,
    UNKNOWN_COMMAND,
    CloseCode,
    ErrorCode,
    RequestRefused,
    with_incident,
)
from gamesvc.messages import Request, Welcome, encode_error, encode_ok, encode_welcome
from gamesvc.model import Context, GameError, GameModel, Player, check_code, restore, settle, start
from gamesvc.publisher import GamePublisher

MAX_STATE_BYTES = 1 << 20
"""How large a model's encoded fields may become, and what a command returns."""

MAX_PRESENT = 256
"""How many names a welcome tells of those who are there."""

_MAX_ECHO = 64
_MAX_EXPLANATION = 300
_encode_result = msgspec.json.Encoder().encode

Report = Callable[[str, BaseException], str]
"""Tells the operator of a fault: what failed, and the exception. Returns the incident's id, which the player gets."""


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


class Participant(Protocol):
    """What a game knows of a connection: its controller."""

    def close(self, code: CloseCode) -> None:
        """Send what is due, as long as the connection takes it, then close it."""


class GameServer:
    """One game: its model, its publisher, and the controllers of those who are connected.

    Args:
        game: the game's id.
        kind: what is played, by its name in the catalog.
        model: the class of its rules.
        epoch: names this game's history; another for each game that is created, whatever its id.
        seed: where the game's chance comes from; secret.
        publisher: sends the events; the game's own.
        now: the time, in seconds since the epoch.
        report: tells the operator of a fault in the model.
        max_connections_per_player: the oldest beyond goes; 0 means any number.

    Raises:
        Exception: whatever the model's ``setup`` raises.
    """

    def __init__(
        self,
        game: str,
        kind: str,
        model: type[GameModel],
        *,
        epoch: str,
        seed: bytes,
        publisher: GamePublisher,
        now: Callable[[], float],
        report: Report,
        max_connections_per_player: int,
    ) -> None:
        self.game = game
        self.kind = kind
        self.publisher = publisher
        self._epoch = epoch
        self._now = now
        self._report = report
        self._max_connections_per_player = max_connections_per_player
        self._commands = model.COMMANDS
        self._fewest, most = model.SEATS or (0, 0)
        self._has_seats = model.SEATS is not None
        self._seats: list[Player | None] = [None] * most
        self._controllers: dict[Participant, Role] = {}
        self._connections_of: dict[Player, dict[Participant, Role]] = {}
        self._context = Context(seed, now())
        self._model = start(model, self._context)
        self._image = self._settle()
        self._publish()

    @property
    def controllers(self) -> tuple[Participant, ...]:
        """Those who are connected, in the order in which they came."""
        return tuple(self._controllers)

    @property
    def players(self) -> list[Player | None]:
        """The names in the order of the seats, None where one is free."""
        return list(self._seats)

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self._context.finished

    @property
    def untouched(self) -> bool:
        """Whether nothing has happened in it yet: no command took effect, and no seat is taken."""
        return self._context.entry == 0 and not any(self._seats)

    def admit(self, name: str, players: tuple[str, ...] | None, spectate: bool) -> Role:
        """Say as whom somebody takes part, and give them their seat.

        Args:
            name: theirs.
            players: who plays this game, by their token; the first such list seats them in its order.
                None: whoever comes takes the next free seat.
            spectate: whether they came to watch.

        Raises:
            RequestRefused: the token says that they play, but this game's seats are others'.
        """
        player = Player(name)
        if self._has_seats and players is not None and not any(self._seats):
            for seat, seated in enumerate(players[: len(self._seats)]):
                self._seats[seat] = Player(seated)
            self._seat_players()
        if spectate:
            return Role(player, playing=False)
        if not self._has_seats or player in self._seats:
            return Role(player, playing=True)
        if None in self._seats:
            self._seats[self._seats.index(None)] = player
            self._seat_players()
            return Role(player, playing=True)
        if players is not None:
            raise RequestRefused(PLAYER_NOT_IN_GAME)
        return Role(player, playing=False)

    def _seat_players(self) -> None:
        self._context.players = tuple(player for player in self._seats if player is not None)

    def join(self, controller: Participant, role: Role) -> None:
        """Take a connection in. A player's oldest one goes where they have too many."""
        self._controllers[controller] = role
        theirs = self._connections_of.setdefault(role.player, {})
        theirs[controller] = role
        if self._max_connections_per_player:
            for oldest in tuple(theirs)[: -self._max_connections_per_player]:
                oldest.close(CloseCode.REPLACED)

    def leave(self, controller: Participant) -> None:
        """Take a connection out; once more is harmless."""
        role = self._controllers.pop(controller, None)
        if role is not None:
            theirs = self._connections_of[role.player]
            del theirs[controller]
            if not theirs:
                del self._connections_of[role.player]

    def stop(self, code: CloseCode) -> None:
        """Send what is due, as long as connections take it, and close them all."""
        self.publisher.flush()
        for controller in self.controllers:
            controller.close(code)

    def welcome(self, role: Role) -> bytes:
        """The first frame of a ``gamesvc.v1`` connection: where the game stands for this viewer."""
        connected = self._connections_of.items()
        present = (player for player, theirs in connected if any(each.playing for each in theirs.values()))
        return encode_welcome(
            Welcome(
                game=self.game,
                kind=self.kind,
                epoch=self._epoch,
                seq=self.publisher.head(role.sees),
                resumed=False,
                player=role.player,
                playing=role.playing,
                players=list(self._seats),
                present=list(islice(present, MAX_PRESENT)),
            )
        )

    def submit(self, role: Role, request: Request, answer: Callable[[bytes], None]) -> None:
        """Let a command take effect, or refuse it; nothing has changed where it is refused.

        Args:
            role: who sent it.
            request: the command.
            answer: gets the reply's payload, after the events that the command caused are in the log.
        """
        spec = self._commands.get(request.command.lower())
        if spec is None:
            answer(encode_error(UNKNOWN_COMMAND, f"invalid command {_echo(request.command)}", request.id))
            return
        refusal = self._refuses(role)
        if refusal is not None:
            answer(encode_error(refusal, id=request.id))
            return
        try:
            arguments = msgspec.convert(request.arguments, spec.arguments)
        except (msgspec.ValidationError, UnicodeError) as error:
            answer(encode_error(BAD_ARGUMENTS, f"{spec.name}: {_explain(error)}", request.id))
        # A type of the author's own may check itself, and fail at that.
        except Exception as fault:
            answer(self._failed(spec, fault, request.id))
        else:
            answer(self._run(role.player, spec, arguments, request.id))

    def _refuses(self, role: Role) -> ErrorCode | None:
        if not role.playing:
            return NOT_A_PLAYER
        if self._context.finished:
            return GAME_OVER
        if len(self._context.players) < self._fewest:
            return NOT_STARTED
        return None

    def _run(self, player: Player, spec: CommandSpec, arguments: msgspec.Struct, id: str | None) -> bytes:
        self._context.begin(self._now())
        method = getattr(self._model, spec.name)
        try:
            result = method(player, **{name: getattr(arguments, name) for name in arguments.__struct_fields__})
            reply = encode_ok(id, None if result is None else self._encoded(spec, result))
            self._image = self._settle()
        except KeyboardInterrupt:
            self._undo()
            raise
        # SystemExit, too: a model that calls sys.exit() must not take all the other games with it.
        except BaseException as fault:
            self._undo()
            return self._refused(spec, fault, id) if isinstance(fault, GameError) else self._failed(spec, fault, id)
        self._publish()
        return reply

    def _refused(self, spec: CommandSpec, refusal: GameError, id: str | None) -> bytes:
        try:
            check_code(refusal.code)
            return encode_error(ErrorCode(refusal.code, str(refusal.message)), id=id)
        # A reason that can't be sent, or a subclass of the author's own that went its own way.
        except Exception as fault:
            return self._failed(spec, fault, id)

    def _failed(self, spec: CommandSpec, fault: BaseException, id: str | None) -> bytes:
        incident = self._report(f"game {self.game} ({self.kind}), command {spec.name}", fault)
        return encode_error(INTERNAL_ERROR, with_incident(INTERNAL_ERROR.message, incident), id)

    def _encoded(self, spec: CommandSpec, result: object) -> bytes:
        if isinstance(result, GameModel):
            raise TypeError(f"{spec.name} returns the game itself, secrets and all; return what the player may know")
        try:
            encoded = _encode_result(result)
        except Exception as error:
            raise TypeError(f"{spec.name} returned what can't be sent: {error}") from error
        if len(encoded) > MAX_STATE_BYTES:
            raise ValueError(f"{spec.name} returned {len(encoded)} bytes, the most is {MAX_STATE_BYTES}")
        return encoded

    def _settle(self) -> bytes:
        try:
            image = settle(self._model)
        except Exception as error:
            raise TypeError(f"a field holds what its type does not allow: {error}") from error
        if len(image) > MAX_STATE_BYTES:
            raise ValueError(f"the model's state has {len(image)} bytes, the most is {MAX_STATE_BYTES}")
        return image

    def _undo(self) -> None:
        restore(self._model, self._image)
        self._context.undo()

    def _publish(self) -> None:
        for event, audience in self._context.events:
            self.publisher.publish(event, audience)
        self._context.events = []


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
