"""Mistakes that authors make in models and events, and what they are told.

On the left is what they write: classes, or lines of ``class Game(GameModel)``. All of it can be written with
``from __future__ import annotations`` above it, too, and then they are told the same.
"""

ABOVE = """\
import dataclasses
import enum
from collections import Counter, deque
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Optional, TypeVar

from msgspec import Meta, Struct

from gamesvc import Event, GameModel, Own, Player, Secret, command, derived, field

T = TypeVar("T")


class Suit(enum.Enum):
    SPADES = "S"


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"


class Circle(Struct):
    radius: int = 0


class Square(Struct):
    side: int = 0


class Hidden(Struct):
    cards: Secret[list[int]] = []


@dataclass
class Pile:
    cards: int = 0


class Board:
    ...


class Base(GameModel):
    score: int = 0

    @command
    def mark(self, player: Player) -> None: ...

    def count(self) -> None: ...


SHARED = []
"""
"""What stands above each."""


DEFAULTS = {
    "score: int": "Game.score: needs a default, because a game starts without arguments; write `score: int = 0`",
    "board: list[int]": (
        "Game.board: needs a default, because a game starts without arguments; write `board: list[int] = "
        "field(default_factory=list)`"
    ),
    "winner: Player": (
        "Game.winner: needs a default, because a game starts without arguments; write `winner: Player | None = None`"
    ),
    "level: int = 0; score: int": (
        "Game.score: needs a default, because a game starts without arguments; write `score: int = 0`"
    ),
    'score: int = "none"': "Game.score: the default 'none' does not fit the field's type: Expected `int`, got `str`",
    "score: int = None": "Game.score: the default None does not fit the field's type; write `score: int | None = None`",
    "score: int = 1.5": "Game.score: the default 1.5 does not fit the field's type: Expected `int`, got `float`",
    "score: Annotated[int, Meta(ge=0)] = -1": (
        "Game.score: the default -1 does not fit the field's type: Expected `int` >= 0"
    ),
    "score: int = 2**70": (
        "Game.score: the default 1180591620717411303424 does not fit the field's type: can't serialize ints < -2**63 "
        "or > 2**64 - 1"
    ),
    'hit: float = float("nan")': (
        "Game.hit: nan can't be sent to clients; write `hit: float | None = None` for no number"
    ),
    "board: list[int] = [0] * 9": (
        "Game.board: all games would share this default; write `= field(default_factory=lambda: [0] * 9)`"
    ),
    'board: dict[str, int] = {"a": 1}': (
        "Game.board: all games would share this default; write `= field(default_factory=lambda: {'a': 1})`"
    ),
    "board: Circle = Circle()": (
        "Game.board: all games would share this default; write `= field(default_factory=lambda: Circle(radius=0))`"
    ),
    "board: Pile = Pile()": (
        "Game.board: all games would share this default; write `= field(default_factory=lambda: Pile(cards=0))`"
    ),
    "board: tuple[list[int], ...] = ([1],)": (
        "Game.board: all games would share this default; write `= field(default_factory=lambda: ([1],))`"
    ),
    "board: list[int] = field(default_factory=lambda: SHARED)": (
        "Game.board: all games would share this default; write `= field(default_factory=lambda: [])`"
    ),
    "board: list[int] = list": (
        "Game.board: the default is a class, and not a value; write `= field(default_factory=list)`"
    ),
    "board: Circle = Circle": (
        "Game.board: the default is a class, and not a value; write `= field(default_factory=Circle)`"
    ),
    "board: list[int] = field(default_factory=dict)": (
        "Game.board: the default {} does not fit the field's type: Expected `list`, got `dict`"
    ),
    "board: list[int] = field(default_factory=lambda: [1 // 0])": (
        "Game.board: its default_factory fails with ZeroDivisionError: integer division or modulo by zero"
    ),
    "score: int = dataclasses.field(default=0)": (
        "Game.score: this is dataclasses' field; write `from gamesvc import field`"
    ),
    "board: list[int] = dataclasses.field(default_factory=list)": (
        "Game.board: this is dataclasses' field; write `from gamesvc import field`"
    ),
    'score: int = field(name="points", default=0)': (
        "Game.score: clients see the name that the field has; rename it to points"
    ),
}
"""How a game begins."""

UNTYPED = {
    "score = 0": (
        "Game.score = 0 has no type: write `score: int = 0` for a field, or `SCORE = 0` for a constant that all "
        "games share"
    ),
    "winner = None": (
        "Game.winner = None has no type: write `winner: int | None = None` for a field, or `WINNER = None` for a "
        "constant that all games share"
    ),
    "board = [None] * 9": (
        "Game.board = [None] * 9 has no type: write `board: list[int | None] = field(default_factory=lambda: [None] "
        "* 9)` for a field, or `BOARD = [None] * 9` for a constant that all games share"
    ),
    "names = {}": (
        "Game.names = {} has no type: write `names: dict[str, int] = field(default_factory=dict)` for a field, or "
        "`NAMES = {}` for a constant that all games share"
    ),
    "pair = (1, 2)": (
        "Game.pair = (1, 2) has no type: write `pair: tuple[int, ...] = (1, 2)` for a field, or `PAIR = (1, 2)` for "
        "a constant that all games share"
    ),
    "board = field(default_factory=list)": (
        "Game.board = field(...) has no type: write `board: list[int] = field(...)` for a field"
    ),
    "seats = 2": (
        "Game.seats = 2 has no type: write `class Game(GameModel, seats=2)`, or `seats: int = 2` for a field of that "
        "name"
    ),
    "tick = 20": (
        "Game.tick = 20 has no type: write `class Game(GameModel, tick=20)`, or `tick: int = 20` for a field of that "
        "name"
    ),
}
"""What has no type."""

