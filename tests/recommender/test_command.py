"""Results as JSON, as plain text, and as tables on terminals wide and narrow."""

import io
import json
import re
import sys
from typing import Any

import pytest

from stages.recommender.command import show
from tests.conftest import Capture, Patch


def movie(title: str, year: int | None, **values: Any) -> dict[str, Any]:
    return {"movie_id": 7, "title": title, "year": year, **values}


HEAT, ALIEN = movie("Heat", 1995, stars=4.5, added=0.21), movie("Alien", 1979, stars=2.0, added=0.11)
SEVEN, BABE = movie("Seven", 1995, stars=3.5, added=0.1), movie("Babe", 1995, stars=5.0, added=0.01)
CLUSTER = {"number": 3, "name": "Crime · War, 1960–1999"}
FACTS = {"n_ratings": 1_234, "mean_rating": 3.96, "genres": ["War", "Drama"], "cluster": CLUSTER}
BECAUSE = {"alone": 0.3, "ratings": [HEAT, ALIEN, SEVEN, BABE]}
FAINT = {"alone": 0.6, "ratings": [HEAT | {"added": 0.03}, movie("Jaws", 1975, stars=None, added=0)]}
LONG = movie("Endless " * 5 + "[End]", 1999, score=0.5, stars=[4.26], deviation=[0.81], **FACTS)
LONG["because"] = [BECAUSE]
SHORT = movie("Ägypten", None, score=0.3, stars=[5.2], deviation=[0.7], because=[FAINT])
SHORT |= FACTS | {"genres": [], "cluster": None}


def printed(capsys: Capture, *records: dict[str, Any]) -> list[str]:
    show(list(records), as_json=False)
    return capsys.readouterr().out.splitlines()


def test_json_has_all_records_in_ascii(capsys: Capture) -> None:
    show([LONG, SHORT], as_json=True)
    text = capsys.readouterr().out
    assert json.loads(text) == [LONG, SHORT]
    assert text.isascii()


def test_in_a_pipe_every_movie_is_one_line_of_aligned_columns(capsys: Capture) -> None:
    heading, first, second, _, *caption = printed(capsys, LONG, SHORT)
    cells = {"score": "100", "stars": "4.3", "genres": "War, Drama", "cluster": "3. Crime · War"}
    for name, cell in cells.items():
        assert first[heading.index(name) :].startswith(cell)
    assert first.endswith("  Heat (1995), Seven (1995)"), "liked films that add much"
    assert second.split() == ["2", "Ägypten", "60", "5.0"], "on the scale, without genres or small reasons"
    assert "± 0.8" in "".join(caption)


def test_two_people_have_one_reason_each(capsys: Capture) -> None:
    theirs = {"alone": 0.1, "ratings": [ALIEN, SEVEN]}
    pair = {"stars": [4.26, 3.9], "deviation": [0.8, 1.1], "because": [BECAUSE, theirs]}
    heading, row, *_ = printed(capsys, LONG | pair)
    assert "stars: you / they" in heading
    assert "4.3 / 3.9" in row
    assert row.endswith("you: Heat (1995); they: Seven (1995)")


def test_similar_movies_have_their_similarity_and_the_mean_rating(capsys: Capture) -> None:
    _, row = printed(capsys, movie("Ägypten", None, similarity=-0.2, **FACTS))
    assert row.split()[:6] == ["1", "Ägypten", "-0.20", "4.0", "from", "1,234"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


SHOWN = {160: ["genres", "cluster", "because"], 139: ["genres", "because"], 99: ["because"], 40: [], 0: []}


@pytest.mark.parametrize(("width", "shown"), SHOWN.items())
def test_a_terminal_shows_the_columns_that_fit(monkeypatch: Patch, width: int, shown: list[str]) -> None:
    for name, value in {"COLUMNS": str(width), "NO_COLOR": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    show([LONG, SHORT], as_json=False)
    text = re.sub(r"\x1b\[\d*m", "", terminal.getvalue())
    assert max(map(len, text.splitlines())) <= (width or 40)
    assert [name for name in ("genres", "cluster", "because") if name in text] == shown
    assert "100" in text
    assert "[End]" in text
