"""fetch: a complete zip with the right checksum, or an error that lists every source and its problem."""

import contextlib
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stages import fetch
from stages.core.cli import UserError, printable
from stages.movielens import catalogue, layouts
from tests.conftest import Capture, Patch
from tests.scripted_server import Answer, Script, Serve, Server


def make_zip(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ml/ratings.csv", text * 1_000)
    return buffer.getvalue()


CONTENT, OTHER = make_zip("the content"), make_zip("something else")
CHECKSUM = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
LOGIN = b"<html><title>Log in to this network</title></html>"
COMPLETE, DISCONNECTED = Answer(CONTENT), Answer(CONTENT, extra_length=100)

Run = Callable[[str], Path]


@pytest.fixture
def serve(monkeypatch: Patch) -> Iterator[Serve]:
    """Starts a local server and returns its address."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(fetch, "TIMEOUT", 0.5)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with contextlib.ExitStack() as started:

        def serve_script(script: Script) -> str:
            server = Server(script)
            started.callback(server.stop)
            return f"http://127.0.0.1:{server.server_port}"

        yield serve_script


@pytest.fixture
def run(tmp_path: Path, monkeypatch: Patch) -> Run:
    """Runs the stage, where "a" is a release with the checksum of `CONTENT`; returns the only file in RAW."""
    monkeypatch.setattr(catalogue, "CHECKSUMS", {"a": CHECKSUM})
    monkeypatch.delenv("MOVIELENS_MIRROR", raising=False)

    def run_with(dataset: str) -> Path:
        (tmp_path / "params.yaml").write_text(f"dataset: '{dataset}'\n")
        fetch.main(tmp_path / "raw", tmp_path / "params.yaml")
        (path,) = (tmp_path / "raw").iterdir()
        return path

    return run_with


def assert_fails(run: Run, earlier: Path, dataset: str, *parts: str) -> None:
    """Fetching fails with a message of these parts and keeps the zip that was there."""
    kept = run(str(earlier))
    with pytest.raises(UserError) as error:
        run(dataset)
    for part in (f"{dataset} could not be downloaded", *parts, "MOVIELENS_MIRROR", "dataset=synthetic-100k"):
        assert part in str(error.value)
    assert [path.read_bytes() for path in kept.parent.iterdir()] == [earlier.read_bytes()]


def test_the_mirror_comes_first_then_grouplens_then_others_for_the_releases_that_there_are() -> None:
    first, second, third = fetch.find_sources("ml-latest-small", "/data/zips/")
    assert first == "/data/zips/ml-latest-small.zip"
    assert second == catalogue.GROUPLENS + "ml-latest-small.zip"
    assert third.startswith("https://")
    with pytest.raises(UserError, match=r"'ml-latest', .* ml-latest-small, ml-100k.*synthetic-100k"):
        fetch.find_sources("ml-latest", None)


def test_ratings_are_generated_unless_they_would_not_fit_in_memory(run: Run) -> None:
    assert len(layouts.read(run("synthetic-5k")).ratings) == 5_000
    with pytest.raises(UserError, match=r"synthetic-999999999999m would take .* GiB"):
        run("synthetic-999999999999m")


def test_other_bytes_are_not_taken(run: Run, serve: Serve, monkeypatch: Patch, capsys: Capture) -> None:
    mirror = serve({"/mirror/a.zip": [Answer(OTHER)]}) + "/mirror/"
    monkeypatch.setenv("MOVIELENS_MIRROR", mirror)
    monkeypatch.setattr(catalogue, "GROUPLENS", serve({"/a.zip": [COMPLETE]}))
    assert run("a").read_bytes() == CONTENT
    assert f"{mirror}a.zip" in capsys.readouterr().out


BEFORE = {
    "a redirect": [Answer(status=302, location="/b.zip")],
    "two errors of the server": [Answer(status=503), Answer(status=503)],
    "a lost connection": [DISCONNECTED],
    "a login page": [Answer(LOGIN)],
}


@pytest.mark.parametrize("answers", BEFORE.values(), ids=BEFORE)
def test_a_zip_is_downloaded_after(run: Run, serve: Serve, answers: list[Answer]) -> None:
    url = serve({"/a.zip": [*answers, COMPLETE], "/b.zip": [COMPLETE]})
    assert run(f"{url}/a.zip").read_bytes() == CONTENT


FAILURES: dict[str, tuple[Answer, str]] = {
    "a lost connection": (DISCONNECTED, "IncompleteRead"),
    "a truncated zip": (Answer(CONTENT[:99]), "not a complete zip file"),
    "no answer": (Answer(stalls=True), "timed out"),
    "no such file": (Answer(status=404), "404"),
    "an error of the server": (Answer(status=503), "503"),
    "a login page": (Answer(LOGIN), "<html><title>Log in"),
}


@pytest.mark.parametrize(("answer", "problem"), FAILURES.values(), ids=FAILURES)
def test_an_error_names_the_url_and_its_problem(
    run: Run, serve: Serve, small_zip: Path, monkeypatch: Patch, answer: Answer, problem: str
) -> None:
    url = serve({"/a.zip": [answer]})
    monkeypatch.setattr(catalogue, "GROUPLENS", url)
    for dataset in ("a", f"{url}/a.zip"):
        assert_fails(run, small_zip, dataset, f"{url}/a.zip", problem)


def test_the_login_in_a_url_is_sent_but_not_shown(run: Run, serve: Serve, capfd: Capture) -> None:
    answer = Answer(CONTENT, authorization="Basic bWU6czNjcmV0")  # me:s3cret
    url = serve({"/a.zip": [answer], "/b.zip": [Answer(status=404)]}).replace("//", "//me:s3cret@")
    assert run(f"{url}/a.zip").read_bytes() == CONTENT
    for wrong in (f"{url}/b.zip", f"{url}/a.tgz"):
        with pytest.raises(UserError) as error:
            run(wrong)
        assert "s3cret" not in str(error.value)
    assert "s3cret" not in "".join(capfd.readouterr())


HOSTILE = {
    "no address": ("https://[::1/a.zip", "Invalid IPv6"),
    "no host": ("http://\u2100..\u0378/a.zip", ""),
    "no port": ("http://localhost:99999/a.zip", ""),
    "a query that is a secret": ("http://localhost:9/a.zip?token=s3cret", "localhost:9/a.zip"),
    "escape sequences": ("/\x1b[2J/a.zip", "/�[2J/a.zip"),
    "a null character": ("/a\0.zip", "null byte"),
    "an endless name": (f"/{'a' * 9_999}.zip", "too long"),
}


@pytest.mark.parametrize(("location", "part"), HOSTILE.values(), ids=HOSTILE)
def test_a_location_or_mirror_is_one_message_that_has(location: str, part: str, monkeypatch: Patch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    for text in (location, location.removesuffix("/a.zip")):
        with pytest.raises(UserError) as error, tempfile.TemporaryDirectory() as folder:
            fetch.obtain("own", [location, f"{text}/b.zip"], Path(folder) / "target.zip")
        assert part in str(error.value)
        assert str(error.value) == printable(str(error.value))
        assert "s3cret" not in str(error.value)
        assert catalogue.is_zip(location)


def test_a_directory_is_a_source(tmp_path: Path, run: Run, small_zip: Path, monkeypatch: Patch) -> None:
    (tmp_path / "a.zip").write_bytes(OTHER)
    monkeypatch.setenv("MOVIELENS_MIRROR", str(tmp_path))
    monkeypatch.setattr(catalogue, "GROUPLENS", "/elsewhere")
    checksum = hashlib.sha256(OTHER).hexdigest()
    assert_fails(run, small_zip, "a", f"{tmp_path}/a.zip", checksum, "/elsewhere/a.zip", "No such file")
    assert_fails(run, small_zip, "/elsewhere/b.zip", "No such file")
    (tmp_path / "a.zip").write_bytes(CONTENT)
    fetched = run("a")
    assert (fetched.name, fetched.read_bytes()) == ("a.zip", CONTENT)


def test_paths_and_urls_may_be_any_text(tmp_path: Path, monkeypatch: Patch, run: Run, serve: Serve) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "50% für Zoë & 評価?.zip").write_bytes(CONTENT)
    assert run("~/50% für Zoë & 評価?.zip").name == "50% für Zoë & 評価?.zip"
    assert run(serve({"/..%2Fmy%20a.zip?to=x/y": [COMPLETE]}) + "/..%2Fmy%20a.zip?to=x/y").name == "my a.zip"
