"""Files for browsers."""

from __future__ import annotations

import gzip
import os
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

    def test_a_text_is_sent_compressed_to_whoever_takes_that(self) -> None:
        text = b"export const a = 1;\n" * 50
        self.write("a.js", text)
        asker = self.asker()
        (plain,) = asker.ask_for("/files/a.js")
        self.assertEqual((plain.body, plain.headers["Vary"]), (text, "Accept-Encoding"))
        self.assertNotIn("Content-Encoding", plain.headers)
        for codings in ("gzip", "gzip, deflate, br, zstd", "br;q=1.0 , GZIP;q=0.001", "deflate,x-gzip", "gzip;q=1"):
            (response,) = asker.ask_for("/files/a.js", f"Accept-Encoding: {codings}")
            self.assertEqual(response.headers["Content-Encoding"], "gzip", codings)
            self.assertEqual((gzip.decompress(response.body), response.headers["Vary"]), (text, "Accept-Encoding"))
            self.assertEqual(int(response.headers["Content-Length"]), len(response.body))
            self.assertLess(len(response.body), len(text) / 2)
            self.assertEqual(response.headers["Content-Type"], plain.headers["Content-Type"])
        for codings in (
            "",
            "identity",
            "br",
            "gzip;q=0",
            "br, gzip;q=0.000",
            "gzip; q=0, br",
            "notgzip",
            "gzipped",
            "*",
        ):
            (response,) = asker.ask_for("/files/a.js", f"Accept-Encoding: {codings}")
            self.assertEqual((response.body, "Content-Encoding" in response.headers), (text, False), codings)

    def test_what_is_compressed_has_a_tag_of_its_own(self) -> None:
        self.write("a.js", b"export const a = 1;\n" * 50)
        asker = self.asker()
        takes = "Accept-Encoding: gzip"
        plain, packed = (asker.ask_for("/files/a.js", *headers)[0].headers["ETag"] for headers in ((), (takes,)))
        self.assertNotEqual(plain, packed)
        for tag, headers, status in (
            (plain, (), 304),
            (packed, (takes,), 304),
            (packed, (), 200),
            (plain, (takes,), 200),
        ):
            (response,) = asker.ask_for("/files/a.js", f"If-None-Match: {tag}", *headers)
            self.assertEqual((response.status, response.headers["Vary"]), (status, "Accept-Encoding"))
            self.assertEqual(response.headers["ETag"], packed if headers else plain)

    def test_what_would_hardly_be_smaller_is_sent_as_it_is(self) -> None:
        self.write("a.png", os.urandom(500))
        self.write("tiny.js", b"1")
        for name in ("a.png", "tiny.js"):
            (response,) = self.asker().ask_for(f"/files/{name}", "Accept-Encoding: gzip")
            self.assertEqual({"Content-Encoding", "Vary"} & set(response.headers), set())

    def test_they_are_read_only(self) -> None:
        asker = self.asker()
        (head,) = asker.ask_for("/files/index.html", method="HEAD")
        self.assertEqual((head.status, head.headers["Content-Length"], head.body), (200, "15", b""))
        for method in ("POST", "PUT", "DELETE", "TRACE"):
            (response,) = asker.ask_for("/files/index.html", method=method)
            self.assertEqual((response.status, response.headers["Allow"]), (405, "GET, HEAD"))