TYPES = {
    "it: Any = None": (
        "Game.it: what may be anything can't be stored; say which type it is: int, float, bool, str, list, tuple, "
        "dict, an Enum or a Struct (`from msgspec import Struct`)"
    ),
    "it: object = None": (
        "Game.it: what may be anything can't be stored; say which type it is: int, float, bool, str, list, tuple, "
        "dict, an Enum or a Struct (`from msgspec import Struct`)"
    ),
    "it: list = field(default_factory=list)": "Game.it: say what is in it, as in `list[int]`",
    "it: dict = field(default_factory=dict)": "Game.it: say what its keys and values are, as in `dict[str, int]`",
    "it: tuple = ()": "Game.it: say what is in it, as in `tuple[int, ...]`",
    "it: dict[str, Any] = field(default_factory=dict)": (
        "Game.it: say what its keys and values are, as in `dict[str, int]`"
    ),
    "it: T = 0": (
        "Game.it: what may be anything can't be stored; say which type it is: int, float, bool, str, list, tuple, "
        "dict, an Enum or a Struct (`from msgspec import Struct`)"
    ),
    "it: set[int] = field(default_factory=set)": (
        "Game.it: a set has no order that is always the same; write `list[int]`"
    ),
    "it: frozenset[Player] = frozenset()": (
        "Game.it: a frozenset has no order that is always the same; write `tuple[str, ...]`"
    ),
    "it: list[set[int]] = field(default_factory=list)": (
        "Game.it: a set has no order that is always the same; write `list[int]`"
    ),
    "it: deque[int] = field(default_factory=deque)": (
        "Game.it: a value of type deque can't be stored; write `list[int]`, or what else is in it"
    ),
    "it: Counter[str] = field(default_factory=Counter)": (
        "Game.it: a value of type Counter can't be stored; write `dict[str, int]`, or what else is in it"
    ),
    "it: Board = field(default_factory=Board)": (
        "Game.it: a value of type Board can't be stored; use int, float, bool, str, list, tuple, dict, an Enum or a "
        "Struct (`from msgspec import Struct`); what can be built from other fields is @derived"
    ),
    "it: list[Board | None] = field(default_factory=list)": (
        "Game.it: a value of type Board can't be stored; use int, float, bool, str, list, tuple, dict, an Enum or a "
        "Struct (`from msgspec import Struct`); what can be built from other fields is @derived"
    ),
    "it: complex = 0j": (
        "Game.it: a value of type complex can't be stored; write `tuple[float, float]`, or what else is in it"
    ),
    "it: Mixed = Mixed.ONE": "Game.it: the values of the Enum Mixed have to be all text, or all whole numbers",
    "it: Circle | Square = field(default_factory=Circle)": (
        "Game.it: it could not be told which of Circle | Square a value is; write `tag=True` in the class line of "
        "each, as in `class Circle(Struct, tag=True)`"
    ),
    "it: list[int] | list[str] = field(default_factory=list)": (
        "Game.it: it could not be told which of list[int] | list[str] a value is; write one of them, or a Struct for "
        "each"
    ),
    "it: int | str | Suit = 0": (
        "Game.it: it could not be told which of int | str | Suit a value is; write one of them, or a Struct for each"
    ),
    "it: [int] = 0": (
        "Game.it: [<class 'int'>] is no type that values can have; use int, float, bool, str, list, tuple, dict, an "
        "Enum or a Struct (`from msgspec import Struct`)"
    ),
    "it: Base | None = None": (
        "Game.it: Base is a game, and can't be stored as a part of another; write a Struct of what is needed of it"
    ),
    "it: dict[tuple[int, int], str] = field(default_factory=dict)": (
        "Game.it: the keys of a dict are str, int or an Enum, and not tuple[int, int]; write `dict[str, str]`; a "
        "pair can be text such as '3,4'"
    ),
    "it: dict[float, str] = field(default_factory=dict)": (
        "Game.it: the keys of a dict are str, int or an Enum, and not float; write `dict[str, str]`"
    ),
    "it: dict[bool, str] = field(default_factory=dict)": (
        "Game.it: the keys of a dict are str, int or an Enum, and not bool; write `dict[str, str]`"
    ),
    'it: dict[Literal["a", "b"], int] = field(default_factory=dict)': (
        "Game.it: the keys of a dict are str, int or an Enum, and not Literal['a', 'b']; write `dict[str, int]`"
    ),
    "it: dict[Circle, str] = field(default_factory=dict)": (
        "Game.it: the keys of a dict are str, int or an Enum, and not Circle; write `dict[str, str]`"
    ),
    "it: dict[Player, int | None] = field(default_factory=dict)": (
        "Game.it: a value in a dict can't be None, because clients are not told of what is None; write `dict[str, "
        "int]` and leave the key out"
    ),
    "it: dict[str, Optional[list[int]]] = field(default_factory=dict)": (
        "Game.it: a value in a dict can't be None, because clients are not told of what is None; write `dict[str, "
        "list[int]]` and leave the key out"
    ),
    'it: dict[str, Literal["a", None]] = field(default_factory=dict)': (
        "Game.it: a value in a dict can't be None, because clients are not told of what is None; write `dict[str, "
        "Literal['a']]` and leave the key out"
    ),
    'it: Annotated[str, Meta(ge=0)] = ""': (
        "Game.it: Can only set `ge` on a numeric type - type `typing.Annotated[str, msgspec.Meta(ge=0)]` is invalid"
    ),
    'it: "Later | None" = None': "Game.it: name 'Later' is not defined; define it above the class, or import it",
    'it: "enum.Enumm" = 0': "Game: an annotation is not usable: module 'enum' has no attribute 'Enumm'",
}
"""Values that could not be stored, or not be shown."""

