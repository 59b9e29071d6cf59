"""Takes the pictures of the README: ``python -m tests.browser.pictures docs/pictures``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.processes import LOOPBACK, operator_in

GAMES = ("tic-tac-toe", "connect-four", "chess", "battleship", "crazy-eights", "arena", "chat", "greetings")
MOST_BYTES = 150_000
"""Of a picture: who clones the repository has them all."""

_SCRIPT = Path(__file__).with_name("pictures.mjs")


def main(directory: Path) -> None:
    """Take all pictures.

    Args:
        directory: where they are to be.

    Raises:
        SystemExit: one is too large.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty, operator_in(Path(empty)) as operator:
        server = operator.twistd("--journal", "memory", *(each for game in GAMES for each in ("--game", game)))
        url = f"http://{LOOPBACK}:{server.ports['port']}/"
        subprocess.run(("node", str(_SCRIPT), url, str(directory.resolve())), check=True)
    for picture in sorted(directory.glob("*.png")):
        size = picture.stat().st_size
        if size > MOST_BYTES:
            raise SystemExit(f"{picture} has {size} bytes, which is too large: at most {MOST_BYTES}")


if __name__ == "__main__":
    main(Path(*sys.argv[1:2]))
