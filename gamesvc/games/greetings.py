"""The trivial game: whatever a player says, everybody in the game hears."""

from gamesvc import Event, GameModel, Player, command


class HelloEvent(Event):
    message: str = "Hello"


class HiEvent(Event):
    message: str = "Hi there!"


class PrivetEvent(Event):
    message: str = "Privet!"


class HolaEvent(Event):
    message: str = "Hola!"


class SupEvent(Event):
    message: str = "'sup!"


class YoEvent(Event):
    message: str = "Yo!"


class Greetings(GameModel):
    """Greet everybody, in a language of your choice."""

    @command
    def hello(self, player: Player) -> None:
        """Greet in English."""
        self.publish(HelloEvent())

    @command
    def hi(self, player: Player) -> None:
        """Greet briefly."""
        self.publish(HiEvent())

    @command
    def privet(self, player: Player) -> None:
        """Greet in Russian."""
        self.publish(PrivetEvent())

    @command
    def hola(self, player: Player) -> None:
        """Greet in Spanish."""
        self.publish(HolaEvent())

    @command
    def sup(self, player: Player) -> None:
        """Greet casually."""
        self.publish(SupEvent())

    @command
    def yo(self, player: Player) -> None:
        """Greet more casually."""
        self.publish(YoEvent())
