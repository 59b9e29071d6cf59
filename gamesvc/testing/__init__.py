"""For authors of games: play a model in a unit test, without a network.

table = Table(TicTacToe, "alice", "bob")
table.send("alice", "mark", cell=4)
assert table.last("bob") == {"event": "Marked", "player": "alice", "cell": 4}
"""

from gamesvc.testing.table import Refused, Table

__all__ = ["Refused", "Table"]
