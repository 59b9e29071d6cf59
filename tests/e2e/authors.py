"""What authors write: games, as files for the directory in which a server is started."""

from pathlib import Path

TIC_TAC_TOE = (Path(__file__).resolve().parents[1] / "tictactoe.py").read_text()

FLOOD = '''
from gamesvc import Event, GameModel, Player, command

class Wave(Event):
    number: int
    water: str

class Flood(GameModel):
    """Makes events as large as a player wishes."""

    waves: int = 0

    @command
    def wave(self, player: Player, size: int = 1) -> None:
        self.waves += 1
        self.publish(Wave(self.waves, "~" * size))
'''

FAULTY = '''
from gamesvc import GameModel, Player, command

class Faulty(GameModel):
    """Fails with the words that a player puts into its mouth."""

    @command
    def fail(self, player: Player, words: str) -> None:
        raise RuntimeError(words)
'''