SECRETS = {
    "_deck: list[int] = field(default_factory=list)": (
        "Game._deck: looks private, and clients would be shown it; write `deck: Secret[...]` to hide it, or a name "
        "without underscore"
    ),
    "deck: Secret = 0": "Game.deck: Secret of what? Write `Secret[list[int]]`, say",
    "hands: Own = field(default_factory=dict)": "Game.hands: Own of what? Write `Own[dict[Player, int]]`, say",
    "deck: list[Secret[int]] = field(default_factory=list)": (
        "Game.deck: a field is Secret or Own as a whole; write `Secret[...]` or `Own[...]` around its type"
    ),
    "deck: Secret[int] | None = None": (
        "Game.deck: a field is Secret or Own as a whole; write `Secret[...]` or `Own[...]` around its type"
    ),
    "hands: dict[Player, Own[int]] = field(default_factory=dict)": (
        "Game.hands: a field is Secret or Own as a whole; write `Secret[...]` or `Own[...]` around its type"
    ),
    "hands: Own[list[int]] = field(default_factory=list)": (
        "Game.hands: write `Own[dict[Player, ...]]`: each player is shown the entry under their own name"
    ),
    "hands: Own[dict[int, str]] = field(default_factory=dict)": (
        "Game.hands: write `Own[dict[Player, ...]]`: each player is shown the entry under their own name"
    ),
    "hands: Secret[Own[dict[Player, int]]] = field(default_factory=dict)": (
        "Game.hands: write `Secret[...]` for what nobody is shown, or `Own[...]` for what its player is; not both"
    ),
    "deck: Hidden = field(default_factory=Hidden)": (
        "Game.deck: Hidden.cards is marked Secret or Own, and only a whole field can be; make it a field of the "
        "model, or all of this one secret"
    ),
    "deck: Secret[set[int]] = field(default_factory=set)": (
        "Game.deck: a set has no order that is always the same; write `list[int]`"
    ),
}
"""Who may see a field."""

NAMES = {
    "@property\ndef score(self) -> int: ...\nscore: int = 0": (
        "Game.score: is there twice, and the first would be lost; rename one"
    ),
    "def __init__(self) -> None: ...": (
        "Game.__init__: write `def setup(self) -> None` instead; it runs once, when the game is created"
    ),
    "def __post_init__(self) -> None: ...": (
        "Game.__post_init__: write `def setup(self) -> None` instead; it runs once, when the game is created"
    ),
    "def __new__(cls) -> None: ...": (
        "Game.__new__: write `def setup(self) -> None` instead; it runs once, when the game is created"
    ),
    '__slots__ = ("score",)': "Game.__slots__: remove it; a model keeps what it has fields for",
    "players: list[str] = field(default_factory=list)": (
        "Game.players: the name players is kept for gamesvc itself; choose another name"
    ),
    "now: float": "Game.now: the name now is kept for gamesvc itself; choose another name",
    "random: int = 0": "Game.random: the name random is kept for gamesvc itself; choose another name",
    "_context: int = 0": "Game._context: the name _context is kept for gamesvc itself; choose another name",
    "after: int = 0": "Game.after: the name after is kept for gamesvc itself; choose another name",
    "legal: int = 0": (
        "Game.legal: write `def legal(self, player: Player) -> Iterable[Move]`; it runs when a player is shown what "
        "they may do"
    ),
    "def legal(self) -> list[Any]: ...": (
        "Game.legal: write `def legal(self, player: Player) -> Iterable[Move]`; it runs when a player is shown what "
        "they may do"
    ),
    "def determinize(self, player: Player) -> None: ...": (
        "Game.determinize: write `def determinize(self, player: Player, view: dict[str, Any]) -> None`; it runs when a "
        "bot thinks ahead"
    ),
    "options: int = 0": "Game.options: the name options is kept for gamesvc itself; choose another name",
    "def publish(self) -> None: ...": "Game.publish: the name publish is kept for gamesvc itself; choose another name",
    "@command\ndef cancel(self, player: Player) -> None: ...": (
        "Game.cancel: the name cancel is kept for gamesvc itself; choose another name"
    ),
    "SEATS = 2": "Game.SEATS: say it in the class line, `class Game(GameModel, seats=2)`, or choose another name",
    "VERSION = 2": "Game.VERSION: say it in the class line, `class Game(GameModel, version=2)`, or choose another name",
    "FIELDS = ()": "Game.FIELDS: the name FIELDS is kept for gamesvc itself; choose another name",
    "LINES: int = 3": (
        "Game.LINES: names in capitals are constants; write `LINES: ClassVar[...] = ...` for one that all games "
        "share, or `lines` for state"
    ),
    "score: int = 0\ndef score(self) -> int: ...": "Game.score: is a field and a method; give one of them another name",
    "def score(self) -> int: ...\nscore: int = 0": (
        "Game.score: is there twice, and the first would be lost; rename one"
    ),
    "score: int = 0\n"
    "@property\n"
    "def score(self) -> int: ...": "Game.score: is a field and a method; give one of them another name",
    "board: int = 0\n"
    "@derived\n"
    "def board(self) -> int: ...": "Game.board: is a field and a method; give one of them another name",
    "mark: int = 0\n"
    "@command\n"
    "def mark(self, player: Player) -> None: ...": "Game.mark: is a field and a method; give one of them another name",
    "@command\n"
    "def mark(self, player: Player) -> None: ...\n"
    "@command\n"
    "def mark(self, player: Player, cell: int) -> None: ...": (
        "Game.mark: is there twice, and the first would be lost; rename one"
    ),
    "@command\ndef mark(self, player: Player) -> None: ...\n@command\ndef Mark(self, player: Player) -> None: ...": (
        "Game.mark and Game.Mark: names of commands are not case-sensitive; choose another"
    ),
}
"""Names that mean something else."""

