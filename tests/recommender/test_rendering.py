"""How recommendations are shown: to programs, in a pipe, and on terminals wide and narrow."""

import io
import json
import sys

import pytest

from stages.recommender import rendering as answer
from stages.recommender.artifacts import Artifacts, Cluster, Movie
from stages.recommender.ranking import Reason, Reasons, Recommendation

LONG = Movie(0, 7, "Endless Title of the " * 5 + "(a.k.a. No End)", 1999, ("War", "Drama"), 1_234, 3.96)
SHORT = Movie(1, 17, "Ägypten, Das", None, (), 1, 4.0)
OTHERS = Movie(2, 27, "Heat", 1995, ("Crime",), 102, 3.9)
KIND = Cluster(3, "Crime · War, 1960–1999")
PLAIN = Recommendation(LONG, KIND, 0.25, [4.26], [0.81], [Reasons(4.0, [Reason(SHORT, 4.5, 0.26)])])
OTHER = Recommendation(SHORT, None, 0.2, [5.2], [0.0], [Reasons(5.204, [Reason(LONG, 1.0, -0.004)])])
SECOND = Reasons(3.0, [Reason(LONG, 5.0, 0.5), Reason(SHORT, 5.0, 0.4)])
PAIR = Recommendation(OTHERS, KIND, 0.2, [4.26, 3.9], [0.8, 1.1], [PLAIN.reasons[0], SECOND])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int, shown: list[Recommendation]) -> list[str]:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdout", terminal)
    answer.show(shown)
    return terminal.getvalue().splitlines()


def test_json_has_all_that_is_known_of_a_recommendation() -> None:
    first, second = json.loads(answer.as_json([PLAIN, OTHER]))
    assert first == {
        "movie_id": 7,
        "title": LONG.title,
        "year": 1999,
        "genres": ["War", "Drama"],
        "n_ratings": 1_234,
        "cluster": {"number": 3, "name": KIND.name},
        "appeal": 0.25,
        "stars": [4.26],
        "deviation": [0.81],
        "because": [
            {
                "alone": 4.0,
                "ratings": [
                    {"movie_id": 17, "title": "Ägypten, Das", "year": None, "stars": 4.5, "added": 0.26}
                ],
            }
        ],
    }
    assert (second["cluster"], second["year"], second["stars"]) == (None, None, [5.2])


def test_json_has_an_entry_for_each_of_two_people() -> None:
    (both,) = json.loads(answer.as_json([PAIR]))
    assert [len(both[key]) for key in ("stars", "deviation", "because")] == [2, 2, 2]


def test_json_can_be_printed_anywhere() -> None:
    assert answer.as_json([OTHER]).isascii()
    (similar,) = json.loads(answer.similar_as_json([(SHORT, 0.5)]))
    assert similar == {
        "movie_id": 17,
        "title": "Ägypten, Das",
        "year": None,
        "genres": [],
        "n_ratings": 1,
        "similarity": 0.5,
    }


def test_in_a_pipe_every_movie_is_one_line_of_aligned_columns(capsys: pytest.CaptureFixture[str]) -> None:
    answer.show([PLAIN, OTHER])
    heading, first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(f"4.3 ± 0.8  {KIND.name}  Das Ägypten +0.26")
    assert second.endswith("  5.0"), "without a deviation, a cluster and reasons; never above 5 stars"
    assert heading.index("stars") == first.index("4.3") == second.index("5.0")
    assert heading.split() == ["movie", "stars", "kind", "because", "of"]


def test_a_movie_that_stands_for_a_taste_is_no_reason_for_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer.show([PLAIN._replace(reasons=[SECOND])])
    assert capsys.readouterr().out.rstrip().endswith("Das Ägypten +0.40")


def test_of_two_people_it_is_said_who_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    answer.show([PAIR])
    heading, row = capsys.readouterr().out.splitlines()
    assert "stars: you / they" in heading
    assert "4.3 ± 0.8 / 3.9 ± 1.1" in row
    assert row.endswith(f"you: Das Ägypten +0.26; they: {LONG} +0.50")


@pytest.mark.parametrize(
    ("width", "kind", "because"),
    [(160, True, True), (99, False, True), (59, False, False), (40, False, False)],
)
def test_a_terminal_shows_what_it_has_room_for_and_no_longer_lines(
    monkeypatch: pytest.MonkeyPatch, width: int, kind: bool, because: bool
) -> None:
    lines = on_terminal(monkeypatch, width, [PLAIN, OTHER])
    assert max(map(len, lines)) <= width
    text = " ".join(lines)
    assert ("kind" in text, "because of" in text) == (kind, because)
    assert "4.3 ± 0.8" in text
    assert text.count("Endless") == 5, "the whole title"
    assert "\x1b" not in text
    assert "…" not in text


def test_similar_movies_are_shown_with_what_all_people_think(
    library: Artifacts, capsys: pytest.CaptureFixture[str]
) -> None:
    answer.show_similar([(library.movies[0], 0.987), (LONG._replace(movie=39), -0.2)], library)
    _, first, second = capsys.readouterr().out.splitlines()
    toy_story = library.movies[0]
    assert first.startswith("1  Toy Story (1995) ")
    assert f"0.99   {toy_story.mean_rating:.1f} from {toy_story.n_ratings}" in first
    assert first.endswith(library.clusters[0].name)
    assert second.endswith("-0.20  4.0 from 1,234"), "in no cluster"
