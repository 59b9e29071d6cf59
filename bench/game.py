"""The game that gamesvc serves in the benchmark. Every peer serves the same, as far as it can."""

from gamesvc import Event, GameModel, Player, command


class Said(Event):
    text: str


class Room(GameModel):
    """Everybody hears what anybody says."""

    @command
    def say(self, player: Player, text: str) -> None:
        """Tell everybody."""
        self.publish(Said(text))

    @command
    def ask(self, player: Player, text: str) -> str:
        """Get back what you said; nobody else hears it."""
        return text
