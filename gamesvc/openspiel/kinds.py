"""What an operator writes for a game of OpenSpiel's, and the model that is made of it."""

from __future__ import annotations

import re
import types
from functools import cache
from typing import Any

import pyspiel

from gamesvc.openspiel.game import ImaginableGame, OpenSpielGame, PrivateGame, PublicGame
from gamesvc.openspiel.loading import PREFIX, NotServed, canonical, name_in, rules_of
from gamesvc.openspiel.trial import try_out

__all__ = ["NotServed", "kind_of"]

_OTHER = re.compile("[^A-Za-z0-9]")
_WRITTEN = re.compile("_([0-9a-f]+)_")


def kind_of(text: str, *, tried: bool = False) -> tuple[str, type[OpenSpielGame]]:
    """The kind of game that is meant.

    Args:
        text: as `pyspiel.load_game` takes it: ``go(board_size=9)``.
        tried: whether it was tried out already, by who has started this process.

    Returns:
        Its name, the same in whichever order the parameters are written; and its model.

    Raises:
        NotServed: there is no such game, or it can't be served.
    """
    plain = canonical(text)
    # Those without parameters were all tried out, for the list in docs/openspiel.md.
    if not tried and plain != f"{name_in(plain)}()":
        _try_out_once(plain)
    return PREFIX + plain.removesuffix("()"), _model_of(plain)


def class_name_of(text: str) -> str:
    """What the class of a game is called.

    Args:
        text: the game, and its parameters: ``tic_tac_toe()`` is TicTacToe. Parameters can be read out of it again, so
            that the class can be imported by this name.
    """
    name, _, inside = text.partition("(")
    made = "".join(part.capitalize() for part in name.split("_"))
    made = made if made.isidentifier() else f"Game{made}"
    written = _OTHER.sub(lambda match: f"_{ord(match[0]):x}_", inside.removesuffix(")"))
    return f"{made}_{written}" if written else made


def _text_of(class_name: str) -> str | None:
    """The game whose class is called so; None where there is no such game."""
    made, _, written = class_name.partition("_")
    inside = _WRITTEN.sub(lambda match: chr(int(match[1], 16)), written)
    games = {class_name_of(f"{game}()"): game for game in pyspiel.registered_names()}
    return f"{games[made]}({inside})" if made in games else None


@cache
def _try_out_once(text: str) -> None:
    try_out(text)


@cache
def _model_of(text: str) -> type[OpenSpielGame]:
    rules = rules_of(text)
    base: type[OpenSpielGame] = PublicGame if rules.is_stateful else ImaginableGame
    base = base if rules.is_public else PrivateGame
    says = f"{rules.game.get_type().long_name}, as OpenSpiel plays it: {text.removesuffix('()')}."
    body = {"__module__": __name__, "__doc__": says, "RULES": rules}
    return types.new_class(class_name_of(text), (base,), {"seats": rules.players}, lambda names: names.update(body))


def __getattr__(name: str) -> Any:
    # By its name, so that other processes can import a model: `gamesvc check`, and tests that `gamesvc replay` writes.
    text = None if name.startswith("_") else _text_of(name)
    try:
        if text is not None:
            return kind_of(text)[1]
    except (NotServed, ValueError, OverflowError) as error:
        raise AttributeError(f"there is no {name}: {error}") from error
    raise AttributeError(f"there is no {name}: OpenSpiel has no such game")
