"""A zip that is not what it should be is refused with what is wrong, and nothing is written anywhere."""

import contextlib
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stages.core.cli import UserError
from stages.movielens import validation
from stages.movielens.layouts import read
from tests.conftest import MakeZip
from tests.movielens.test_layouts import CSV, DOUBLE_COLON

RATINGS, MOVIES = CSV["ml/ratings.csv"], CSV["ml/movies.csv"]
CENTRAL, LOCAL = b"PK\1\2", b"PK\3\4"

TAKEN = {
    "folders that lead out": {"../../ratings.csv": RATINGS, "/etc/movies.csv": MOVIES},
    "no folder": {"ratings.csv": RATINGS, "movies.csv": MOVIES},
    "names in capitals": {"ML/RATINGS.CSV": RATINGS, "ML/Movies.csv": MOVIES},
    "folders of Windows": {"ml\\ratings.csv": RATINGS, "ml\\movies.csv": MOVIES},
    "what a Mac adds": {**CSV, "__MACOSX/ml/._ratings.csv": "\0", "__MACOSX/ml/ratings.csv": "\0"},
    "a folder called like a file": {**CSV, "other/ratings.csv/": ""},
    "very many other members": {**CSV, **{f"ml/{number}.txt": "" for number in range(20_000)}},
    "an empty member beside": {**CSV, "ml/README.txt": ""},
}


@pytest.mark.parametrize("members", TAKEN.values(), ids=TAKEN)
def test_a_zip_is_read_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_zip: MakeZip, members: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read(make_zip(members)).ratings["user_id"].tolist() == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["made.zip"]


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "nothing in it": ({}, "holds neither ratings.csv with movies.csv nor .* but nothing"),
    "another zip in it": (
        {"ml/ml-1m.zip": "PK"},
        "but ml-1m.zip; take ml-1m.zip out of it and set dataset to its path",
    ),
    "very many members, none of them ratings": (
        {f"{number:05}.txt": "" for number in range(20_000)},
        "but 00000.txt, .* 00009.txt and 19990 more$",
    ),
    "ratings in two folders": (
        {**CSV, "old/ratings.csv": RATINGS},
        "holds ratings.csv more than once: ml/ratings.csv, old/ratings.csv; leave only one in it",
    ),
    "movies in capitals as well": (
        {**CSV, "ml/MOVIES.CSV": MOVIES},
        "holds movies.csv more than once: ml/movies.csv, ml/MOVIES.CSV; leave only one",
    ),
    "empty ratings": ({**CSV, "ml/ratings.csv": ""}, "ml/ratings.csv: column user_id is missing"),
    "empty movies": ({**CSV, "ml/movies.csv": ""}, "ml/movies.csv: column movie_id is missing"),
    "empty ratings.dat": ({**DOUBLE_COLON, "ml-1m/ratings.dat": ""}, "ml-1m/ratings.dat holds no rows"),
    "empty movies.dat": ({**DOUBLE_COLON, "ml-1m/movies.dat": ""}, "ml-1m/movies.dat holds no rows"),
}


@pytest.mark.parametrize(("members", "message"), REFUSED.values(), ids=REFUSED)
def test_a_zip_is_refused_with(make_zip: MakeZip, members: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=rf"made\.zip.*{message}|{message}"):
        read(make_zip(members))


def test_the_same_member_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of zipfile, about the same name
        for name, content in (*CSV.items(), *CSV.items()):
            archive.writestr(name, content)
    with pytest.raises(
        UserError, match=r"holds ratings\.csv more than once: ml/ratings\.csv, ml/ratings\.csv"
    ):
        read(tmp_path / "twice.zip")


def test_a_member_without_a_name_is_passed_over(make_zip: MakeZip) -> None:
    path = make_zip(CSV)
    nameless = zipfile.ZipInfo("-")
    nameless.filename = ""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(nameless, "")
    assert len(read(path).ratings) == 2