COMMANDS = {
    "@command()\ndef mark(self, player: Player): ...": (
        "write @command without parentheses: a command has its method's name"
    ),
    "@command\ndef mark(self): ...": "Game.mark: write `def mark(self, player: Player, ...)`: who sent it comes first",
    "@command\ndef mark(cell: int): ...": (
        "Game.mark: write `def mark(self, player: Player, ...)`: who sent it comes first"
    ),
    "@command\ndef mark(self, cell: int, player: Player): ...": (
        "Game.mark: write `def mark(self, player: Player, ...)`: who sent it comes first"
    ),
    "@command\ndef mark(self, *, player: Player): ...": (
        "Game.mark: write `def mark(self, player: Player, ...)`: who sent it comes first"
    ),
    "@command\ndef mark(self, *player: Player): ...": (
        "Game.mark: write `def mark(self, player: Player, ...)`: who sent it comes first"
    ),
    "@command\ndef mark(self, player: int): ...": (
        "Game.mark: write `player: Player`: it is the name of who sent it, and always there"
    ),
    "@command\ndef mark(self, player: Player | None = None): ...": (
        "Game.mark: write `player: Player`: it is the name of who sent it, and always there"
    ),
    "@command\ndef mark(self, player: Player, cell): ...": "Game.mark: argument 'cell' needs a type; write `cell: int`",
    "@command\ndef mark(self, player: Player, cell=0): ...": (
        "Game.mark: argument 'cell' needs a type; write `cell: int`"
    ),
    "@command\ndef mark(self, player: Player, *cells: int): ...": (
        "Game.mark: name each argument; write `cells: list[int]`, say, instead of *cells"
    ),
    "@command\ndef mark(self, player: Player, **cells: int): ...": (
        "Game.mark: name each argument; write `cells: dict[str, int]`, say, instead of **cells"
    ),
    "@command\ndef mark(self, player: Player, cell: int, /): ...": (
        "Game.mark: arguments come by their names; write 'cell' without `/` after it"
    ),
    "@command\ndef mark(self, player: Player, id: int): ...": (
        "Game.mark: 'id' is a key of the protocol; choose another name"
    ),
    "@command\ndef mark(self, player: Player, it: Any): ...": (
        "Game.mark, argument 'it': what may be anything can't be given by a client; say which type it is: int, "
        "float, bool, str, list, tuple, dict, an Enum or a Struct (`from msgspec import Struct`)"
    ),
    "@command\ndef mark(self, player: Player, it: list): ...": (
        "Game.mark, argument 'it': say what is in it, as in `list[int]`"
    ),
    "@command\ndef mark(self, player: Player, it: set[int]): ...": (
        "Game.mark, argument 'it': a set has no order that is always the same; write `list[int]`"
    ),
    "@command\ndef mark(self, player: Player, it: list[Board]): ...": (
        "Game.mark, argument 'it': a value of type Board can't be given by a client; use int, float, bool, str, "
        "list, tuple, dict, an Enum or a Struct (`from msgspec import Struct`)"
    ),
    "@command\ndef mark(self, player: Player, it: Mixed): ...": (
        "Game.mark, argument 'it': the values of the Enum Mixed have to be all text, or all whole numbers"
    ),
    "@command\ndef mark(self, player: Player, it: Circle | Square): ...": (
        "Game.mark, argument 'it': it could not be told which of Circle | Square a value is; write `tag=True` in the "
        "class line of each, as in `class Circle(Struct, tag=True)`"
    ),
    "@command\ndef mark(self, player: Player, it: Base): ...": (
        "Game.mark, argument 'it': Base is a game, and can't be given by a client as a part of another; write a "
        "Struct of what is needed of it"
    ),
    "@command\ndef mark(self, player: Player, it: dict[tuple[int, int], str]): ...": (
        "Game.mark, argument 'it': the keys of a dict are str, int or an Enum, and not tuple[int, int]; write "
        "`dict[str, str]`; a pair can be text such as '3,4'"
    ),
    "@command\ndef mark(self, player: Player, it: Secret[int]): ...": (
        "Game.mark, argument 'it': what a client gives is no secret from it; write the type without Secret or Own"
    ),
    "@command\ndef mark(self, player: Player, it: Own[dict[Player, int]]): ...": (
        "Game.mark, argument 'it': what a client gives is no secret from it; write the type without Secret or Own"
    ),
    '@command\ndef mark(self, player: Player, it: "Later"): ...': (
        "Game.mark, argument 'it': name 'Later' is not defined; define it above the class, or import it"
    ),
    "@command\ndef mark(self, player: Player, it: Annotated[str, Meta(ge=1)]): ...": (
        "Game.mark, argument 'it': Can only set `ge` on a numeric type - type `typing.Annotated[str, "
        "msgspec.Meta(ge=1)]` is invalid"
    ),
    '@command\ndef mark(self, player: Player, it: int = "1"): ...': (
        "Game.mark, argument 'it': the default '1' does not fit its type; write one that does"
    ),
    "@command\ndef mark(self, player: Player, it: int = None): ...": (
        "Game.mark, argument 'it': the default None does not fit its type; write `it: int | None = None`"
    ),
    "@command\ndef mark(self, player: Player, it: list[int] = [1]): ...": (
        "Game.mark, argument 'it': all calls would share the default [1]; write `... | None = None`, and in the "
        "method what None means"
    ),
    "@command\ndef mark(self, player: Player, it: Circle = Circle()): ...": (
        "Game.mark, argument 'it': all calls would share the default Circle(radius=0); write `... | None = None`, "
        "and in the method what None means"
    ),
    "@command\ndef _mark(self, player: Player): ...": (
        "Game._mark: players send this name; write `def mark(self, player: Player)`"
    ),
    "@command\ndef __mark(self, player: Player): ...": (
        "Game._Game__mark: players send this name; write `def mark(self, player: Player)`"
    ),
    "@command\nasync def mark(self, player: Player): ...": (
        "Game.mark: a model is plain code, without async; what is to come later is self.after(...)"
    ),
    "@command\ndef mark(self, player: Player): yield": (
        "Game.mark: a command is a plain method, without yield; return a value, or publish events"
    ),
    "@command\n"
    "@staticmethod\n"
    "def mark(player: Player): ...": "Game.mark: put @command on a plain method, and outside of other decorators",
    "@staticmethod\n@command\ndef mark(self, player: Player): ...": (
        "Game.mark: a command is a plain method; write @command alone, without the decorator above it"
    ),
    "@classmethod\n@command\ndef mark(cls, player: Player): ...": (
        "Game.mark: a command is a plain method; write @command alone, without the decorator above it"
    ),
    "@property\n@command\ndef mark(self): ...": (
        "Game.mark: a command is a plain method; write @command alone, without the decorator above it"
    ),
    "@command\n"
    "@property\n"
    "def mark(self): ...": "Game.mark: put @command on a plain method, and outside of other decorators",
    "@derived\n@command\ndef mark(self): ...": (
        "Game.mark: write @derived alone, above a plain method without arguments, `def mark(self) -> ...`"
    ),
    "@command\n"
    "@derived\n"
    "def mark(self): ...": "Game.mark: put @command on a plain method, and outside of other decorators",
    '@command("mark")\ndef mark(self, player: Player): ...': (
        "write @command without parentheses: a command has its method's name"
    ),
    '@command\ndef mark(self, player: Player, it: Suit = "S"): ...': (
        "Game.mark, argument 'it': the default 'S' does not fit its type; write one that does"
    ),
}
"""What players send."""

