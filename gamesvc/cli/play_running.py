"""An evening at a game: one enters it, types, and leaves."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import Coroutine
from typing import Any, Unpack

from rich.console import Console
from rich.text import Text

from gamesvc.cli import play_offered
from gamesvc.cli.play_keyboard import Keyboard, Pipe, Terminal
from gamesvc.cli.play_line import PlayedGame
from gamesvc.cli.play_shown import DIM, NOTE, ended
from gamesvc.cli.play_sitting import Left, Sitting, show
from gamesvc.cli.play_vocabulary import Vocabulary
from gamesvc.cli.trusted import advice
from gamesvc.cli.wording import one_line
from gamesvc.client.address import Address
from gamesvc.client.aio import Options
from gamesvc.client.failure import SessionClosed
from gamesvc.errors import ConfigError

PIPE_WIDTH = 200
"""How many letters fit on a line where nobody looks."""


class _Screen(Console):
    """Shows what is given to it as it is, without looking for anything to colour in it."""

    def __init__(self) -> None:
        super().__init__(markup=False, emoji=False, highlight=False)
        if not self.is_terminal:
            self.width = PIPE_WIDTH

    def on_broken_pipe(self) -> None:
        """Nobody reads any more: `gamesvc.cli.main` knows what that means."""
        raise BrokenPipeError


async def play(url: str, local: tuple[str, Vocabulary] | None, **options: Unpack[Options]) -> int:
    """Play in a game, until whoever types leaves it or it is over with them.

    Args:
        url: the game's address.
        local: the kind of game whose commands are meant, and these; None to ask the server for them.
        options: how one comes in: see `gamesvc.client.aio.Options`.

    Returns:
        The exit status.

    Raises:
        ConfigError: the session came to its end, and not because somebody left; or a line can't be read.
        Enough: whoever types has pressed Ctrl-C.
        ValueError: it is no game's address.
    """
    screen = _Screen()
    sitting = Sitting(screen, Vocabulary() if local is None else local[1])
    game = PlayedGame(url, **options)
    sitting.sit(game)
    try:
        await game.enter()
        if local is None:
            await _learn(sitting, screen, url, options.get("ssl"))
        elif local[0] != game.welcome["kind"]:
            show(screen, [Text(f"What is played here is {one_line(game.welcome['kind'])}, and not {local[0]}.", NOTE)])
        sitting.settle()
        keyboard: Keyboard = Pipe()
        if sys.stdin.isatty() and sys.stdout.isatty():
            keyboard = Terminal(lambda: sitting.prompt, lambda: sitting.below, sitting.completions)
        with keyboard:
            await _until_over(game, _type(keyboard, sitting))
            sitting.settle()
    except SessionClosed as error:
        raise ConfigError(ended(error) + advice(url, error.message)) from None
    finally:
        await game.close()
    return 1 if keyboard.is_patient and sitting.has_failed else 0


async def _learn(sitting: Sitting, screen: Console, url: str, trust: ssl.SSLContext | None) -> None:
    """Ask the server for the game's commands."""
    try:
        kinds = await play_offered.aside(lambda: play_offered.ask(Address(url), trust))
        sitting.vocabulary = kinds[sitting.game.welcome["kind"]]
    except (play_offered.NotTold, LookupError) as error:
        why = f" ({one_line(str(error))})" if isinstance(error, play_offered.NotTold) else ""
        told = f"The server does not tell the commands of this game{why}; with --game KIND they are completed."
        show(screen, [Text(told, DIM)])


async def _type(keyboard: Keyboard, sitting: Sitting) -> None:
    """Take line after line."""
    with contextlib.suppress(Left):
        while (line := await keyboard.line()) is not None:
            done = sitting.obey(line)
            if done is not None and keyboard.is_patient:
                await asyncio.wait((done,))
                sitting.settle()


async def _until_over(game: PlayedGame, typing: Coroutine[Any, Any, None]) -> None:
    """Let somebody type until they leave, or the session is over.

    Raises:
        SessionClosed: the session is over.
    """
    task = asyncio.ensure_future(typing)
    try:
        await asyncio.wait((task, game.over), return_when=asyncio.FIRST_COMPLETED)
        if game.over.done():
            game.over.result()
        if game.error is not None:
            raise SessionClosed(*game.error.args)
        task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
