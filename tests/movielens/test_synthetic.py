"""Generated ratings look like MovieLens, and hold what was planted."""

import numpy as np
import pandas as pd
import pytest

from stages.movielens import synthetic
from stages.movielens.title_format import split_year


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    return synthetic.generate(synthetic.size_of(20_000), np.random.default_rng(3))


Tables = tuple[pd.DataFrame, pd.DataFrame]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    size = synthetic.Size(30, 100, 900)
    first = synthetic.archive("a", size, seed=1)
    assert synthetic.archive("a", size, seed=1) == first
    assert synthetic.archive("a", size, seed=2) != first


def test_there_are_as_many_ratings_as_asked_for_and_no_pair_twice(tables: Tables) -> None:
    ratings, movies = tables
    assert len(ratings) == 20_000
    assert not ratings.duplicated(["userId", "movieId"]).any()
    assert ratings["movieId"].isin(movies["movieId"]).all()


def test_everybody_has_at_least_20_ratings(tables: Tables) -> None:
    assert tables[0]["userId"].value_counts().min() >= 20


def test_ratings_are_half_stars_with_the_mean_and_spread_of_movielens(tables: Tables) -> None:
    stars = tables[0]["rating"]
    assert set(stars * 2) <= set(range(1, 11))
    assert stars.mean() == pytest.approx(3.5, abs=0.25)
    assert stars.std() == pytest.approx(1.04, abs=0.15)


def test_popularity_has_a_long_tail(tables: Tables) -> None:
    counts = tables[0]["movieId"].value_counts()
    assert counts.head(len(counts) // 10).sum() > 0.3 * counts.sum()
    assert counts.median() < counts.mean() < counts.max() / 5


def test_titles_are_unique_with_a_year_and_some_have_their_article_behind(tables: Tables) -> None:
    titles = tables[1]["title"]
    assert titles.is_unique
    assert all(split_year(title)[1] for title in titles)
    assert titles.str.contains(", The (", regex=False).mean() == pytest.approx(1 / 3, abs=0.01)


def test_people_who_like_a_planted_taste_watch_and_like_more_of_it(tables: Tables) -> None:
    ratings, movies = tables
    is_horror = movies.set_index("movieId")["genres"].str.contains("Horror")
    rows = ratings.assign(horror=is_horror[ratings["movieId"]].to_numpy())
    liking = rows[rows["horror"]].groupby("userId")["rating"].agg(["mean", "count"])
    share = rows.groupby("userId")["horror"].mean()
    often = liking[(share[liking.index] > share.quantile(0.75)) & (liking["count"] >= 3)]
    seldom = liking[(share[liking.index] < share.quantile(0.4)) & (liking["count"] >= 3)]
    assert often["mean"].mean() > seldom["mean"].mean() + 0.2


@pytest.mark.parametrize("n_ratings", [1_000, 5_000, 100_000])
def test_every_size_can_be_generated(n_ratings: int) -> None:
    size = synthetic.size_of(n_ratings)
    ratings, movies = synthetic.generate(size, np.random.default_rng(0))
    assert (ratings["userId"].nunique(), len(movies), len(ratings)) == size
