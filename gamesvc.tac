"""The service for ``twistd -ny gamesvc.tac``, where a plugin cannot be used.

A tac file gets no options of its own, so this one is configured by the environment and the configuration file.
"""

from twisted.application.service import Application

from gamesvc.config import Options
from gamesvc.service import makeService

options = Options()
options.parseOptions([])

application = Application("gamesvc")
makeService(options).setServiceParent(application)
