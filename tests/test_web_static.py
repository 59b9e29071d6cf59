"""Files for browsers."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.site import Root
from gamesvc.web.static import File, StaticFile, StaticFiles, files_in
from tests.web import Asker, WebWorld


class Files(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.write("index.html", b"<!doctype html>")
        self.write("boards/chess.js", b"export {}")

    def write(self, name: str, content: bytes) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def asker(self) -> Asker:
        world = WebWorld()
        root = world.site.resource
        assert isinstance(root, Root)
        files = files_in(self.directory)
        root.putChild(b"files", StaticFiles(files))
        root.putChild(b"", StaticFile(files["index.html"]))
        return world.asker()

    def test_each_is_served_as_what_it_is(self) -> None:
        for name, kind in (
            ("a.css", "text/css; charset=utf-8"),
            ("a.html", "text/html; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.png", "image/png"),
        ):
            self.write(name, b"content")
            (response,) = self.asker().ask_for(f"/files/{name}")
            self.assertEqual((response.status, response.body), (200, b"content"))
            self.assertEqual(response.headers["Content-Type"], kind)
            self.assertEqual(response.headers["Cache-Control"], "no-cache")
        (response,) = self.asker().ask_for("/files/boards/chess.js?v=1")
        self.assertEqual(response.body, b"export {}")
        (response,) = self.asker().ask_for("/")
        self.assertEqual(response.body, b"<!doctype html>")

    def test_nothing_else_is(self) -> None:
        (self.directory.parent / "above.js").write_bytes(b"secret")
        for name in ("secret.py", "secret.pem", ".hidden.js", "_private.js", ".git/config.js", "noend"):
            self.write(name, b"secret")
        for target in (
            *("/files", "/files/", "/files/boards", "/files/boards/", "/files/index.html/", "/files/index.html/x"),
            *("/files/secret.py", "/files/secret.pem", "/files/.hidden.js", "/files/_private.js", "/files/noend"),
            *("/files/.git/config.js", "/files/../above.js", "/files/..%2fabove.js", "/files/%2e%2e/above.js"),
            *("/files//index.html", "/files/./index.html", "/files/index.html%00", "/files/INDEX.HTML", "/index.html"),
            *(f"/files/{self.directory.resolve()}/index.html", "/files/boards%5cchess.js"),
        ):
            (response,) = self.asker().ask_for(target)
            self.assertEqual((response.status, response.code), (404, "not_found"), target)

    def test_an_address_that_is_decoded_once_is_not_decoded_twice(self) -> None:
        self.write("a%20b.js", b"percent")
        self.write("a b.js", b"blank")
        self.assertEqual(self.asker().ask_for("/files/a%20b.js")[0].body, b"blank")
        self.assertEqual(self.asker().ask_for("/files/a%2520b.js")[0].body, b"percent")

    def test_a_directory_that_is_not_there_has_no_files(self) -> None:
        self.assertEqual(files_in(self.directory / "nowhere"), {})

    def test_a_circle_of_directories_ends(self) -> None:
        (self.directory / "boards" / "again").symlink_to(self.directory.resolve(), target_is_directory=True)
        found = files_in(self.directory)
        self.assertIn("boards/again/index.html", found)
        self.assertLess(max(path.count("/") for path in found), 10)

    def test_who_has_it_is_told_so(self) -> None:
        asker = self.asker()
        (response,) = asker.ask_for("/files/index.html")
        tag = response.headers["ETag"]
        self.assertRegex(tag, r'^"[0-9a-f]{32}"$')
        for tags in (tag, f"W/{tag}", f'"other", {tag}', f'"other",W/{tag} ', "*"):
            (response,) = asker.ask_for("/files/index.html", f"If-None-Match: {tags}")
            self.assertEqual((response.status, response.body), (304, b""), tags)
            self.assertEqual((response.headers["ETag"], response.headers["Cache-Control"]), (tag, "no-cache"))
            self.assertNotIn("Content-Length", response.headers)
        for tags in ('"other"', tag.strip('"'), "", f'"{tag}"'):
            (response,) = asker.ask_for("/files/index.html", f"If-None-Match: {tags}")
            self.assertEqual(response.status, 200, tags)
        self.assertFalse(asker.is_ended)

    def test_another_content_has_another_tag(self) -> None:
        self.assertNotEqual(File.of(b"a", "text/css").tag, File.of(b"b", "text/css").tag)
        self.assertEqual(File.of(b"a", "text/css"), File.of(b"a", "text/css"))

    def test_they_are_read_only(self) -> None:
        asker = self.asker()
        (head,) = asker.ask_for("/files/index.html", method="HEAD")
        self.assertEqual((head.status, head.headers["Content-Length"], head.body), (200, "15", b""))
        for method in ("POST", "PUT", "DELETE", "TRACE"):
            (response,) = asker.ask_for("/files/index.html", method=method)
            self.assertEqual((response.status, response.headers["Allow"]), (405, "GET, HEAD"))
