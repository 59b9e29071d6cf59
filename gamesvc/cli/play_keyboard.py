"""Where the lines come from that somebody types: a terminal, with completion; or a pipe or a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from gamesvc.cli import play_completion
from gamesvc.cli.play_offered import aside
from gamesvc.errors import ConfigError

MAX_LINE_BYTES = 1 << 20
"""How long a line may be that is read from a pipe."""

_READ_BYTES = 1 << 16
_STDIN = 0


class Enough(Exception):
    """Whoever types has pressed Ctrl-C."""


class Keyboard(Protocol):
    """Where lines come from, in a ``with`` block.

    Attributes:
        is_patient: whether each line waits for what came of the one before it.
    """

    is_patient: bool

    def __enter__(self) -> object: ...

    def __exit__(self, *error: Any) -> None: ...

    async def line(self) -> str | None:
        """The next line; None where there is no more.

        Raises:
            ConfigError: it can't be read.
            Enough: there shall be no more.
        """


class Pipe:
    """Lines from standard input, as a program writes them.

    Args:
        read: returns some of the bytes that come, none at their end.
    """

    is_patient = True

    def __init__(self, read: Callable[[], bytes] = lambda: os.read(_STDIN, _READ_BYTES)) -> None:
        self._read = read
        self._bytes = b""
        self._is_over = False

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *error: Any) -> None: ...

    async def line(self) -> str | None:
        """See `Keyboard`."""
        while b"\n" not in self._bytes and not self._is_over:
            if len(self._bytes) > MAX_LINE_BYTES:
                raise ConfigError(f"a line is longer than {MAX_LINE_BYTES} bytes")
            more = await aside(self._read)
            self._bytes += more
            self._is_over = not more
        if not self._bytes:
            return None
        line, _, self._bytes = self._bytes.partition(b"\n")
        try:
            return line.decode()
        except UnicodeDecodeError:
            raise ConfigError("a line is no UTF-8") from None


class Terminal:
    """Lines that somebody types at a terminal. What is printed meanwhile appears above the line.

    Args:
        prompt: what stands before the line.
        below: what stands at the foot of the screen.
        complete: how a line goes on, up to the cursor.
    """

    is_patient = False

    def __init__(
        self,
        prompt: Callable[[], str],
        below: Callable[[], str],
        complete: Callable[[str], Iterable[play_completion.Completion]],
    ) -> None:
        keys = KeyBindings()
        keys.add("c-c")(_interrupt)
        self._prompt = prompt
        self._session: PromptSession[str] = PromptSession(
            completer=_Completer(complete),
            complete_while_typing=False,
            history=InMemoryHistory(),
            bottom_toolbar=lambda: FormattedText([("", below())]),
            key_bindings=keys,
            reserve_space_for_menu=6,
            interrupt_exception=Enough,
        )
        self._patch: AbstractContextManager[Any] = nullcontext()

    def __enter__(self) -> Terminal:
        # What is printed is escaped already, but for colours, which are meant.
        self._patch = patch_stdout(raw=True)
        self._patch.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._patch.__exit__(*error)

    async def line(self) -> str | None:
        """See `Keyboard`."""
        try:
            return await self._session.prompt_async(lambda: FormattedText([("bold", self._prompt())]))
        except EOFError:
            return None


class _Completer(Completer):
    def __init__(self, complete: Callable[[str], Iterable[play_completion.Completion]]) -> None:
        self._complete = complete

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        for each in self._complete(document.text_before_cursor):
            yield Completion(each.text, start_position=-each.back, display_meta=each.note)


def _interrupt(event: KeyPressEvent) -> None:
    """Take back what is typed; or, where nothing is, have enough."""
    if event.current_buffer.text:
        event.current_buffer.reset()
    else:
        event.app.exit(exception=Enough)
