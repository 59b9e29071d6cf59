"""Games to which players come and from which they go."""

from __future__ import annotations

from gamesvc import Event, GameError, GameModel, Player, command, field


class Said(Event):
    text: str


class Open(GameModel):
    """Without seats."""

    @command
    def look(self, player: Player) -> None: ...


class Club(GameModel, seats=(2, 3)):
    """Is told of everything, and has its own mind."""

    told: list[str] = field(default_factory=list)
    trouble: dict[str, str] = field(default_factory=dict)

    @command
    def expect_trouble(self, player: Player, at: str, of: str) -> None:
        self.trouble[at] = of

    @command
    def end(self, player: Player) -> None:
        self.finish(Said("the end"))

    def _tell(self, what: str) -> None:
        self.told.append(f"{what}: {' '.join(self.players)}")
        self.publish(Said(what))
        match self.trouble.get(what):
            case "refuse":
                raise GameError("not today", code="not_today")
            case "crash":
                raise RuntimeError("with a secret")
            case "exit":
                raise SystemExit(3)
            case "interrupt":
                raise KeyboardInterrupt

    def on_join(self, player: Player) -> None:
        self._tell(f"{player} joins")

    def on_start(self) -> None:
        self._tell("start")

    def on_leave(self, player: Player) -> None:
        self._tell(f"{player} leaves")
