"""Trial: a game of OpenSpiel's is played in another process, before a server offers it.

With parameters that an operator thought of, there are games of OpenSpiel's that end the process that loads or plays
them, that never end, or that have nothing to do for whoever is to move. Better that this happens to a process that is
there for nothing else.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable

from gamesvc.openspiel.loading import NotServed, rules_of
from gamesvc.openspiel.position import MAX_NAMED
from gamesvc.openspiel.rules import MAX_ACTIONS, Rules

SECONDS = 0.5
"""How long is played; at least one game, if that does not take much longer,"""
MOST_SECONDS = 5.0
"""which is this."""

TIMEOUT = 30.0
"""When the other process is given up, in seconds."""

MOVE_SECONDS = 2.0
"""How long one move may take: while OpenSpiel computes, a server does nothing else."""

MAX_TEXT = 1 << 18
"""How long what a player observes may be, in characters, and the names of all that they may do."""

_BYTES = 4


def try_out(text: str) -> None:
    """See to it that a game can be played.

    Args:
        text: the game and its parameters.

    Raises:
        NotServed: it can't be.
    """
    # As this process would find the modules. Its own path may have been changed since it began.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", __spec__.name, text]
    try:
        ran = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise NotServed(f"OpenSpiel does not come back within {TIMEOUT:g} s when it plays this") from None
    except OSError as error:
        raise NotServed(f"it could not be tried out in another process: {error}") from None
    try:
        refusal: str = json.loads(ran.stdout.splitlines()[-1])["refusal"]
    except (IndexError, KeyError, TypeError, ValueError):
        last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:]
        what = f": {last[0][:300]}" if last else ""
        raise NotServed(f"OpenSpiel ends the process that plays this (status {ran.returncode}{what})") from None
    if refusal:
        raise NotServed(refusal)


def play(rules: Rules, seconds: float, most_seconds: float, clock: Callable[[], float]) -> int:
    """Play a game at random, again and again.

    Args:
        rules: the game's.
        seconds: how long.
        most_seconds: when a game is broken off.
        clock: the time, in seconds.

    Returns:
        How many games were played, one that was broken off among them.

    Raises:
        NotServed: it can't be played like this.
    """
    began, games = clock(), 0
    while not games or clock() < began + seconds:
        _play_one(rules, random.Random(games), began + most_seconds, clock)
        games += 1
    return games


def _play_one(rules: Rules, chance: random.Random, until: float, clock: Callable[[], float]) -> None:
    seed = chance.randrange(1, 2**31 - 1)
    position, _ = rules.after(rules.position(b"", seed), {}, seed, lambda: chance)
    if position.is_over:
        raise NotServed("the game is over before anybody has moved")
    while not position.is_over and len(position.history) < MAX_ACTIONS * _BYTES and clock() < until:
        began = clock()
        actions = {}
        for seat in position.to_move:
            legal = position.named(seat)
            if not legal:
                break
            if len(legal) >= MAX_NAMED or sum(len(name) for _, name in legal) > MAX_TEXT:
                raise NotServed(f"a player would have more than {len(legal) - 1} moves to choose from")
            actions[seat] = chance.choice(legal)[0]
        if not actions:
            raise NotServed("it comes to where nobody has anything to do, and is not over")
        for seat in range(rules.players):
            if len(rules.observation(position, seat)) > MAX_TEXT:
                raise NotServed(f"what a player observes would be longer than {MAX_TEXT} characters")
        position, _ = rules.after(position, actions, seed, lambda: chance)
        took = clock() - began
        if took > MOVE_SECONDS:
            raise NotServed(f"OpenSpiel takes {took:.1f} s for a single move, during which no other game could go on")
    again = rules.replayed(position.history, seed)
    if str(again) != str(position.state) or (position.is_over and again.returns() != position.state.returns()):
        raise NotServed("played twice in the same way, it does not come out the same")


def main() -> None:
    """Try out the game that is the process's argument, and print why it can't be played."""
    refusal = ""
    try:
        play(rules_of(sys.argv[1]), SECONDS, MOST_SECONDS, time.monotonic)
    except NotServed as error:
        refusal = str(error)
    except Exception as error:
        refusal = f"OpenSpiel fails when it plays this: {' '.join(str(error).split())[:300] or type(error).__name__}"
    sys.stdout.write(json.dumps({"refusal": refusal}) + "\n")


if __name__ == "__main__":
    main()
