"""Lists of watched films, as sites export them and as people write them."""

from pathlib import Path

import pytest
import yaml

from stages.core.cli import UserError
from stages.recommender.film_list import read

LISTS = yaml.safe_load(Path(__file__).with_name("film_lists.yaml").read_text("utf-8"))
LATIN_1 = "title\nHeat\nAmélie\n".encode("latin-1"), ["line 3", r"b'\xe9'"]


@pytest.mark.parametrize(("content", "films"), LISTS["films"])
def test_films_are_read(tmp_path: Path, content: str, films: list[list[object]]) -> None:
    (tmp_path / "watched.csv").write_bytes(content.encode())
    assert read(tmp_path / "watched.csv") == [tuple(film) for film in films]


@pytest.mark.parametrize(("content", "named"), [*LISTS["errors"], LATIN_1])
def test_errors_name_the_line_and_the_value(tmp_path: Path, content: str | bytes, named: list[str]) -> None:
    path = tmp_path / "watched.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as error:
        read(path)
    assert all(value in str(error.value) for value in [str(path), *named])


def test_a_missing_file_and_a_directory_are_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(UserError, match=str(path)):
            read(path)
