"""gamesvc, a multiplayer game server: what the author of a game imports."""

from gamesvc.model import (
    DefinitionError,
    Event,
    GameError,
    GameModel,
    Move,
    Own,
    Player,
    Secret,
    Timer,
    command,
    derived,
    field,
)
from gamesvc.player_clock import PlayerClock
from gamesvc.turn_order import TurnOrder

__all__ = [
    "DefinitionError",
    "Event",
    "GameError",
    "GameModel",
    "Move",
    "Own",
    "Player",
    "PlayerClock",
    "Secret",
    "Timer",
    "TurnOrder",
    "command",
    "derived",
    "field",
]
__version__ = "0.1.0"
