"""recommend: from the options of the command to its output."""

import json
from pathlib import Path
from typing import Any

import pytest

from stages.core.cli import UserError
from stages.recommend import main
from tests.conftest import Capture
from tests.recommender.builders import FALLER, FILMS, OMNIVORE, RARE, RISER, user_id, write

YOU, THEY = str(user_id(RISER)), str(user_id(FALLER))


@pytest.fixture
def run(data: Path, capsys: Capture) -> Any:
    """Runs the command and returns its records."""

    def command(*arguments: str) -> Any:
        main([*arguments, "--data", str(data), "--json"])
        return json.loads(capsys.readouterr().out)

    return command


def indices(records: Any) -> list[int]:
    return [(each["movie_id"] - 7) // 10 for each in records]


def test_titles_liked_films_and_ratings_are_one_person(run: Any) -> None:
    records = run("toy story", "--top", "3", "--rate", "heat=1", "matrix")
    assert records == run("--like", "toy story", "--like", "matrix", "--rate", "heat=1", "--top", "3")
    rated = records[0]["because"][0]["ratings"]
    stars = {each["title"]: each["stars"] for each in rated}
    assert stars == {"Toy Story": 4.5, "The Matrix": 4.5, "Heat": 1}


def test_ten_movies_that_pass_are_shown_also_as_text(run: Any, data: Path, capsys: Capture) -> None:
    records = run("--user", YOU)
    assert len(records) == 10
    main(["--user", YOU, "--data", str(data)])
    rows = capsys.readouterr().out.splitlines()[1:11]
    assert all(record["title"] in row for record, row in zip(records, rows, strict=True))
    filtered = run("--user", YOU, *"--genre scifi --exclude-genre war --years 1970s --top 40".split())
    assert filtered
    assert all("Sci-Fi" in each["genres"] and 1970 <= each["year"] <= 1979 for each in filtered)


def test_movies_that_somebody_else_has_seen_can_be_left_out(run: Any, tmp_path: Path) -> None:
    free = indices(run("--like", "Heat", "--top", "40"))
    mine = write(tmp_path / "mine.csv", "title", [(FILMS[free[0]].title,), ("Hamlet (1996)",)])
    left = indices(run("--like", "Heat", "--top", "40", "--unseen-by", str(mine), "--unseen-by", THEY))
    assert free[0] not in left
    both = indices(run("--like", "Heat", "--top", "40", "--with", THEY))
    assert set(left) <= set(both) < set(free)


def test_two_people_get_what_neither_has_seen(run: Any) -> None:
    alone = [set(indices(run("--user", name, "--top", "40"))) for name in (YOU, THEY)]
    records = run("--user", YOU, "--with", THEY, "--together", "mean", "--top", "40")
    assert set(indices(records)) == alone[0] & alone[1]
    assert all(len(each["stars"]) == len(each["because"]) == 2 for each in records)


def test_similar_movies_are_the_nearest_unseen_ones_that_pass(run: Any, tmp_path: Path) -> None:
    records = run("--similar", "toy story", "--top", "4")
    assert all(FILMS[movie].rising for movie in indices(records))
    similarity = [each["similarity"] for each in records]
    assert 1 > similarity[0] > similarity[-1] > 0
    assert indices(run("--similar", "toy story", "--genre", "Drama", "--top", "1")) == [4]
    mine = write(tmp_path / "mine.csv", "title,year", [("Hamlet", 1990)])
    seen = run("--similar", "toy story", "--like", "matrix", "--with", str(mine), "--top", "2")
    assert indices(seen) == [movie for movie in indices(records) if movie not in (2, 4)][:2]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--user", "1"], "no user 1"),
        (["--user", str(user_id(OMNIVORE))], "seen"),
        (["--user", YOU, "--top", "0"], "--top is 0"),
        (["--user", YOU, "--top", "1000001"], "--top is 1000001, .* to 1000000"),
        (["--user", YOU, "--top", "1" * 400], "--top is 111"),
        (["--user", "1" * 400], "no user 111"),
        (["--user", YOU, "--adventurous", "nan"], "--adventurous is nan"),
        (["--user", YOU, "--min-ratings", "-1"], "--min-ratings is -1"),
        (["--user", YOU, "--with", "Bob"], '"Bob"'),
        (["--user", YOU, "--with", "1" * 5000], '"1111'),
        (["--genre", "War"], "--like"),
        (["--similar", FILMS[RARE[-1]].title], r"Pi Falling \(2000\) has \d ratings"),
        (["--similar", "toy story", "--years", "2000"], "Toy Story"),
    ],
)
def test_an_error_names_the_option_or_value(run: Any, arguments: list[str], named: str) -> None:
    with pytest.raises(UserError, match=named):
        run(*arguments)
