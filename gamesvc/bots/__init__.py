"""Bots: players without a connection. What the author of one imports."""

from gamesvc.bots.bot import Bot, BotError, Turn, ask
from gamesvc.bots.loading import BotKind, find, load
from gamesvc.moves import Choice

__all__ = ["Bot", "BotError", "BotKind", "Choice", "Turn", "ask", "find", "load"]
