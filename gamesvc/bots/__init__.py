"""Bots: players without a connection. What the author of one imports."""

from gamesvc.bots.bot import Bot, BotError, Choice, Turn, ask
from gamesvc.bots.loading import BotKind, load

__all__ = ["Bot", "BotError", "BotKind", "Choice", "Turn", "ask", "load"]