OPTIONS = {
    "def setup() -> None: ...": "Game.setup: write `def setup(self) -> None`; it runs once, when the game is created",
    "def setup(self, size) -> None: ...": "Game.setup: argument 'size' needs a type; write `size: int`",
    "def setup(self, size=9) -> None: ...": "Game.setup: argument 'size' needs a type; write `size: int`",
    "def setup(self, size: int) -> None: ...": (
        "Game.setup: the option 'size' needs a default, because a game may be created without options; write `size: "
        "int = ...`"
    ),
    'def setup(self, size: int = "x") -> None: ...': (
        "Game.setup, argument 'size': the default 'x' does not fit its type; write one that does"
    ),
    "def setup(self, size: int = None) -> None: ...": (
        "Game.setup, argument 'size': the default None does not fit its type; write `size: int | None = None`"
    ),
    "def setup(self, *sizes: int) -> None: ...": (
        "Game.setup: name each argument; write `sizes: list[int]`, say, instead of *sizes"
    ),
    "def setup(self, **sizes: int) -> None: ...": (
        "Game.setup: name each argument; write `sizes: dict[str, int]`, say, instead of **sizes"
    ),
    "def setup(self, player: Player) -> None: ...": (
        "Game.setup: nobody has a seat yet; write `def on_join(self, player: Player) -> None`, which runs when a "
        "seat is taken"
    ),
    "def setup(self, id: int = 0) -> None: ...": "Game.setup: 'id' is a key of the protocol; choose another name",
    "def setup(self, it: Any = None) -> None: ...": (
        "Game.setup, argument 'it': what may be anything can't be given by a client; say which type it is: int, "
        "float, bool, str, list, tuple, dict, an Enum or a Struct (`from msgspec import Struct`)"
    ),
    "def setup(self, it: set[int] = frozenset()) -> None: ...": (
        "Game.setup, argument 'it': a set has no order that is always the same; write `list[int]`"
    ),
    "def setup(self, it: list[int] = [1]) -> None: ...": (
        "Game.setup, argument 'it': all calls would share the default [1]; write `... | None = None`, and in the "
        "method what None means"
    ),
    "def setup(self, it: Secret[int] = 0) -> None: ...": (
        "Game.setup, argument 'it': what a client gives is no secret from it; write the type without Secret or Own"
    ),
    "async def setup(self) -> None: ...": (
        "Game.setup: a model is plain code, without async; write `def setup(self) -> None`"
    ),
    "def setup(self): yield": "Game.setup: write `def setup(self) -> None`; it runs once, when the game is created",
    "@classmethod\ndef setup(cls) -> None: ...": (
        "Game.setup: write `def setup(self) -> None`; it runs once, when the game is created"
    ),
    "@command\ndef setup(self, player: Player) -> None: ...": (
        "Game.setup: write `def setup(self) -> None`; it runs once, when the game is created"
    ),
    "@derived\ndef setup(self) -> int: ...": (
        "Game.setup: write `def setup(self) -> None`; it runs once, when the game is created"
    ),
    "setup: int = 0": "Game.setup: write `def setup(self) -> None`; it runs once, when the game is created",
}
"""What who creates a game may choose."""

