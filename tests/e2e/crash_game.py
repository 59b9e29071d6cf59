"""What is played while servers are killed: a game in which everything that happens can be told from everything else."""

from __future__ import annotations

from gamesvc import Event, GameError, GameModel, Player, command, field

Receipt = tuple[int, float, int]
"""What a command returns: the total, when that came to be, and a throw of the dice."""


class Put(Event):
    player: Player
    key: str
    total: int
    time: float


class Whispered(Event):
    player: Player
    key: str
    total: int
    time: float


class Rang(Event):
    key: str
    total: int
    time: float


class Over(Event):
    key: str
    total: int


class Ledger(GameModel, seats=(1, 3)):
    """Counts what happens. The total tells two states from each other, and the time tells two runs of a command: one
    that was seen and lost from the one in its place."""

    total: int = 0
    time: float = 0.0
    keys: dict[Player, int] = field(default_factory=dict)

    @command
    def put(self, player: Player, key: str) -> Receipt:
        """Everybody sees it."""
        receipt = self._count(player)
        self.publish(Put(player, key, self.total, self.now))
        return receipt

    @command
    def whisper(self, player: Player, key: str) -> Receipt:
        """Some see it: who whispers, and, by chance, one more."""
        receipt = self._count(player)
        self.publish(Whispered(player, key, self.total, self.now), to={player, self.random.choice(self.players)})
        return receipt

    @command
    def both(self, player: Player, key: str) -> Receipt:
        """Three events, one of which only its player sees."""
        receipt = self._count(player)
        self.publish(Put(player, key, self.total, self.now))
        self.publish(Whispered(player, key, self.total, self.now), to=[player])
        self.publish(Put(player, key, self.total, self.now))
        return receipt

    @command
    def quiet(self, player: Player, key: str) -> None:
        """Nobody sees anything, and nothing is returned."""
        self._count(player)

    @command
    def deny(self, player: Player, key: str) -> None:
        """Refused, after it has begun to change something; the reason tells of the state on which that was judged."""
        total, time = self.total, self.time
        self._count(player)
        self.publish(Put(player, key, self.total, self.now))
        raise GameError(f"{total} {time!r}")

    @command
    def later(self, player: Player, key: str, seconds: float) -> Receipt:
        """Everybody sees it after a while."""
        self.after(seconds, self.ring, key)
        return self._count(player)

    @command
    def end(self, player: Player, key: str) -> Receipt:
        """The game is over."""
        receipt = self._count(player)
        self.finish(Over(key, self.total))
        return receipt

    def ring(self, key: str) -> None:
        """What `later` promised."""
        self._step()
        self.publish(Rang(key, self.total, self.now))

    def _count(self, player: Player) -> Receipt:
        self._step()
        self.keys[player] = self.keys.get(player, 0) + 1
        return self.total, self.time, self.random.randrange(1 << 30)

    def _step(self) -> None:
        self.total += 1
        self.time = self.now
