"""gamesvc, a multiplayer game server: what the author of a game imports."""

from gamesvc.model import (
    DefinitionError,
    Event,
    GameError,
    GameModel,
    Own,
    Player,
    Secret,
    Timer,
    command,
    derived,
    field,
)

__all__ = [
    "DefinitionError",
    "Event",
    "GameError",
    "GameModel",
    "Own",
    "Player",
    "Secret",
    "Timer",
    "command",
    "derived",
    "field",
]
__version__ = "0.1.0"