METHODS = {
    "def on_join(self): ...": (
        "Game.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "def on_join(self, player, seat): ...": (
        "Game.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "def on_join(self, *players): ...": (
        "Game.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "def on_join(self, player: int): ...": (
        "Game.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "def on_leave(self): ...": (
        "Game.on_leave: write `def on_leave(self, player: Player) -> None`; it runs when a seat is given up"
    ),
    "def on_away(self): ...": (
        "Game.on_away: write `def on_away(self, player: Player) -> None`; it runs when a player has lost the line"
    ),
    "def on_back(self): ...": (
        "Game.on_back: write `def on_back(self, player: Player) -> None`; it runs when a player is there again"
    ),
    "def on_start(self, player): ...": (
        "Game.on_start: write `def on_start(self) -> None`; it runs when all seats that are needed are taken"
    ),
    "def on_tick(self, seconds): ...": "Game.on_tick: write `def on_tick(self) -> None`; it runs at each tick",
    "def on_joined(self, player): ...": (
        "Game.on_joined: there is no such hook; if you mean what runs when a seat is taken, write `def on_join(self, "
        "player: Player) -> None`"
    ),
    "def on_leve(self, player): ...": (
        "Game.on_leve: there is no such hook; if you mean what runs when a seat is given up, write `def "
        "on_leave(self, player: Player) -> None`"
    ),
    "def onJoin(self, player): ...": (
        "Game.onJoin: there is no such hook; if you mean what runs when a seat is taken, write `def on_join(self, "
        "player: Player) -> None`"
    ),
    "def on_connect(self, player): ...": (
        "Game.on_connect: there is no such hook; if you mean what runs when a player is there again, write `def "
        "on_back(self, player: Player) -> None`"
    ),
    "def on_disconnect(self, player): ...": (
        "Game.on_disconnect: there is no such hook; if you mean what runs when a player has lost the line, write "
        "`def on_away(self, player: Player) -> None`"
    ),
    "def on_enter(self, player): ...": (
        "Game.on_enter: there is no such hook; if you mean what runs when a seat is taken, write `def on_join(self, "
        "player: Player) -> None`"
    ),
    "def on_update(self): ...": (
        "Game.on_update: there is no such hook; if you mean what runs at each tick, write `def on_tick(self) -> None`"
    ),
    "def setUp(self): ...": (
        "Game.setUp: there is no such hook; if you mean what runs once, when the game is created, write `def "
        "setup(self) -> None`"
    ),
    "def view(self): ...": (
        "Game.view: write `def view(self, viewer: Player | None) -> dict[str, Any]`; it runs when a viewer is shown "
        "the state"
    ),
    "def view(self, viewer, more): ...": (
        "Game.view: write `def view(self, viewer: Player | None) -> dict[str, Any]`; it runs when a viewer is shown "
        "the state"
    ),
    "def view(self, *, viewer): ...": (
        "Game.view: write `def view(self, viewer: Player | None) -> dict[str, Any]`; it runs when a viewer is shown "
        "the state"
    ),
    "def migrate(self, state, version): ...": (
        "Game.migrate: write `@classmethod def migrate(cls, state: dict[str, Any], version: int) -> None`; it runs "
        "when the state of an older version is loaded"
    ),
    "async def on_join(self, player): ...": (
        "Game.on_join: a model is plain code, without async; write `def on_join(self, player: Player) -> None`"
    ),
    "def on_join(self, player): yield": (
        "Game.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "@command\ndef on_join(self, player: Player): ...": (
        "Game.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "@staticmethod\ndef on_join(player): ...": (
        "Game.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "@property\ndef view(self): ...": (
        "Game.view: write `def view(self, viewer: Player | None) -> dict[str, Any]`; it runs when a viewer is shown "
        "the state"
    ),
    "async def view(self, viewer): ...": (
        "Game.view: a model is plain code, without async; write `def view(self, viewer: Player | None) -> dict[str, "
        "Any]`"
    ),
    "view: int = 0": (
        "Game.view: write `def view(self, viewer: Player | None) -> dict[str, Any]`; it runs when a viewer is shown "
        "the state"
    ),
    "@staticmethod\ndef migrate(state, version): ...": (
        "Game.migrate: write `@classmethod def migrate(cls, state: dict[str, Any], version: int) -> None`; it runs "
        "when the state of an older version is loaded"
    ),
    "@classmethod\ndef migrate(cls, state): ...": (
        "Game.migrate: write `@classmethod def migrate(cls, state: dict[str, Any], version: int) -> None`; it runs "
        "when the state of an older version is loaded"
    ),
    "@classmethod\nasync def migrate(cls, state, version): ...": (
        "Game.migrate: a model is plain code, without async; write `@classmethod def migrate(cls, state: dict[str, "
        "Any], version: int) -> None`"
    ),
    "async def think(self): ...": (
        "Game.think: a model is plain code, without async; what is to come later is self.after(...)"
    ),
    "@derived\ndef board(self, size): ...": (
        "Game.board: write @derived alone, above a plain method without arguments, `def board(self) -> ...`"
    ),
    "@derived\ndef board(self, size: int = 9): ...": (
        "Game.board: write @derived alone, above a plain method without arguments, `def board(self) -> ...`"
    ),
    "@derived\nasync def board(self): ...": (
        "Game.board: write @derived alone, above a plain method without arguments, `def board(self) -> ...`"
    ),
    "@derived\ndef board(self): yield": (
        "Game.board: write @derived alone, above a plain method without arguments, `def board(self) -> ...`"
    ),
    "@derived\n@property\ndef board(self): ...": (
        "Game.board: write @derived alone, above a plain method without arguments, `def board(self) -> ...`"
    ),
    "@property\n@derived\ndef board(self): ...": "Game.board: write @derived, or @property, and not both",
    "@derived()\ndef board(self): ...": "write @derived without parentheses",
    "@cached_property\ndef board(self): ...": "Game.board: write @derived instead of @cached_property",
}
"""What gamesvc calls."""

