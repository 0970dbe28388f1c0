"""recommend: the command itself, from its options to what it prints."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from stages.core.cli import UserError
from stages.recommend import main
from tests.recommender.conftest import (
    DEVOTEE,
    FILMS,
    OMNIVORE,
    OPPONENT,
    RARE,
    build,
    is_rising,
    user_id,
    write,
)

DEVOTED, OPPOSED = str(user_id(DEVOTEE)), str(user_id(OPPONENT))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("recommend") / "data")


@pytest.fixture
def ask(data: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Puts a question, and gives the list that is answered."""

    def put(*arguments: str) -> Any:
        main([*arguments, "--data", str(data), "--json"])
        return json.loads(capsys.readouterr().out)

    return put


def indices(answer: Any) -> list[int]:
    return [(each["movie_id"] - 7) // 10 for each in answer]


def test_who_likes_something_gets_what_is_like_it_and_not_itself(ask: Any) -> None:
    answer = ask("--like", "toy story", "--rate", "heat=1", "--top", "5")
    assert len(answer) == 5
    assert {0, 1}.isdisjoint(indices(answer))
    assert all(is_rising(movie) for movie in indices(answer))
    (because,) = answer[0]["because"]
    assert {(each["title"], each["stars"]) for each in because["ratings"]} == {
        ("Toy Story", 4.5),
        ("Heat", 1.0),
    }
    total = because["alone"] + sum(each["added"] for each in because["ratings"])
    assert answer[0]["stars"] == pytest.approx([total], abs=1e-4)


def test_ten_movies_are_shown_unless_another_number_is_asked_for(ask: Any) -> None:
    assert len(ask("--user", DEVOTED)) == 10
    everything = ask("--user", DEVOTED, "--top", "999")
    assert 10 < len(everything) < len(FILMS)
    assert indices(ask("--user", DEVOTED, "--top", "3")) == indices(everything)[:3]


def test_what_another_has_seen_can_be_left_out(ask: Any, tmp_path: Path) -> None:
    free = indices(ask("--like", "Heat", "--top", "40"))
    mine = write(tmp_path / "mine.csv", "title", [(FILMS[free[0]].title,), ("Hamlet (1996)",)])
    left = indices(ask("--like", "Heat", "--top", "40", "--unseen-by", str(mine), "--unseen-by", OPPOSED))
    assert free[0] not in left
    both = indices(ask("--like", "Heat", "--top", "40", "--with", OPPOSED))
    assert set(left) <= set(both) < set(free)


@pytest.mark.parametrize("together", ["least-misery", "mean"])
def test_two_watch_what_neither_has_seen(ask: Any, together: str) -> None:
    alone = {name: indices(ask("--user", name, "--top", "40")) for name in (DEVOTED, OPPOSED)}
    answer = ask("--user", DEVOTED, "--with", OPPOSED, "--together", together, "--top", "40")
    assert set(indices(answer)) == set(alone[DEVOTED]) & set(alone[OPPOSED])
    assert all(len(each["stars"]) == len(each["because"]) == 2 for each in answer)


def test_similar_movies_are_the_nearest_of_those_that_pass(ask: Any) -> None:
    answer = ask("--similar", "toy story", "--top", "4")
    assert indices(answer) == [2, 4, 6, 8]
    similarity = [each["similarity"] for each in answer]
    assert 1 > similarity[0] > similarity[-1] > 0.9
    assert indices(ask("--similar", "toy story", "--genre", "Drama", "--top", "2")) == [4, 5]


def test_similar_movies_are_none_that_anybody_concerned_has_seen(ask: Any, tmp_path: Path) -> None:
    mine = write(tmp_path / "mine.csv", "title,year", [("Hamlet", 1990)])
    answer = ask("--similar", "toy story", "--like", "matrix", "--with", str(mine), "--top", "2")
    assert indices(answer) == [6, 8]
    with pytest.raises(
        UserError, match=r"^of the movies that pass --genre Sci-Fi --years 1999 none like Toy"
    ):
        ask("--similar", "toy story", "--genre", "Sci-Fi", "--years", "1999", "--like", "matrix")


def test_what_is_like_a_movie_of_few_ratings_is_not_known(ask: Any) -> None:
    with pytest.raises(
        UserError, match=r"^Pi Falling \(2000\) has \d ratings, too few to tell what is like it$"
    ):
        ask("--similar", FILMS[RARE[-1]].title)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--user", "1"], "there is no user 1"),
        (["--user", str(user_id(OMNIVORE))], "all 40 movies have been seen; none is left"),
        (["--user", DEVOTED, "--genre", "Western", "--years", "1999"], "--genre Western --years 1999"),
        (["--user", DEVOTED, "--top", "0"], "--top is 0; ask for at least 1"),
        (["--user", DEVOTED, "--adventurous", "2"], "--adventurous is 2; it goes from 0 to 1"),
        (["--user", DEVOTED, "--adventurous", "nan"], "--adventurous is nan"),
        (["--user", DEVOTED, "--min-ratings", "-1"], "--min-ratings is -1"),
        (["--user", DEVOTED, "--with", "Bob"], '"Bob" is neither the number of a user nor a CSV file'),
        (["--user", DEVOTED, "--with", ""], '"" is neither'),
        (["--user", DEVOTED, "--unseen-by", "Bob"], '"Bob" is neither'),
        (["--watched", "nowhere.csv"], "nowhere.csv does not exist"),
        (["--like", ""], "a title is empty"),
        (["--similar", ""], "a title is empty"),
        (["--rate", "Heat"], '"Heat" has no stars'),
        (["--genre", "War"], "who is it for"),
        (["--with", DEVOTED], "who is it for"),
    ],
)  # fmt: skip
def test_a_question_without_an_answer_is_told_why(ask: Any, arguments: list[str], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        ask(*arguments)


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [
        ("model.pt", ["--like", "Heat"]),
        ("ease.pt", ["--like", "Heat"]),
        ("points.npy", ["--similar", "Heat"]),
        ("clusters.csv", ["--like", "Heat"]),
        ("prepared/movies.csv", ["--like", "Heat"]),
        ("prepared/users.csv", ["--user", DEVOTED]),
    ],
)
def test_what_is_not_made_yet_is_named(
    data: Path, tmp_path: Path, missing: str, arguments: list[str]
) -> None:
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / missing).unlink()
    with pytest.raises(UserError, match=f"{missing} does not exist; make it with: dvc repro"):
        main([*arguments, "--data", str(tmp_path / "data")])


def test_a_list_without_ratings_is_enough(ask: Any, tmp_path: Path) -> None:
    answer = ask("--watched", str(write(tmp_path / "mine.csv", "Name,Year", [("Heat", 1995)])))
    assert 1 not in indices(answer)
    assert answer[0]["because"] == [{"alone": pytest.approx(answer[0]["stars"][0]), "ratings": []}]


def test_on_a_terminal_shelves_are_asked_for(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "0")
    main(["--data", str(data), "--top", "2"])
    printed = capsys.readouterr().out
    assert printed.startswith("Some shelves")
    assert "because of" in printed
