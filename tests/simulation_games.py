"""Games whose every effect says which command brought it about.

Each command has a token of its own. The model keeps the tokens of all commands that took effect, in order: so a state
tells which these were, and whoever compares that with the journal finds a command that left something behind although
it was refused, or that took effect twice.
"""

from gamesvc import Event, GameError, GameModel, Player, Secret, command, field
from gamesvc.model import Timer

FAILING = "!"
"""With this at its end, a timer's token makes it fail."""


class Marked(Event):
    token: str
    count: int
    die: int


class Whispered(Event):
    token: str
    to: list[Player]


class Rang(Event):
    token: str


class Ended(Event):
    token: str


class Open(GameModel):
    """Everybody plays."""

    marks: list[str] = field(default_factory=list)
    count: int = 0
    total: Secret[int] = 0
    timers: dict[str, Timer] = field(default_factory=dict)
    rung: list[str] = field(default_factory=list)

    def setup(self) -> None:
        self.total = self.random.randrange(1000)

    def _mark(self, token: str) -> int:
        self.marks.append(token)
        self.count += 1
        die = self.random.randrange(1000)
        self.total += die
        return die

    def _spoil(self, token: str) -> None:
        self.publish(Marked(token, self.count, self._mark(token)))
        self.timers[token] = self.after(1, self.ring, token)
        self.timers.pop(next(iter(self.timers)))
        self.rung.append(token)
        self.finish(Ended(token))

    @command
    def put(self, player: Player, token: str, events: int = 1, to: list[Player] | None = None) -> list[int]:
        """Take effect, with some events; private ones for some."""
        die = self._mark(token)
        for event in range(events):
            if to and event:
                self.publish(Whispered(token, to), to=to)
            self.publish(Marked(token, self.count, die))
        if to:
            self.publish(Whispered(token, to), to=to)
        return [self.count, die]

    @command
    def hush(self, player: Player, token: str) -> None:
        """Take effect without a word."""
        self._mark(token)

    @command
    def even(self, player: Player, token: str) -> list[int]:
        """Take effect or be refused, as the state may be."""
        if self.count % 2:
            raise GameError(str(self.count), code="odd")
        return [self.count + 1, self._mark(token)]

    @command
    def refuse(self, player: Player, token: str) -> None:
        """Be refused, with everything changed."""
        count = self.count
        self._spoil(token)
        raise GameError(str(count))

    @command
    def crash(self, player: Player, token: str) -> None:
        """Fail, with everything changed."""
        self._spoil(token)
        raise RuntimeError(token)

    @command
    def break_off(self, player: Player, token: str) -> None:
        """Leave a state that can't be kept."""
        self._spoil(token)
        self.rung.append(666)  # type: ignore[arg-type]  # that is the point

    @command
    def later(self, player: Player, token: str, seconds: float) -> None:
        """Have something to come."""
        self.publish(Marked(token, self.count + 1, self._mark(token)))
        self.timers[token] = self.after(seconds, self.ring, token)

    @command
    def cancel_that(self, player: Player, token: str, of: str) -> None:
        """Have it not come."""
        timer = self.timers.pop(of, None)
        if timer is None:
            raise GameError(str(self.count), code="no_timer")
        if not self.cancel(timer):
            raise RuntimeError(f"the timer {of} was not to come any more")
        self._mark(token)

    @command
    def end(self, player: Player, token: str) -> None:
        """Be the last command."""
        self._mark(token)
        self.finish(Ended(token))

    def ring(self, token: str) -> None:
        del self.timers[token]
        self.rung.append(token)
        self.publish(Rang(token))
        if token.endswith(FAILING):
            raise RuntimeError(token)


class Seated(Open, seats=(2, 3)):
    """Two or three play, others watch."""


class Quick(Open, durability="snapshot"):
    """Promises less."""


class QuickSeated(Seated, durability="snapshot"):
    """Promises less, to a few."""


class Ticked(Event):
    count: int


class Lively(Open, seats=(2, 3), tick=5):
    """Is told of everything that a model may be told of, and ticks."""

    heard: list[str] = field(default_factory=list)
    ticked: int = 0

    def on_join(self, player: Player) -> None:
        self.heard.append(f"{player} joins")

    def on_start(self) -> None:
        self.heard.append("start")

    def on_leave(self, player: Player) -> None:
        self.heard.append(f"{player} leaves")
        if self.count % 5 == 4:
            raise GameError("you are needed", code="needed")

    def on_away(self, player: Player) -> None:
        self.heard.append(f"{player} away")

    def on_back(self, player: Player) -> None:
        self.heard.append(f"{player} back")

    def on_tick(self) -> None:
        if self.ticked != self.count:
            self.ticked = self.count
            self.publish(Ticked(self.count))
            if self.count % 7 == 6:
                raise RuntimeError(str(self.count))


class QuickLively(Lively, durability="snapshot"):
    """Promises less, and is told of everything."""
