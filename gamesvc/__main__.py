"""``python -m gamesvc``: the same as ``twistd -n gamesvc``, with the same options."""

import sys

from twisted.scripts.twistd import run


def main() -> None:
    """Serve, in the foreground, without a pidfile."""
    sys.argv[1:] = ["--nodaemon", "--pidfile=", "gamesvc", *sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
