"""What an operator means by a name."""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

import tests
from gamesvc import installed
from gamesvc.errors import ConfigError
from gamesvc.installed import Sort, described, find_class, without_extra


class Tool:
    """What is looked for."""


class Saw(Tool):
    pass


HERE = __name__
TOOLS = Sort(
    "tool",
    "gamesvc.tools",
    {"saw": f"{HERE}:Saw", "laser": "needs_light:Laser"},
    {"light": "lasers"},
    Tool,
    "tools.Tool",
)


class Names(SynchronousTestCase):
    """A class is found by its short name, or by where it is."""

    def setUp(self) -> None:
        named = EntryPoints([EntryPoint("hammer", f"{HERE}:Saw", "gamesvc.tools")])
        self.patch(installed, "entry_points", mock.Mock(return_value=named))
        path = Path(self.mktemp())
        path.mkdir()
        self.patch(sys, "path", [*sys.path, str(path)])
        for name, code in (
            ("needs_light", "import light.bulb"),
            ("needs_air", "import air"),
            ("broken", "value = 1 / 0"),
            ("misspelt", "def ("),
            ("leaves", "raise SystemExit(3)"),
            ("sound", "value = 1"),
        ):
            (path / f"{name}.py").write_text(code)
            self.addCleanup(sys.modules.pop, name, None)

    def refusal(self, name: str) -> str:
        return str(self.assertRaises(ConfigError, find_class, TOOLS, name, f"{name}(big=true)"))

    def test_it_is_found(self) -> None:
        for name in ("saw", "hammer", f"{HERE}:Saw"):
            self.assertIs(find_class(TOOLS, name, name), Saw)

    def test_a_name_that_is_not_there(self) -> None:
        begin = "tool 'sav(big=true)': no tool of this name is installed; "
        self.assertEqual(self.refusal("sav"), f"{begin}did you mean 'saw'? Or write package.module:Class")
        self.assertIn("there are hammer, laser, saw. Or write", self.refusal("zzz"))

    def test_a_module_that_is_not_there(self) -> None:
        here = os.getcwd()
        self.patch(sys, "path", [here, *sys.path])
        told = (
            f"there is no module 'nowhere': it is neither in the working directory, {here}, nor elsewhere on the path; "
            "start this in the directory that holds {}, or have PYTHONPATH name that directory"
        )
        for name, sought in (
            ("nowhere:Saw", "nowhere.py"),
            ("nowhere.py:Saw", "nowhere.py"),
            ("nowhere.tools:Saw", "the package nowhere"),
        ):
            self.assertEqual(self.refusal(name), f"tool '{name}(big=true)': {told.format(sought)}")
        self.patch(sys, "path", [each for each in sys.path if each not in (here, "")])
        self.assertIn("there is no module 'nowhere': it is not on the path; start", self.refusal("nowhere:Saw"))

    def test_a_working_directory_that_was_deleted_is_told_too(self) -> None:
        self.patch(os, "getcwd", mock.Mock(side_effect=FileNotFoundError(2, "No such file or directory")))
        told = "there is no module 'nowhere', and no working directory to look in: No such file or directory"
        self.assertEqual(self.refusal("nowhere:Saw"), f"tool 'nowhere:Saw(big=true)': {told}")

    def test_one_that_is_written_as_a_file(self) -> None:
        self.assertTrue(self.refusal("sound.py:Saw").endswith("there is no module 'sound.py'; write sound:Saw"))

    def test_a_module_that_is_not_in_its_package(self) -> None:
        place = Path(tests.__file__).parent
        for name, where in (("tests.nowhere", f"tests is {place}"), (f"{HERE}.nowhere", f"{HERE} is {__file__}")):
            told = f"there is no module {name!r}: {where}, and has no 'nowhere'"
            self.assertTrue(self.refusal(f"{name}:Saw").endswith(told), told)

    def test_a_package_that_an_extra_brings(self) -> None:
        self.assertTrue(self.refusal("laser").endswith("needs the package 'light'; pip install 'gamesvc[lasers]'"))
        self.assertEqual(
            str(without_extra(TOOLS, "x", "light")),
            "tool 'x': needs the package 'light'; pip install 'gamesvc[lasers]'",
        )
        # An author's module that needs the same is not ours to speak of.
        self.assertIn("importing needs_light failed", self.refusal("needs_light:Saw"))

    def test_a_module_that_fails(self) -> None:
        self.assertIn("importing needs_air failed: ModuleNotFoundError", self.refusal("needs_air:Saw"))
        self.assertRegex(self.refusal("broken:Saw"), r"failed: ZeroDivisionError: .* \(.*broken.py, line 1\)$")
        self.assertRegex(self.refusal("misspelt:Saw"), r"failed: SyntaxError: .* \(.*misspelt.py, line 1\)$")
        self.assertIn("importing leaves failed: SystemExit: 3", self.refusal("leaves:Saw"))

    def test_what_is_none(self) -> None:
        self.assertTrue(self.refusal(f"{HERE}:Nothing").endswith(f"the module {HERE} has no 'Nothing'; it has Saw"))
        told = "the module sound has no 'Saw'; it has no subclass of tools.Tool"
        self.assertTrue(self.refusal("sound:Saw").endswith(told))
        saws = {f"Saw{number}": Saw for number in range(12)}
        with mock.patch.dict(vars(sys.modules["sound"]), saws):
            self.assertTrue(self.refusal("sound:Saw").endswith(f"; it has {', '.join([*saws][:10])} and 2 more"))
        for name in ("Tool", "HERE", "Path"):
            self.assertTrue(self.refusal(f"{HERE}:{name}").endswith(f"{name} is not a subclass of tools.Tool"), name)


class Faults(SynchronousTestCase):
    def test_the_place_is_the_innermost_line_that_is_not_ours(self) -> None:
        error = self.assertRaises(ConfigError, find_class, TOOLS, "?", "?")
        self.assertRegex(described(error), r"^ConfigError: tool '\?': .* \(.*_synctest.py, line \d+\)$")

    def test_an_error_that_was_never_raised_has_no_place(self) -> None:
        self.assertEqual(described(ValueError("no")), "ValueError: no")
