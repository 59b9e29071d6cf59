"""What must be true of a game of OpenSpiel's that was played on a server, judged by OpenSpiel itself: it plays what the
journal has, and tells what each player had to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pyspiel

from gamesvc.journal.records import Entry
from gamesvc.journal.store import Store
from gamesvc.openspiel.position import unpacked
from tests.e2e.openspiel_play import Decision, Table

_decode = msgspec.json.decode


class Script:
    """What was done in a game, in order, as the journal has it.

    Args:
        entries: the game's.

    Attributes:
        commands: those that took effect.
        actions: what OpenSpiel was given, chance included: of a simultaneous move an action of each player.
        seed: of the chance that OpenSpiel draws by itself; 0 where it draws none.
        outcome: the event with which the game ended; None where it has not.
    """

    def __init__(self, entries: list[Entry]) -> None:
        self.commands = [entry for entry in entries if entry.kind == "command"]
        stored: dict[str, Any] = {"played": b"", "recent": b"", "seed": 0}
        for entry in entries:
            stored |= {name: msgspec.msgpack.decode(value) for name, value in entry.changed.items() if name in stored}
        self.actions = unpacked(stored["played"] + stored["recent"])
        self.seed: int = stored["seed"]
        outcomes = [entry.outcome for entry in entries if entry.finished]
        self.outcome: dict[str, Any] | None = _decode(outcomes[0]) if outcomes else None

    def was_hit(self, deaths: list[float]) -> bool:
        """Whether a server died between the first command and the last.

        Args:
            deaths: when servers did, in seconds since the epoch.
        """
        if not self.commands:
            return False
        return any(self.commands[0].time < death < self.commands[-1].time for death in deaths)


def observed(state: Any, player: int) -> str:
    """What OpenSpiel lets a player observe: the information state, where it has no observation."""
    kind = state.get_game().get_type()
    text = state.observation_string if kind.provides_observation_string else state.information_state_string
    return str(text(player))


def choices(state: Any, player: int) -> list[dict[str, Any]]:
    """What a player may do, as their view has it."""
    if state.is_terminal() or state.is_chance_node():
        return []
    return [
        {"command": "act", "action": action, "name": state.action_to_string(player, action)}
        for action in state.legal_actions(player)
    ]


class Truth:
    """Plays a game in OpenSpiel, and holds against it what its players were shown.

    Args:
        table: the game, and what its players wrote.
        script: the same, as the journal has it.
    """

    def __init__(self, table: Table, script: Script) -> None:
        self._table = table
        self._script = script
        parameters = pyspiel.game_parameters_from_string(table.kind.partition(":")[2])
        # Some draw by themselves, from a seed that may be given.
        parameters |= {"rng_seed": script.seed} if script.seed else {}
        self._game = pyspiel.load_game(pyspiel.game_parameters_to_string(parameters))
        self._state = self._game.new_initial_state()
        self._decisions = [iter(player.decisions) for player in table.players]
        self._commands = iter(script.commands)

    def disagreements(self) -> Iterator[str]:
        """All that is not as it must be, for people."""
        for problem in self._played():
            yield f"{self._table.kind} ({self._table.game}): {problem}"
            # What comes after the first follows from it.
            return

    def _played(self) -> Iterator[str]:
        actions, state, count = list(self._script.actions), self._state, self._game.num_players()
        place = 0
        while place < len(actions):
            if state.is_terminal():
                yield f"the game went on after its end, with {actions[place:]}"
                return
            if state.is_chance_node():
                if not dict(state.chance_outcomes()).get(actions[place]):
                    yield f"chance can't have given {actions[place]} after {actions[:place]}"
                state.apply_action(actions[place])
                place += 1
            elif state.is_simultaneous_node():
                joint = actions[place : place + count]
                choosing = [player for player in range(count) if state.legal_actions(player)]
                yield from self._chosen({player: joint[player] for player in choosing})
                state.apply_actions(joint)
                place += count
            else:
                yield from self._chosen({state.current_player(): actions[place]})
                state.apply_action(actions[place])
                place += 1
        yield from self._ended()

    def _chosen(self, chosen: dict[int, int]) -> Iterator[str]:
        """Players choose at the same time, or one of them does."""
        seats = {name: seat for seat, name in enumerate(self._table.names)}
        left = dict(chosen)
        while left:
            entry = next(self._commands, None)
            if entry is None:
                yield f"{left} were done, and nobody sent that"
                return
            seat = seats.get(entry.player or "", -1)
            decision = next(self._decisions[seat], None) if seat in left else None
            if decision is None:
                yield f"{entry.player} sent {entry.id}, and {sorted(left)} were to choose"
                return
            yield from self._decided(seat, decision, entry, left.pop(seat))

    def _decided(self, seat: int, decision: Decision, entry: Entry, action: int) -> Iterator[str]:
        who = f"{entry.player}, at {entry.id}"
        if (entry.id, entry.name, _decode(entry.arguments)["action"]) != (decision.id, "act", decision.action):
            yield f"{who}, did {decision}, and the journal has {entry}"
        if decision.action != action:
            yield f"{who}, chose {decision.action}, and what was done is {action}"
        if (legal := choices(self._state, seat)) != (told := _decode(decision.legal)):
            yield f"{who}, was told of {told}, and legal is {legal}"
        if (observation := observed(self._state, seat)) != decision.observation:
            yield f"{who}, was shown {decision.observation!r}, and to be observed is {observation!r}"

    def _ended(self) -> Iterator[str]:
        if not self._state.is_terminal():
            yield f"it is over, and for OpenSpiel it is not: {self._state}"
        if (entry := next(self._commands, None)) is not None:
            yield f"{entry} came to nothing"
        returns = dict(zip(self._table.names, self._state.returns(), strict=True))
        outcome = self._script.outcome or {}
        if outcome.get("returns") != returns:
            yield f"it ended with {outcome}, and its returns are {returns}"
        for seat, player in enumerate(self._table.players):
            view = player.view or {}
            if list(self._decisions[seat]):
                yield f"{player.name} was answered what is not in the journal"
            if view.get("returns") != returns or view.get("legal") != []:
                yield f"{player.name} was shown {view}, and its returns are {returns}"
            if view.get("observation") != (observation := observed(self._state, seat)):
                yield f"{player.name} was shown {view} in the end, and to be observed is {observation!r}"


def disagreements(store: Store, table: Table, deaths: list[float]) -> tuple[list[str], bool]:
    """Judge a game.

    Args:
        store: the journal.
        table: the game.
        deaths: when servers died, in seconds since the epoch.

    Returns:
        All that is not as it must be, for people; and whether a server died between its first command and its last.
    """
    script = Script(list(store.entries(table.game)))
    return list(Truth(table, script).disagreements()), script.was_hit(deaths)
