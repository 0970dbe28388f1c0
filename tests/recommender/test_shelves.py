"""Shelves: what somebody likes who names no film."""

import pytest

from stages.command import UserError
from stages.recommender import shelves
from stages.recommender.asker import Asker
from stages.recommender.choice import recommend
from stages.recommender.filters import Filters
from stages.recommender.library import Library
from tests.recommender.conftest import CLUSTERS, clustered, is_rising

RISING, FALLING = "0 2", "1,3"


def asked(library: Library, monkeypatch: pytest.MonkeyPatch, answer: str, width: int = 80) -> Asker:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("builtins.input", lambda _: answer)
    asker = Asker(library)
    shelves.ask(asker)
    return asker


def test_a_shelf_shows_its_best_known_movies_first(library: Library) -> None:
    best_known = shelves.best_known(library)
    assert [cluster.name for cluster in best_known] == CLUSTERS
    for cluster, movies in best_known.items():
        counts = [movie.n_ratings for movie in movies]
        assert counts == sorted(counts, reverse=True)
        assert {clustered()[movie.movie] for movie in movies} == {cluster.number}


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [("1", [1]), ("3 1", [3, 1]), ("0,2", [0, 2]), (" 2 , 0,", [2, 0]), ("1 1, 1", [1]), ("3 0 3", [3, 0])],
)
def test_numbers_may_be_parted_by_spaces_or_commas_and_repeated(
    library: Library, answer: str, numbers: list[int]
) -> None:
    chosen = shelves.choose(answer, shelves.best_known(library))
    assert [cluster.number for cluster in chosen] == numbers


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("4", 'no shelf "4"; there are the numbers 0, 1, 2, 3'),
        ("1 -1", 'no shelf "-1"'),
        ("1-3", 'no shelf "1-3"'),
        ("war", 'no shelf "war"'),
        ("", "no shelf was chosen; give at least one number"),
        (" , ", "no shelf was chosen"),
    ],
)
def test_an_answer_that_is_no_shelf_is_refused(library: Library, answer: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        shelves.choose(answer, shelves.best_known(library))


def test_it_asks_again_until_the_answer_is_a_shelf(
    library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["9", "", "2"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    asker = Asker(library)
    shelves.ask(asker)
    assert {clustered()[movie] for movie in asker.stars} == {2}
    assert next(answers, None) is None
    printed = capsys.readouterr().out
    assert 'there is no shelf "9"' in printed
    assert "no shelf was chosen" in printed


@pytest.mark.parametrize(("answer", "rising"), [(RISING, True), (FALLING, False)])
def test_the_taste_of_the_shelves_shows_and_their_movies_may_be_recommended(
    library: Library, monkeypatch: pytest.MonkeyPatch, answer: str, rising: bool
) -> None:
    asker = asked(library, monkeypatch, answer)
    assert asker.seen == set()
    assert len(asker.stars) == 2 * shelves.TAKEN
    chosen = [each.movie.movie for each in recommend([asker], Filters(), set(), 12)]
    assert {is_rising(movie) for movie in chosen} == {rising}
    assert set(chosen) & asker.stars.keys()


@pytest.mark.parametrize("width", [30, 80])
def test_shelves_fit_the_terminal(
    library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    asked(library, monkeypatch, "1", width)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= max(width, 40)
    assert all(f"{number}  {name}\n" in printed for number, name in enumerate(CLUSTERS))
    for movies in shelves.best_known(library).values():
        assert str(movies[0]).split()[0] in printed