def altered(content: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """The bytes of a zip, its first header of this signature changed at `offset`."""
    at = content.index(signature) + offset
    return content[:at] + value + content[at + len(value) :]


def encrypted(content: bytes) -> bytes:
    return altered(altered(content, LOCAL, 6, b"\1"), CENTRAL, 8, b"\1")


def packed_by_method(method: int) -> Callable[[bytes], bytes]:
    value = struct.pack("<H", method)
    return lambda content: altered(altered(content, LOCAL, 8, value), CENTRAL, 10, value)


def declaring(size: int) -> Callable[[bytes], bytes]:
    """Declares another size of the first member, unpacked."""
    value = struct.pack("<I", size)
    return lambda content: altered(altered(content, LOCAL, 22, value), CENTRAL, 24, value)


def wrong_checksum(content: bytes) -> bytes:
    return altered(altered(content, LOCAL, 14, b"\0\0\0\0"), CENTRAL, 16, b"\0\0\0\0")


NOT_READABLE = r"altered\.zip is no complete, readable zip \(%s.*\); fetch it again with: dvc repro -f fetch"
ALTERED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "zero bytes": (lambda content: b"", NOT_READABLE % "File is not a zip file"),
    "its end cut off": (lambda content: content[:-2_000], NOT_READABLE % "File is not a zip file"),
    "zeros in its middle": (lambda content: content[:2_000] + bytes(40) + content[2_040:], NOT_READABLE % ""),
    "a wrong checksum": (wrong_checksum, NOT_READABLE % "Bad CRC-32 for file 'small/ratings.csv'"),
    "a member that unpacks to more than it declares": (declaring(1_000), NOT_READABLE % "Bad CRC-32"),
    "a password": (encrypted, r"small/ratings\.csv is encrypted; zip it anew without a password"),
    "an unknown method": (packed_by_method(9), "packed by method 9, which cannot be read; zip it anew"),
    "another method than it says": (packed_by_method(zipfile.ZIP_BZIP2), NOT_READABLE % ""),
    "LZMA that is none": (packed_by_method(zipfile.ZIP_LZMA), NOT_READABLE % ""),
    "an offset before the file": (
        lambda content: altered(content, b"PK\5\6", 16, b"\xff\xff\xff\x7f"),
        NOT_READABLE % "",
    ),
}


@pytest.mark.parametrize(("alter", "message"), ALTERED.values(), ids=ALTERED)
def test_a_zip_is_refused_that_has(
    tmp_path: Path, small_zip: Path, alter: Callable[[bytes], bytes], message: str
) -> None:
    (tmp_path / "altered.zip").write_bytes(alter(small_zip.read_bytes()))
    with pytest.raises(UserError, match=message):
        read(tmp_path / "altered.zip")


@pytest.mark.parametrize("name", ["ml/ratings.csv", "ml/movies.csv", "ml/tags.csv"])
def test_a_member_that_would_not_fit_into_memory_is_refused_unread(
    tmp_path: Path, make_zip: MakeZip, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    members = {"ml/tags.csv": "userId,movieId,tag\n", **CSV}
    first = {name: members.pop(name)}
    content = declaring(0xFFFFFFF0)(make_zip({**first, **members}).read_bytes())
    (tmp_path / "bomb.zip").write_bytes(content)
    monkeypatch.setattr(memory, "available", lambda: 20 * memory.GIB)
    message = r"reading ml/ratings\.csv would take about 24\.0 GiB of memory, and 20\.0 GiB are free; choose"
    with pytest.raises(UserError, match=message):
        read(tmp_path / "bomb.zip")


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_zip_is_read_or_refused_and_nothing_else(
    tmp_path: Path, small_zip: Path, seed: int
) -> None:
    dice, content = random.Random(seed), bytearray(small_zip.read_bytes())
    directory = content.index(CENTRAL)
    for _ in range(3):
        content[dice.randrange(directory if seed % 2 else 0, len(content))] = dice.randrange(256)
    (tmp_path / "damaged.zip").write_bytes(content)
    with contextlib.suppress(UserError):
        validation.validate(read(tmp_path / "damaged.zip"))
