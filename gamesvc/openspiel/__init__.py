"""OpenSpiel's games as games of gamesvc: ``--game "openspiel:backgammon"``. Needs the extra ``gamesvc[openspiel]``."""
