"""The benchmark: gamesvc beside other servers, on one machine. ``python -m bench --help``."""