CLASS_LINES = {
    "class Game(GameModel, seats=0): ...": (
        "Game: write seats=2, or seats=(2, 4) for two to four; there are at most 256"
    ),
    "class Game(GameModel, seats=[2, 4]): ...": (
        "Game: write seats=2, or seats=(2, 4) for two to four; there are at most 256"
    ),
    "class Game(GameModel, seats=(4, 2)): ...": (
        "Game: write seats=2, or seats=(2, 4) for two to four; there are at most 256"
    ),
    'class Game(GameModel, seats="2"): ...': (
        "Game: write seats=2, or seats=(2, 4) for two to four; there are at most 256"
    ),
    "class Game(GameModel, seats=1000): ...": (
        "Game: write seats=2, or seats=(2, 4) for two to four; there are at most 256"
    ),
    "class Game(GameModel, version=0): ...": (
        "Game: write version=2 where the fields have changed; the first version is 1"
    ),
    'class Game(GameModel, version="2"): ...': (
        "Game: write version=2 where the fields have changed; the first version is 1"
    ),
    'class Game(GameModel, durability="always"): ...': "Game: write durability='every', 'snapshot' or 'none'",
    "class Game(GameModel, tick=0): ...": "Game: write tick=20 for twenty times a second, at most 120",
    'class Game(GameModel, tick="20"): ...': "Game: write tick=20 for twenty times a second, at most 120",
    "class Game(GameModel, tick=1000): ...": "Game: write tick=20 for twenty times a second, at most 120",
    "class Game(GameModel, tick=20): ...": "Game: write `def on_tick(self) -> None`, which runs at each tick",
    'class Game(GameModel, endless="yes"): ...': "Game: write endless=True or leave it out",
    "class Game(GameModel, blocking=1): ...": "Game: write blocking=True or leave it out",
    "class Game(GameModel, seat=2): ...": (
        "Game: a model takes the keywords seats, version, durability, tick, endless, blocking, and not seat; did you "
        "mean seats?"
    ),
    "class Game(GameModel, frozen=True): ...": (
        "Game: a model takes the keywords seats, version, durability, tick, endless, blocking, and not frozen"
    ),
    "class Game(GameModel):\n    def on_tick(self): ...": (
        "Game.on_tick: say in the class line how often a second: `class Game(GameModel, tick=20)`"
    ),
    "class Game(GameModel):\n    def on_start(self): ...": (
        "Game.on_start: a game without seats has none; write `class Game(GameModel, seats=2)`"
    ),
    "class Game(GameModel):\n    def on_join(self, player): ...": (
        "Game.on_join: a game without seats has none; write `class Game(GameModel, seats=2)`"
    ),
    "class Game(GameModel):\n    def on_leave(self, player): ...": (
        "Game.on_leave: a game without seats has none; write `class Game(GameModel, seats=2)`"
    ),
    "@dataclass\nclass Game(GameModel):\n    score: int = 0": "Game: has its fields without @dataclass; remove that",
}
"""What is said of a whole game."""

BASES = {
    "class Game(GameModel, Circle): ...": (
        "Game: the base Circle has fields of its own; make it a GameModel, or a field of Game"
    ),
    "class Game(GameModel, Board): ...": (
        "Game: the base Board would keep attributes that are no state; write `__slots__ = ()` in it"
    ),
    "class Other(GameModel):\n    level: int = 0\nclass Game(Base, Other): ...": (
        "Game: two of its bases have fields, and only one can; make one of them a Struct, and a field of Game"
    ),
    "class Game(Base):\n    score = 5": (
        "Game.score = 5 has no type: write `score: int = 5` for a field, or `SCORE = 5` for a constant that all "
        "games share"
    ),
    "class Game(Base):\n    @property\n    def score(self) -> int: ...": (
        "Game.score: hides the field that Base has; write its type, too, for another default (`score: int = ...`), "
        "or choose another name"
    ),
    "class Game(Base):\n    @derived\n    def score(self) -> int: ...": (
        "Game.score: hides the field that Base has; write its type, too, for another default (`score: int = ...`), "
        "or choose another name"
    ),
    "class Game(Base):\n    mark: int = 0": (
        "Game.mark: Base has something else of this name; give the field another one"
    ),
    "class Game(Base):\n    count: int = 0": (
        "Game.count: Base has something else of this name; give the field another one"
    ),
    "class Game(Base):\n    def mark(self, player: Player) -> None: ...": (
        "Game.mark: hides a command that was inherited; put @command on it"
    ),
    "class Game(Base):\n    score: int": (
        "Game.score: needs a default, because a game starts without arguments; write `score: int = 0`"
    ),
    "class Scoring:\n    __slots__ = ()\n    score: int = 0\nclass Game(Scoring, GameModel): ...": (
        "Scoring.score: would be no state, because Scoring is no model; write `class Scoring(GameModel)`"
    ),
    "class Greeting:\n"
    "    __slots__ = ()\n"
    "    def on_join(self) -> None: ...\n"
    "class Game(Greeting, GameModel, seats=2): ...": (
        "Greeting.on_join: write `def on_join(self, player: Player) -> None`; it runs when a seat is taken"
    ),
    "class Greeting:\n"
    "    __slots__ = ()\n"
    "    def on_join(self, player: Player) -> None: ...\n"
    "class Game(GameModel, Greeting, seats=2): ...": (
        "Greeting.on_join: would never run; write the base first: `class Game(Greeting, GameModel)`"
    ),
    "class Telling:\n    __slots__ = ()\n    def publish(self) -> None: ...\nclass Game(Telling, GameModel): ...": (
        "Telling.publish: the name publish is kept for gamesvc itself; choose another name"
    ),
    "class Sizing:\n"
    "    __slots__ = ()\n"
    "    def setup(self, size: int) -> None: ...\n"
    "class Game(Sizing, GameModel): ...": (
        "Sizing.setup: the option 'size' needs a default, because a game may be created without options; write "
        "`size: int = ...`"
    ),
}
"""What a game inherits."""

