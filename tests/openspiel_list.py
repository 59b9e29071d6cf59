"""The list of OpenSpiel's games in docs/openspiel.md: ``python -m tests.openspiel_list`` plays them all and writes it.

Each is played to its end at random, without a server, and held against OpenSpiel itself: what is legal and what it is
called, what players see, and what they get.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyspiel

from gamesvc.catalog import Catalog
from gamesvc.offline import OfflineGame
from gamesvc.openspiel.game import OpenSpielGame
from gamesvc.openspiel.loading import PREFIX, name_in
from gamesvc.openspiel.position import MAX_NAME, unpacked
from gamesvc.openspiel.rules import Rules
from gamesvc.openspiel.served import EXAMPLES, FROM_FILES, NOT_SERVED, SERVED

PAGE = Path(__file__).parent.parent / "docs" / "openspiel.md"
BEGIN, END = "<!-- The list begins: written by python -m tests.openspiel_list -->\n", "<!-- The list ends. -->\n"

GAMES = 3
"""How often each is played."""

_MOVES = {"SEQUENTIAL": "in turn", "SIMULTANEOUS": "at once"}
_NOTES = {
    "add_noise": "each game has an OpenSpiel game of its own, so its noise does not depend on other games",
    "bridge": "once the cards are dealt, OpenSpiel computes for 0.1 to 0.4 s, and other games wait; not with"
    " `use_double_dummy_result=False`",
    "cached_tree": "nothing is cached from one game to the next",
    "crazy_eights": "for five players, unless `players` says otherwise",
    "morpion_solitaire": "OpenSpiel's copies of its states fail, so it is played again for each move",
    "negotiation": "its chance comes from a seed that is drawn for each game, unless `rng_seed` is given",
    "quoridor": "OpenSpiel prints that it has known issues",
    "stones_and_gems": "its chance comes from a seed that is drawn for each game, unless `rng_seed` is given",
    "tarok": "its chance comes from a seed that is drawn for each game, unless `rng_seed` is given",
}


def rows() -> Iterator[str]:
    """The lines of the list."""
    yield f"Served: {len(SERVED) + len(FROM_FILES)} of the {len(pyspiel.registered_names())} games of OpenSpiel 2.0."
    yield ""
    yield "| `openspiel:` and | players | they move | chance | who sees what | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for text in SERVED:
        rules = Rules(text)
        kind = rules.game.get_type()
        chance = "" if kind.chance_mode == pyspiel.GameType.ChanceMode.DETERMINISTIC else "yes"
        sees = "all see all" if rules.is_public else "each their own"
        note = _NOTES.get(name_in(text), "")
        yield f"| `{text}` | {rules.players} | {_MOVES[kind.dynamics.name]} | {chance} | {sees} | {note} |"
    for name in FROM_FILES:
        yield f"| `{EXAMPLES[name]}` | as the file says | | | | a game in a file of yours |"
    yield ""
    yield "Not served:"
    yield ""
    yield "| game | why |"
    yield "| --- | --- |"
    for name, why in sorted(NOT_SERVED.items()):
        yield f"| `{name}` | {why} |"


def written(page: str) -> str:
    """The page with the list as it is today."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + "\n".join(rows()) + "\n\n" + END + after


class Beside:
    """A game without a server, and the same one as OpenSpiel itself plays it.

    Args:
        kind: as the option ``--game`` has it.
        seed: what is played depends on it.

    Attributes:
        rules: the game's.
        game: as gamesvc plays it.
        direct: as OpenSpiel does: None where nothing has been compared yet.
    """

    def __init__(self, kind: str, seed: int) -> None:
        model = Catalog([kind]).default.model
        assert issubclass(model, OpenSpielGame)
        self.rules = model.RULES
        self.game = OfflineGame(model, [f"player {seat}" for seat in range(self.rules.players)], seed=seed)
        self.direct: Any = None
        self._applied = 0
        self._chance = random.Random(seed)

    def play(self) -> int:
        """Play at random to the end, and compare all the way. Returns how many moves that took.

        Raises:
            AssertionError: it is another game than OpenSpiel's.
        """
        moves = 0
        self.compare()
        while not self.game.finished:
            # All who choose at the same time, one after the other.
            for player in self._chance.sample(to_move := self.game.to_move, len(to_move)):
                self.game.act(player, self._chance.choice(self.game.legal(player)))
                moves += 1
            self.compare()
        return moves

    def compare(self) -> None:
        """Have OpenSpiel go where the game stands, and compare what there is to be seen.

        Raises:
            AssertionError: it is not the same.
        """
        game, rules = self.game, self.rules
        played, seed = stored_in(game)
        if self.direct is None:
            self.direct = rules.begun(seed)
        state, actions, at = self.direct, unpacked(played), self._applied
        while at < len(actions):
            if state.is_simultaneous_node():
                state.apply_actions(actions[at : at + rules.players])
                at += rules.players
            else:
                state.apply_action(actions[at])
                at += 1
        self._applied = at
        kind = rules.game.get_type()
        assert state.is_terminal() == game.finished
        for seat, player in enumerate(game.players):
            view = game.view(player)
            moves = not game.finished and (state.is_simultaneous_node() or state.current_player() == seat)
            legal = [(each, state.action_to_string(seat, each)[:MAX_NAME]) for each in state.legal_actions(seat)]
            named = [(each["action"], each["name"]) for each in view["legal"]]
            assert named == (legal if moves else []), (player, named, legal)
            seen = state.observation_string if kind.provides_observation_string else state.information_state_string
            assert view["observation"] == seen(seat), (player, view["observation"], seen(seat))
            if rules.is_public:
                assert list(view["history"].values()) == state.history()
        returns = dict(zip(game.players, state.returns(), strict=True))
        assert game.scores == (returns if game.finished else None), (game.scores, returns)


def stored_in(game: OfflineGame) -> tuple[bytes, int]:
    """The history that a game has stored, packed, and its seed."""
    standing = game.instance.standing
    fields = {spec.name: spec.decode(image) for spec, image in zip(OpenSpielGame.FIELDS, standing.image, strict=True)}
    return fields["played"] + fields["recent"], fields["seed"]


def main() -> None:
    """Play all that is served, and write the page."""
    for number, text in enumerate(SERVED, 1):
        began = time.perf_counter()
        moves = sum(Beside(PREFIX + text, seed).play() for seed in range(GAMES))
        took = time.perf_counter() - began
        print(f"{number:3}/{len(SERVED)} {text[:60]:60} {moves:6} moves {took:6.1f} s")  # noqa: T201  # a program's output
    PAGE.write_text(written(PAGE.read_text()))


if __name__ == "__main__":
    main()
