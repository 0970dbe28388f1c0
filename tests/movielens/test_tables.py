"""Tables, side information and statistics are counted right."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.movielens import tables
from stages.movielens.tables import read_movies
from tests.conftest import make_ratings

RATINGS = make_ratings([(0, 0, 4.0), (1, 0, 5.0), (0, 1, 0.5)], n_users=2, n_movies=2)


def test_movies_have_their_title_year_genres_count_and_mean() -> None:
    movies = pd.DataFrame(
        {
            "movie_id": [30, 20, 10],
            "title": ["Comma, The (1999)", "No Year", "Never Rated (2000)"],
            "genres": ["A|B", "(no genres listed)", "C"],
            "imdb_id": ["0000012", "", "3"],
            "tmdb_id": ["12", "\uff11\u0662\u00b2", "3"],
        }
    )
    assert tables.movies_table(RATINGS, np.array([20, 30]), movies).to_dict("list") == {
        "movie": [0, 1],
        "movie_id": [20, 30],
        "title": ["No Year", "Comma, The"],
        "year": [None, 1999],
        "genres": ["", "A|B"],
        "n_ratings": [2, 1],
        "mean_rating": [4.5, 0.5],
        "imdb_id": [None, 12],
        "tmdb_id": [None, 12],
    }


@pytest.mark.parametrize("listed", [[(20, " ", "A")], []], ids=["an empty title", "no entry in the list"])
def test_a_movie_is_untitled_that_has(listed: list[tuple[int, str, str]]) -> None:
    movies = pd.DataFrame([(30, "B (1999)", ""), *listed], columns=["movie_id", "title", "genres"])
    table = tables.movies_table(RATINGS, np.array([20, 30]), movies)
    assert table["title"].tolist() == ["untitled (id 20)", "B"]
    assert table["genres"].tolist() == ["A" if listed else "", ""]


def test_a_movie_called_na_keeps_its_title(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("title,year,x\nNA,,\nnull,1999,0.5\n")
    movies = read_movies(tmp_path / "movies.csv")
    assert movies["title"].tolist() == ["NA", "null"]
    assert movies[["year", "x"]].isna().to_numpy().tolist() == [[True, True], [False, False]]


def test_tags_count_their_users_per_movie_and_in_all() -> None:
    tags = pd.DataFrame(
        [(1, 20, "Dark"), (2, 20, "dark "), (1, 30, "dark"), (1, 20, "to watch"), (3, 99, "dark")],
        columns=["user_id", "movie_id", "tag"],
    )
    table = tables.tags_table(tags, np.array([20, 30]))
    assert table.columns.tolist() == ["movie", "tag", "n_users", "n_users_of_tag"]
    assert table.to_numpy().tolist() == [[0, "dark", 2, 2], [0, "to watch", 1, 1], [1, "dark", 1, 2]]
    pd.testing.assert_frame_equal(tables.tags_table(tags[:0], np.array([20])), table[:0], check_dtype=False)


def test_side_information_is_genres_and_periods_of_five_years() -> None:
    movies = pd.DataFrame({"genres": ["A|B", "", "B"], "year": pd.array([1994, None, 1999], dtype="Int64")})
    known = tables.side_information(movies)
    assert known.genres.flatten().tolist() == pytest.approx([0.5**0.5, 0.5**0.5, 0, 0, 0, 1])
    assert known.period.tolist() == [[1, 0], [0, 0], [0, 1]]
    unknown = tables.side_information(movies[1:2])
    assert unknown.genres.shape == unknown.period.shape == (1, 0)


def test_statistics_are_counted_right() -> None:
    statistics = tables.summary_statistics(RATINGS, n_catalogue=5)
    spread = {"min": 1, "median": 1.5, "mean": 1.5, "max": 2}
    values = {"n_catalogue": 5, "density": 0.75, "mean_rating": pytest.approx(9.5 / 3)}
    assert statistics == {**values, "ratings_per_user": spread, "ratings_per_movie": spread}
    assert tables.users_table(RATINGS, np.array([7, 9])).to_numpy().tolist() == [[0, 7, 2], [1, 9, 1]]
    assert tables.histogram(RATINGS).to_numpy().tolist() == [[0.5, 1], [4, 1], [5, 1]]
