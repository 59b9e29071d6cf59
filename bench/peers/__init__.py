"""The servers that gamesvc is compared with: each the same room, as a user of that library would write it for speed.

Each is a program of its own that gets a port, and says ``listening on PORT``. The room: ``{"command": "say", "text":
...}`` is numbered in its game and told to everybody in it, then the sender gets ``{"status": "ok"}``; ``{"command":
"ask", ...}`` is answered to the sender alone. The last segment of the path is the game. Nothing is validated beyond
that, no rate is bounded, and nothing is kept.
"""
