"""gamesvc, a multiplayer game server: what the author of a game imports."""

from gamesvc.model import DefinitionError, Event, GameError, GameModel, Player, Secret, Timer, command, field

__all__ = [
    "DefinitionError",
    "Event",
    "GameError",
    "GameModel",
    "Player",
    "Secret",
    "Timer",
    "command",
    "field",
]
__version__ = "0.1.0"
