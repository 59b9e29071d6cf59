"""Makes ``twistd gamesvc`` known. Read at every start of twistd, whatever it starts: so it imports nothing of ours."""

from twisted.application.service import ServiceMaker

gamesvc = ServiceMaker("gamesvc", "gamesvc.service", "Multiplayer game server over WebSockets.", "gamesvc")
