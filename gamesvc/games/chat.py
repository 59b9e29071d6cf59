"""Chat: what somebody says, everybody hears. It has no state: who comes back is sent what was said meanwhile."""

from gamesvc import Event, GameError, GameModel, Player, command


class Said(Event):
    player: Player
    text: str


class Chat(GameModel):
    """Talk to everybody who is here."""

    @command
    def say(self, player: Player, text: str) -> None:
        """Say something to everybody."""
        if not 0 < len(text) <= 500:
            raise GameError("say it in 1 to 500 characters", code="bad_length")
        self.publish(Said(player, text))
