"""The files of the pipeline that a recommendation needs, each read when first used."""

from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import pandas as pd

from stages.clustering.embeddings import MovieEmbeddings
from stages.core.cli import UserError
from stages.core.files import load
from stages.factorization.model import Model
from stages.movielens.movies import read_movies
from stages.movielens.ratings import Ratings, concatenate
from stages.movielens.title_format import spoken
from stages.ranking.score import Ranker
from stages.recommender.film_list import printable
from stages.recommender.title_search import Titles


class Artifacts:
    """The files in the folder `data` of the repository."""

    def __init__(self, data: Path | str = "data") -> None:
        self.data = Path(data)

    @cached_property
    def model(self) -> Model:
        """The factorization."""
        model = Model.load(self.data / "model.pt")
        self._check("model.pt", model.movie_biases.shape[1])
        return model

    @cached_property
    def ease(self) -> Ranker:
        """Ranks movies for users of the dataset."""
        return self._ranker("ease.pt")

    @cached_property
    def ridge(self) -> Ranker:
        """Ranks movies for anybody else."""
        return self._ranker("ridge.pt")

    @cached_property
    def embeddings(self) -> MovieEmbeddings:
        """Of the movies that were clustered."""
        return MovieEmbeddings.load(self.data / "points.npy")

    @cached_property
    def movies(self) -> pd.DataFrame:
        """All movies by index, with title, full_title (as MovieLens writes it), year, genres, n_ratings,
        mean_rating, cluster and cluster_name; year and cluster may be missing.
        """
        movies = load(self.data / "prepared" / "movies.csv", _read_movies, "prepare")
        return movies.join(load(self.data / "clusters.csv", _read_clusters, "cluster"))

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The movies as JSON has them."""
        movies = self.movies.astype(object).where(self.movies.notna(), None)
        records: list[Any] = movies.drop(columns="full_title").to_dict("records")
        for record in records:
            record["genres"] = record["genres"].split("|") if record["genres"] else []
            name = record.pop("cluster_name")
            record["cluster"] = {"number": record["cluster"], "name": name} if name else None
        return records

    @cached_property
    def titles(self) -> Titles:
        """The search for titles."""
        years = [record["year"] for record in self.records]
        return Titles(self.movies["full_title"].tolist(), years, self.movies["n_ratings"].tolist())

    @cached_property
    def users(self) -> "pd.Series[int]":
        """The index of each user_id."""
        path = self.data / "prepared" / "users.csv"
        return load(path, lambda path: pd.read_csv(path, index_col="user_id")["user"].astype(int), "prepare")

    @cached_property
    def ratings(self) -> Ratings:
        """All ratings: unlike an evaluation, a recommendation may use those of the test set."""
        parts = (self.data / "prepared" / f"{part}.pt" for part in ("train", "validation", "test"))
        return reduce(concatenate, map(Ratings.load, parts))

    def _ranker(self, name: str) -> Ranker:
        ranker = Ranker.load(self.data / name)
        self._check(name, ranker.n_movies)
        return ranker

    def _check(self, name: str, n_movies: int) -> None:
        if n_movies != len(self.movies):
            counts = f"{n_movies} movies, but movies.csv has {len(self.movies)}"
            raise UserError(f"{self.data / name} has {counts}: they belong to different data; run: dvc repro")


def _read_movies(path: Path) -> pd.DataFrame:
    movies = read_movies(path)[["movie_id", "title", "year", "genres", "n_ratings", "mean_rating"]]
    full_title = movies["title"].map(printable)
    return movies.assign(full_title=full_title, title=full_title.map(spoken))


def _read_clusters(path: Path) -> pd.DataFrame:
    clusters = read_movies(path).set_index("movie")
    names = clusters["name"].map(printable)
    return pd.DataFrame({"cluster": clusters["cluster"].astype("Int64"), "cluster_name": names})
