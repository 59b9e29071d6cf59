"""For authors of games: play a model in a unit test, without a network.

    table = Table(TicTacToe, "alice", "bob")
    table.send("alice", "mark", cell=4)
    assert table.last("bob") == {"event": "Marked", "player": "alice", "cell": 4}

Or have agents learn to play it, with `aec_env`. And what the tests are made of that `gamesvc check` writes where it
finds a fault in a model.
"""

from typing import TYPE_CHECKING, Any

from gamesvc.refused import Refused
from gamesvc.testing.elsewhere import same_elsewhere
from gamesvc.testing.fault import Fault
from gamesvc.testing.trial import Trial

if TYPE_CHECKING:
    from gamesvc.testing.aec import aec_env
    from gamesvc.testing.search import ends
    from gamesvc.testing.table import Table

__all__ = ["Fault", "Refused", "Table", "Trial", "aec_env", "ends", "same_elsewhere"]

_MODULES = {"Table": "table", "aec_env": "aec", "ends": "search"}


def __getattr__(name: str) -> Any:
    # A table is a whole server, which takes half a second to import; `ends` needs Hypothesis, and `aec_env` PettingZoo.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    try:
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if name == "aec_env":
            error.add_note("aec_env: pip install 'gamesvc[pettingzoo]'")
        raise
