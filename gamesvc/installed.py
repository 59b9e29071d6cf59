"""What an operator means by a name: the class of an installed package, or of a module on the path."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points
from traceback import walk_tb
from types import ModuleType
from typing import NamedTuple

from gamesvc.errors import ConfigError

_SPEC = re.compile(r"(?!\d)\w+(?:\.\w+)*:(?!\d)\w+")

_MAX_TOLD = 10


class Sort(NamedTuple):
    """What is named.

    Attributes:
        word: what it is, for people.
        group: of the entry points by which packages name theirs.
        built_in: ours by their names, each as ``package.module:Class``. Found here, too, so that they are there where
            gamesvc runs from its source tree without being installed.
        extras: which extra of gamesvc brings a package that ours need.
        base: what each is a subclass of.
        base_name: by what name it is imported.
    """

    word: str
    group: str
    built_in: Mapping[str, str]
    extras: Mapping[str, str]
    base: type
    base_name: str


def find_class(sort: Sort, name: str, text: str) -> type:
    """Find a class.

    Args:
        sort: what is named.
        name: a short name, or ``package.module:Class``.
        text: what was written, for people.

    Raises:
        ConfigError: it is not there, or is none of these.
    """
    place = f"{sort.word} {text!r}"
    named = {entry.name: entry.value for entry in entry_points(group=sort.group)} | dict(sort.built_in)
    if name not in named and not _SPEC.fullmatch(name):
        close = get_close_matches(name, named, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(named))}."
        raise ConfigError(f"{place}: no {sort.word} of this name is installed; {hint} Or write package.module:Class")
    module_name, _, class_name = named.get(name, name).partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if named.get(name, name) in sort.built_in.values() and missing in sort.extras:
            raise without_extra(sort, text, missing) from None
        if not f"{module_name}.".startswith(f"{error.name}."):
            raise ConfigError(f"{place}: importing {module_name} failed: {described(error)}") from None
        raise ConfigError(f"{place}: {_not_there(error.name or module_name, module_name, class_name)}") from None
    # An author's module runs here, and whatever is wrong with it is for its author to read.
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{place}: importing {module_name} failed: {described(error)}") from error
    found = getattr(module, class_name, None)
    if found is None:
        raise ConfigError(f"{place}: the module {module_name} has no {class_name!r}; {_what_is_there(sort, module)}")
    if not (isinstance(found, type) and _is_one(sort, found)):
        raise ConfigError(f"{place}: {class_name} is not a subclass of {sort.base_name}")
    return found


def _what_is_there(sort: Sort, module: ModuleType) -> str:
    """What is said of a module that has not what was named."""
    found = [name for name, each in vars(module).items() if _is_one(sort, each)]
    more = f" and {len(found) - _MAX_TOLD} more" if len(found) > _MAX_TOLD else ""
    return f"it has {', '.join(found[:_MAX_TOLD]) or f'no subclass of {sort.base_name}'}{more}"


def _is_one(sort: Sort, found: object) -> bool:
    return isinstance(found, type) and issubclass(found, sort.base) and found is not sort.base


def _not_there(missing: str, module_name: str, class_name: str) -> str:
    """What is said where there is no such module: where it was looked for first, and what would be right.

    Args:
        missing: the module, or a package that it would be in.
        module_name: what was named.
        class_name: of the class in it.
    """
    without_py = module_name.removesuffix(".py")
    if missing == module_name != without_py:
        return f"there is no module {missing!r}; write {without_py}:{class_name}"
    package, _, name = missing.rpartition(".")
    if package:
        # Another package of this name may have come first: `tests`, say.
        found = sys.modules.get(package)
        where = ", ".join(getattr(found, "__path__", None) or [getattr(found, "__file__", None) or package])
        return f"there is no module {missing!r}: {package} is {where}, and has no {name!r}"
    try:
        here = os.getcwd()
    except OSError as error:
        return f"there is no module {missing!r}, and no working directory to look in: {error.strerror}"
    # Whoever starts a program sees to it that it is; a program that only imports this need not.
    is_looked_at = here in sys.path or "" in sys.path
    looked = f"it is neither in the working directory, {here}, nor elsewhere" if is_looked_at else "it is not"
    sought = f"{missing}.py" if missing == without_py else f"the package {missing}"
    return (
        f"there is no module {missing!r}: {looked} on the path; start this in the directory that holds {sought}, "
        "or have PYTHONPATH name that directory"
    )


def without_extra(sort: Sort, text: str, package: str) -> ConfigError:
    """What is said where a package is missing that an extra brings."""
    install = f"pip install 'gamesvc[{sort.extras[package]}]'"
    return ConfigError(f"{sort.word} {text!r}: needs the package {package!r}; {install}")


def described(error: BaseException) -> str:
    """What went wrong in an author's code, and where, in a line."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    # The innermost line that is not ours: where a class is found wrong, the author's class, not what found it.
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith(("gamesvc.", "importlib."))
    ]
    where = " ({}, line {})".format(*frames[-1]) if frames else ""
    return f"{type(error).__name__}: {error}{where}"
