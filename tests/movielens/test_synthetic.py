"""Generated ratings resemble MovieLens, and have the planted tastes."""

from pathlib import Path

import pytest

from stages.movielens import layouts, synthetic
from stages.movielens.layouts import Release
from stages.movielens.title_format import split_year
from tests.conftest import Patch


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return generate(tmp_path_factory.mktemp("generated"), synthetic.size_of(20_000))


def generate(directory: Path, size: synthetic.Size) -> Release:
    """A generated release, read and validated, so that no user rates a movie twice."""
    (directory / "generated.zip").write_bytes(synthetic.archive("generated", size, seed=3))
    return layouts.read(directory / "generated.zip")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    size = synthetic.Size(30, 100, 900)
    first = synthetic.archive("a", size, seed=1)
    assert synthetic.archive("a", size, seed=1) == first
    assert synthetic.archive("a", size, seed=2) != first


@pytest.mark.parametrize("n_ratings", [1_000, 2_000, 5_000])
def test_every_size_is_generated_exactly(tmp_path: Path, monkeypatch: Patch, n_ratings: int) -> None:
    monkeypatch.setattr(synthetic, "BLOCK", 2_000)
    size = synthetic.size_of(n_ratings)
    ratings, movies, *_ = generate(tmp_path, size)
    assert (ratings["user_id"].nunique(), len(movies), len(ratings)) == size
    assert ratings["movie_id"].isin(movies["movie_id"]).all()
    assert ratings["user_id"].value_counts().between(20, size.n_movies // 2).all()


def test_ratings_popularity_and_titles_are_like_those_of_movielens(release: Release) -> None:
    stars, title = release.ratings["rating"], release.movies["title"]
    assert stars.mean() == pytest.approx(3.5, abs=0.25)
    assert stars.std() == pytest.approx(1.04, abs=0.15)
    assert title.is_unique
    assert title.map(lambda text: split_year(text)[1]).between(1900, 2020).all()
    counts = release.ratings["movie_id"].value_counts()
    assert counts.head(len(counts) // 10).sum() > 0.3 * counts.sum()
    assert counts.median() < counts.mean() < counts.max() / 5


def test_users_rate_in_sessions(release: Release) -> None:
    ratings = release.ratings.sort_values(["user_id", "timestamp"])
    gaps = ratings.groupby("user_id")["timestamp"].diff().dropna()
    assert (gaps > 0).all()
    assert gaps.median() < 60
    assert (gaps > 86_400).mean() == pytest.approx(0.03, abs=0.01)


def test_users_rate_more_movies_of_a_planted_taste_that_they_like(release: Release) -> None:
    genres = release.movies.set_index("movie_id")["genres"]
    horror = genres[release.ratings["movie_id"]].str.contains("Horror").to_numpy()
    by_user = release.ratings.assign(horror=horror).groupby(["user_id", "horror"])["rating"]
    count, mean = by_user.count().unstack(fill_value=0), by_user.mean().unstack()
    share = count[True] / count.sum(axis=1)
    assert share.corr(mean[True] - mean[False]) > 0.4