EVENTS = {
    "class Marked(Event):\n    cell = 0": (
        "Marked.cell = 0 has no type: write `cell: int = 0` for a field, or `CELL = 0` for a constant that all games "
        "share"
    ),
    'class Marked(Event):\n    cell: int = "1"': (
        "Marked.cell: the default '1' does not fit the field's type: Expected `int`, got `str`"
    ),
    "class Marked(Event):\n    cell: int = None": (
        "Marked.cell: the default None does not fit the field's type; write `cell: int | None = None`"
    ),
    "class Marked(Event):\n    cell: int = 0\n    player: Player": (
        "Marked.player: comes after a field with a default; write it above that, or give it a default, too"
    ),
    "class Marked(Event):\n    cells: list[int] = [1]": (
        "Marked.cells: all games would share this default; write `= field(default_factory=lambda: [1])`"
    ),
    "class Marked(Event):\n    it: Circle = Circle()": (
        "Marked.it: all games would share this default; write `= field(default_factory=lambda: Circle(radius=0))`"
    ),
    "class Marked(Event):\n    seq: int": "Marked.seq: 'seq' is a key of the protocol; choose another name",
    "class Marked(Event):\n    event: str": "Marked.event: 'event' is a key of the protocol; choose another name",
    'class Marked(Event):\n    cell: int = field(name="id")': (
        "Marked.id: 'id' is a key of the protocol; choose another name"
    ),
    "class Marked(Event):\n    hand: Secret[int]": (
        "Marked.hand: what an event holds is told to who sees it; write the type alone, and `self.publish(event, "
        "to=[player])` to tell one player only"
    ),
    "class Marked(Event):\n    hands: Own[dict[Player, int]]": (
        "Marked.hands: what an event holds is told to who sees it; write the type alone, and `self.publish(event, "
        "to=[player])` to tell one player only"
    ),
    "class Marked(Event):\n    hands: list[Secret[int]]": (
        "Marked.hands: what an event holds is told to who sees it; write the type alone, and `self.publish(event, "
        "to=[player])` to tell one player only"
    ),
    "class Marked(Event):\n    it: Board": (
        "Marked.it: a value of type Board can't be sent; use int, float, bool, str, list, tuple, dict, an Enum or a "
        "Struct (`from msgspec import Struct`)"
    ),
    "class Marked(Event):\n    it: list[Board]": (
        "Marked.it: a value of type Board can't be sent; use int, float, bool, str, list, tuple, dict, an Enum or a "
        "Struct (`from msgspec import Struct`)"
    ),
    "class Marked(Event):\n    it: object": (
        "Marked.it: what may be anything can't be sent; say which type it is: int, float, bool, str, list, tuple, "
        "dict, an Enum or a Struct (`from msgspec import Struct`)"
    ),
    "class Marked(Event):\n    it: set[int]": (
        "Marked.it: a set has no order that is always the same; write `list[int]`"
    ),
    "class Marked(Event):\n    it: dict[tuple[int, int], int]": (
        "Marked.it: the keys of a dict are str, int or an Enum, and not tuple[int, int]; write `dict[str, int]`; a "
        "pair can be text such as '3,4'"
    ),
    "class Marked(Event):\n    it: Circle | Square": (
        "Marked.it: it could not be told which of Circle | Square a value is; write `tag=True` in the class line of "
        "each, as in `class Circle(Struct, tag=True)`"
    ),
    "class Marked(Event):\n    it: Mixed": (
        "Marked.it: the values of the Enum Mixed have to be all text, or all whole numbers"
    ),
    "class Marked(Event):\n    it: Base": (
        "Marked.it: Base is a game, and can't be sent as a part of another; write a Struct of what is needed of it"
    ),
    'class Marked(Event):\n    it: "Later"': (
        "Marked.it: name 'Later' is not defined; define it above the class, or import it"
    ),
    "class Marked(Event):\n    it: 5 = 5": (
        "Marked.it: 5 is no type that values can have; use int, float, bool, str, list, tuple, dict, an Enum or a "
        "Struct (`from msgspec import Struct`)"
    ),
    "class Marked(Event):\n    cell: int = dataclasses.field(default=0)": (
        "Marked.cell: this is dataclasses' field; write `from gamesvc import field`"
    ),
    "class Marked(Event):\n    def __init__(self) -> None: ...": (
        "Marked.__init__: an event has fields only; write `player: Player`, say, and no __init__"
    ),
    "class Marked(Event):\n"
    "    cell: int\n"
    "    @property\n"
    "    def cell(self) -> int: ...": "Marked.cell: is a field and a method; give one of them another name",
    "class Marked(Event, frozen=True): ...": "Marked: an event takes no keywords; leave out frozen",
    "@dataclass\nclass Marked(Event):\n    cell: int": "Marked: has its fields without @dataclass; remove that",
    "class Marked(Event):\n    cell: int = 0\nclass Won(Marked):\n    player: Player": (
        "Won.player: comes after a field with a default; write it above that, or give it a default, too"
    ),
}
"""What is published."""
