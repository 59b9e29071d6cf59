"""Files that a command line writes: new ones, for their owner alone, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO

from gamesvc.errors import ConfigError


@contextlib.contextmanager
def new_file(path: str) -> Iterator[IO[bytes]]:
    """Write a file that is not there yet. Where that fails, it is not there in the end either.

    Args:
        path: of the file.

    Raises:
        ConfigError: it is there already, or can't be written.
    """
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path}: is there already, and is not overwritten") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(path)
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise ConfigError(f"{path}: {error.strerror}") from error
        raise
