"""fetch: only the right bytes are accepted, and what could not be had is told in full."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stages import fetch
from stages.command import UserError
from stages.fetch import Source, find_sources, obtain
from stages.movielens import catalogue, layouts

CONTENT = b"the very bytes" * 1_000
CHECKSUM = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


class Flaky(BaseHTTPRequestHandler):
    """Fails with 503 twice, then answers; /cut promises more bytes than it sends; /missing is a 404."""

    attempts = 0

    def do_GET(self) -> None:
        Flaky.attempts += 1
        status = 404 if "missing" in self.path else 503 if Flaky.attempts < 3 else 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(CONTENT) * (2 if "cut" in self.path else 1)))
        self.end_headers()
        if status == 200:
            self.wfile.write(CONTENT)

    def log_message(self, *arguments: Any) -> None:
        pass


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Starts a server on this machine and gives its address."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers = []

    def start(handler: Any) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def run(directory: Path, dataset: str) -> Path:
    params = directory / "params.yaml"
    params.write_text(f"dataset: {dataset}\n")
    fetch.main(directory / "raw", params)
    return directory / "raw" / f"{catalogue.short_name(dataset)}.zip"


def test_the_mirror_comes_first_then_grouplens_then_known_mirrors() -> None:
    sources = [source.location for source in find_sources("ml-latest-small", "/data/zips")]
    assert sources[:2] == ["/data/zips/ml-latest-small.zip", catalogue.GROUPLENS + "ml-latest-small.zip"]
    assert len(sources) == 3


def test_every_release_has_a_pinned_checksum() -> None:
    for dataset in catalogue.CHECKSUMS:
        for source in find_sources(dataset, None):
            algorithm, digits = str(source.checksum).split(":")
            assert len(digits) == {"sha256": 64, "md5": 32}[algorithm]
            assert source.location.startswith("https://")


def test_an_unknown_dataset_is_refused_with_what_would_do() -> None:
    with pytest.raises(UserError, match=r"'ml-latest', .* ml-latest-small, ml-100k.*synthetic-100k"):
        find_sources("ml-latest", None)


def test_a_zip_is_taken_from_a_mirror_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.CHECKSUMS, "ml-latest-small", CHECKSUM)
    monkeypatch.setenv("MOVIELENS_MIRROR", str(tmp_path / "mirror"))
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "ml-latest-small.zip").write_bytes(CONTENT)
    assert run(tmp_path, "ml-latest-small").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["ml-latest-small.zip"]


def test_a_zip_is_taken_from_a_mirror_url(
    tmp_path: Path, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "ml-1m.zip").write_bytes(CONTENT)
    monkeypatch.setitem(catalogue.CHECKSUMS, "ml-1m", CHECKSUM)
    monkeypatch.setenv("MOVIELENS_MIRROR", serve(partial(Quiet, directory=tmp_path / "mirror")))
    assert run(tmp_path, "ml-1m").read_bytes() == CONTENT


def test_a_wrong_checksum_names_both_sums_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "ml-1m.zip"
    wrong.write_bytes(b"something else")
    with pytest.raises(UserError) as error:
        obtain("ml-1m", [Source(str(wrong), CHECKSUM)], tmp_path / "arriving.zip")
    assert hashlib.sha256(b"something else").hexdigest() in str(error.value)
    assert CHECKSUM.removeprefix("sha256:") in str(error.value)
    assert str(wrong) in str(error.value)


def test_the_next_source_is_tried_when_one_has_wrong_bytes(tmp_path: Path) -> None:
    for folder, content in (("first", b"something else"), ("second", CONTENT)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.zip").write_bytes(content)
    sources = [Source(str(tmp_path / folder / "a.zip"), CHECKSUM) for folder in ("first", "second")]
    obtain("a", sources, tmp_path / "arriving.zip")
    assert (tmp_path / "arriving.zip").read_bytes() == CONTENT


def test_a_download_is_retried(tmp_path: Path, serve: Any) -> None:
    Flaky.attempts = 0
    obtain("a", [Source(f"{serve(Flaky)}/a.zip", CHECKSUM)], tmp_path / "arriving.zip")
    assert (tmp_path / "arriving.zip").read_bytes() == CONTENT
    assert Flaky.attempts == 3


@pytest.mark.parametrize("path", ["missing/a.zip", "cut/a.zip"])
def test_a_download_that_fails_tells_from_where_and_the_ways_out(
    tmp_path: Path, serve: Any, path: str
) -> None:
    Flaky.attempts = 0
    url = f"{serve(Flaky)}/{path}"
    (tmp_path / "target").mkdir()
    with pytest.raises(UserError) as error:
        obtain("a", [Source("/nowhere/a.zip", None), Source(url, CHECKSUM)], tmp_path / "target" / "a.zip")
    for part in ("/nowhere/a.zip", "no such file", url, "MOVIELENS_MIRROR", "-S dataset=synthetic-100k"):
        assert part in str(error.value)
    assert not list((tmp_path / "target").iterdir())


def test_a_zip_of_ones_own_is_taken_by_path(tmp_path: Path, small_zip: Path) -> None:
    assert run(tmp_path, str(small_zip)).read_bytes() == small_zip.read_bytes()


def test_a_failure_keeps_the_zip_that_was_there(tmp_path: Path, small_zip: Path) -> None:
    kept = run(tmp_path, str(small_zip))
    with pytest.raises(UserError):
        run(tmp_path, "/nowhere/other.zip")
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [kept.name]


def test_generated_ratings_need_no_network_and_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    first = run(tmp_path, "synthetic-5k").read_bytes()
    assert run(tmp_path, "synthetic-5k").read_bytes() == first
    assert len(layouts.read(tmp_path / "raw" / "synthetic-5k.zip").ratings) == 5_000
