"""fetch: only the right bytes are accepted, and what could not be had is told in full."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages import fetch
from stages.core.cli import UserError
from stages.fetch import Source, find_sources, obtain
from stages.movielens import catalogue, layouts
from tests.scripted_server import Answer, Script, Serve, self_signed, servers


def make_zip(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ml/ratings.csv", text * 1_000)
    return buffer.getvalue()


CONTENT, OTHER = make_zip("the very bytes"), make_zip("something else")
CHECKSUM = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
PORTAL = b"<html><title>Log in to the hotel's network</title></html>"
WHOLE = Answer(CONTENT)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a local server and gives its address."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield from servers()


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
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalogue.CHECKSUMS, "ml-1m", CHECKSUM)
    monkeypatch.setenv("MOVIELENS_MIRROR", serve({"/mirror/ml-1m.zip": [WHOLE]}) + "/mirror/")
    assert run(tmp_path, "ml-1m").read_bytes() == CONTENT


def test_a_wrong_checksum_names_both_sums_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "ml-1m.zip"
    wrong.write_bytes(OTHER)
    with pytest.raises(UserError) as error:
        obtain("ml-1m", [Source(str(wrong), CHECKSUM)], tmp_path / "arriving.zip")
    assert hashlib.sha256(OTHER).hexdigest() in str(error.value)
    assert CHECKSUM.removeprefix("sha256:") in str(error.value)
    assert str(wrong) in str(error.value)


def test_the_next_source_is_tried_when_one_has_wrong_bytes(tmp_path: Path) -> None:
    for folder, content in (("first", OTHER), ("second", CONTENT)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.zip").write_bytes(content)
    sources = [Source(str(tmp_path / folder / "a.zip"), CHECKSUM) for folder in ("first", "second")]
    obtain("a", sources, tmp_path / "arriving.zip")
    assert (tmp_path / "arriving.zip").read_bytes() == CONTENT


ARRIVES: dict[str, Script] = {
    "at once": {"/a.zip": [WHOLE]},
    "slowly but steadily": {"/a.zip": [Answer(CONTENT, pause=0.01)]},
    "from where a redirect leads": {"/a.zip": [Answer(status=302, to="/b.zip")], "/b.zip": [WHOLE]},
    "after two answers of 503": {"/a.zip": [Answer(status=503), Answer(status=503), WHOLE]},
    "after being cut off": {"/a.zip": [Answer(CONTENT, announced=2 * len(CONTENT)), WHOLE]},
    "after a login page": {"/a.zip": [Answer(PORTAL), WHOLE]},
    "without its length announced": {"/a.zip": [Answer(CONTENT, announced=None)]},
}


@pytest.mark.parametrize("checksum", [CHECKSUM, None], ids=["a release", "a zip of one's own"])
@pytest.mark.parametrize("script", ARRIVES.values(), ids=ARRIVES)
def test_a_download_arrives(tmp_path: Path, serve: Serve, script: Script, checksum: str | None) -> None:
    obtain("a", [Source(f"{serve(script)}/a.zip", checksum)], tmp_path / "arriving.zip")
    assert (tmp_path / "arriving.zip").read_bytes() == CONTENT


FAILS: dict[str, tuple[list[Answer], str]] = {
    "cut off in the middle": ([Answer(CONTENT, announced=2 * len(CONTENT))], "IncompleteRead"),
    "longer than announced": ([Answer(CONTENT, announced=len(CONTENT) // 2)], "its end is missing"),
    "cut off, its length not announced": ([Answer(CONTENT[:99], announced=None)], "its end is missing"),
    "stalled": ([Answer(CONTENT, stalls=True)], "Read timed out"),
    "redirected in a circle": ([Answer(status=302, to="/a.zip")], "Exceeded 30 redirects"),
    "not there": ([Answer(status=404)], "404 Client Error: Not Found for url"),
    "forbidden": ([Answer(status=403)], "403 Client Error: Forbidden for url"),
    "503 for ever": ([Answer(status=503)], "503 Server Error: Service Unavailable for url"),
    "empty": ([Answer(b"")], "this is no zip: it is empty"),
    "a login page": ([Answer(PORTAL)], "this is no zip: it begins with \"<html><title>Log in to the hotel's"),
}


@pytest.mark.parametrize("of_ones_own", [False, True], ids=["a release", "a zip of one's own"])
@pytest.mark.parametrize(("answers", "problem"), FAILS.values(), ids=FAILS)
def test_a_download_that_fails_says_why_and_keeps_the_zip_that_was_there(
    tmp_path: Path,
    serve: Serve,
    small_zip: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[Answer],
    problem: str,
    of_ones_own: bool,
) -> None:
    url = serve({"/a.zip": answers})
    monkeypatch.setattr(fetch, "TIMEOUT", 0.05)
    monkeypatch.setattr(catalogue, "CHECKSUMS", {"a": CHECKSUM})
    monkeypatch.setattr(catalogue, "GROUPLENS", url)
    monkeypatch.delenv("MOVIELENS_MIRROR", raising=False)
    way_out = "save a.zip and set dataset to its path" if of_ones_own else "name it in MOVIELENS_MIRROR"
    assert_refused(
        tmp_path, small_zip, f"{url}/a.zip" if of_ones_own else "a", f"{url}/a.zip", problem, way_out
    )


def assert_refused(directory: Path, earlier: Path, dataset: str, *parts: str) -> None:
    """Fetching fails with a message that has these parts, and the zip fetched earlier is all there is."""
    kept = run(directory, str(earlier))
    with pytest.raises(UserError) as error:
        run(directory, dataset)
    for part in (f"{dataset} could not be had", *parts, "-S dataset=synthetic-100k"):
        assert part in str(error.value)
    assert list((directory / "raw").iterdir()) == [kept]
    assert kept.read_bytes() == earlier.read_bytes()


def test_a_host_that_cannot_be_reached_is_named(tmp_path: Path, serve: Serve, small_zip: Path) -> None:
    url = serve({}, running=False)
    assert_refused(tmp_path, small_zip, f"{url}/a.zip", f"{url}/a.zip", "Connection refused")


@pytest.mark.parametrize(
    ("days", "trusted", "problem"),
    [
        (1, True, None),
        (-1, True, "certificate has expired"),
        (1, False, "certificate verify failed: self-signed certificate"),
    ],
    ids=["valid", "expired", "of nobody trusted"],
)
def test_a_certificate_is_verified(
    tmp_path: Path,
    serve: Serve,
    small_zip: Path,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    trusted: bool,
    problem: str | None,
) -> None:
    certificate = self_signed(tmp_path, valid_for_days=days)
    url = serve({"/a.zip": [WHOLE]}, certificate=certificate)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    if problem:
        assert_refused(tmp_path, small_zip, f"{url}/a.zip", url, problem)
    else:
        assert run(tmp_path, f"{url}/a.zip").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "there is no such file"),
        ("folder", "this is a folder"),
        (b"", "this is no zip: it is empty"),
        (PORTAL, 'this is no zip: it begins with "<html><title>Log in'),
        (b"\xff\xfe\x00", "this is no zip: it begins with"),
        (CONTENT[:-30], "this zip is not whole: its end is missing"),
    ],
    ids=["missing", "a folder", "empty", "a login page", "no text", "cut off"],
)
def test_a_path_without_a_zip_says_what_is_there(
    tmp_path: Path, small_zip: Path, content: bytes | str | None, problem: str
) -> None:
    path = tmp_path / "mine.zip"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    assert_refused(tmp_path, small_zip, str(path), problem, "set dataset to the path of a zip")


def test_the_home_of_nobody_is_no_path(tmp_path: Path, small_zip: Path) -> None:
    assert_refused(tmp_path, small_zip, "~nobody-of-this-name/a.zip", "Could not determine home directory")


@pytest.mark.parametrize(
    "name", ["my ratings.zip", "Bewertungen für Zoë 評価.zip", "~.zip", "50% & more?.zip"]
)
def test_a_path_may_have_any_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, small_zip: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / name).write_bytes(small_zip.read_bytes())
    fetched = run(tmp_path, f"~/{name}")
    assert fetched.name == name
    assert fetched.read_bytes() == small_zip.read_bytes()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/my%20ratings.zip", "my ratings.zip"),
        ("/my ratings.zip", "my ratings.zip"),
        ("/f%C3%BCr.zip?dl=1&to=x/y", "für.zip"),
        ("/a.zip#part", "a.zip"),
        ("/..%2Fa.zip", "a.zip"),
    ],
    ids=["escaped space", "space", "query", "fragment", "escaped way up"],
)
def test_an_address_may_be_escaped_and_have_a_query(
    tmp_path: Path, serve: Serve, address: str, name: str
) -> None:
    url = serve({address.replace(" ", "%20").split("#")[0]: [WHOLE]})
    fetched = run(tmp_path, url + address)
    assert fetched.read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [name]


def test_a_folder_where_the_zip_should_go_loses_nothing(tmp_path: Path, small_zip: Path) -> None:
    kept = run(tmp_path, str(small_zip))
    (tmp_path / "raw" / "other.zip").mkdir()
    (tmp_path / "other.zip").write_bytes(small_zip.read_bytes())
    with pytest.raises(OSError, match=r"other\.zip"):
        run(tmp_path, str(tmp_path / "other.zip"))
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["other.zip", kept.name]


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
