"""The page to play on: that it is whole, that it keeps to its own policy, and its parts that know of no page."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

import gamesvc.web
from tests.typescript_compiler import compiler

PAGE = Path(gamesvc.web.__file__).parent / "playground"
UNITS = Path(__file__).parent / "playground"
NODE_SECONDS = 600.0
LEAST_UNITS = 50
COMPILER_SECONDS = 600.0
COMPILER_OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "strict": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "skipLibCheck": True,
    "target": "es2023",
    "module": "es2022",
    "moduleResolution": "bundler",
    "lib": ["ES2023", "DOM", "DOM.Iterable"],
    # Not what lies in directories around it.
    "types": [],
}
WITHOUT_IMPORTS = {
    "api.js",
    "claims.js",
    "dom.js",
    "fleet.js",
    "keeping.js",
    "line.js",
    "offer.js",
    "outcome.js",
    "rebuilding.js",
    "recorder.js",
    "schema.js",
    "words.js",
}

IMPORTED = re.compile(r"""(?:\}\s+from\s+|\bimport\s*\(?)"([^"\n]+)\"""")


class Tags(HTMLParser):
    """All tags of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))


def scripts() -> list[Path]:
    """The modules of the page."""
    return sorted(PAGE.rglob("*.js"))


class PageTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.tags = Tags((PAGE / "index.html").read_text(encoding="utf-8")).all

    def test_all_that_the_page_refers_to_is_there(self) -> None:
        named = {value for _, attrs in self.tags for name in ("src", "href") if (value := attrs.get(name))}
        named = {each for each in named if not each.startswith("#")}
        self.assertTrue(named)
        self.assertEqual([each for each in named if not (PAGE.parent / each).is_file()], [])

    def test_nothing_in_it_is_against_the_policy(self) -> None:
        for tag, attrs in self.tags:
            self.assertNotIn("style", attrs)
            self.assertEqual([name for name in attrs if name.startswith("on")], [])
            self.assertTrue(tag != "script" or attrs.get("src"), "a script of its own")
            self.assertNotEqual(tag, "style")

    def test_modules_import_only_what_is_there(self) -> None:
        for script in scripts():
            names = IMPORTED.findall(script.read_text(encoding="utf-8"))
            self.assertTrue(names or script.name in WITHOUT_IMPORTS, script.name)
            for name in names:
                self.assertTrue(name.startswith("."), f"{script.name}: {name} is not ours")
                # The client lies beside the page, as it is served.
                self.assertTrue((script.parent / name).is_file(), f"{script.name}: there is no {name}")

    def test_no_module_takes_text_for_markup(self) -> None:
        for script in scripts():
            text = script.read_text(encoding="utf-8")
            for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
                self.assertNotIn(unsafe, text, script.name)

    def test_nothing_is_fetched_from_elsewhere(self) -> None:
        for file in PAGE.rglob("*"):
            if file.is_file():
                urls = set(re.findall(r"\b(?:https?:)?//[\w.-]+\.\w+", file.read_text(encoding="utf-8")))
                self.assertEqual(urls - {"http://www.w3.org"}, set(), file.name)


class UnitTests(SynchronousTestCase):
    def test_the_modules_that_know_of_no_page(self) -> None:
        node = shutil.which("node")
        if node is None:
            if os.environ.get("CI") == "true":
                self.fail("Node.js (node) is not installed, and these tests have to run here")
            raise SkipTest("Node.js (node) is not installed")
        done = subprocess.run(
            (node, "--test", "--test-reporter=tap", *map(str, sorted(UNITS.glob("*.test.mjs")))),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=NODE_SECONDS,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
        self.assertTrue(passed and int(passed[1]) >= LEAST_UNITS, done.stdout)


class TypeTests(SynchronousTestCase):
    def test_the_types_that_its_comments_tell_are_right(self) -> None:
        tsc = compiler()
        if tsc is None:
            reason = "TypeScript's compiler (node, tsc) is not installed"
            if os.environ.get("CI") == "true":
                self.fail(f"{reason}, and these tests have to run here")
            raise SkipTest(reason)
        project = Path(self.mktemp())
        project.mkdir(parents=True)
        settings = {"compilerOptions": COMPILER_OPTIONS, "include": [f"{PAGE}/**/*.js"]}
        (project / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
        done = subprocess.run(
            (tsc, "--project", f"{project}", "--pretty", "false"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMPILER_SECONDS,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
