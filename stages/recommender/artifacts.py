"""The files of the pipeline that a recommendation needs, each read when first used."""

from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import pandas as pd

from stages.clustering.embeddings import MovieEmbeddings
from stages.core import cli, files
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, concatenate
from stages.movielens.tables import read_movies
from stages.movielens.title_format import spoken
from stages.ranking.score import Ranker
from stages.recommender.title_search import Titles


class Artifacts:
    """The files in the folder `data` of the repository."""

    def __init__(self, data: Path | str = "data") -> None:
        self.data = Path(data)

    @cached_property
    def model(self) -> Model:
        """The factorization."""
        model = Model.load(self.data / "model.pt")
        self._check("model.pt", model.movie_biases.shape[1], model.n_users)
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
        embeddings = MovieEmbeddings.load(self.data / "points.npy")
        self._check("points.npy", embeddings.notebook.shape[1])
        return embeddings

    @cached_property
    def movies(self) -> pd.DataFrame:
        """All movies by index, with title, full_title (as MovieLens writes it), year, genres, n_ratings,
        mean_rating, cluster and cluster_name; year and cluster may be missing.
        """
        columns = ["movie_id", "title", "year", "genres", "n_ratings", "mean_rating"]
        movies = read_movies(self.data / "prepared" / "movies.csv", columns=columns)
        columns = ["movie", "movie_id", "cluster", "name"]
        clusters = read_movies(self.data / "clusters.csv", "cluster", columns).set_index("movie")
        if not movies["movie_id"].reindex(clusters.index).equals(clusters["movie_id"]):
            raise self._mixed("clusters.csv has other movies than movies.csv")
        clusters = clusters.drop(columns="movie_id").rename(columns={"name": "cluster_name"})
        movies = movies.join(clusters.astype({"cluster": "Int64"}))
        texts = ["title", "genres", "cluster_name"]
        movies[texts] = movies[texts].map(cli.printable, na_action="ignore")
        return movies.assign(full_title=movies["title"], title=movies["title"].map(spoken))

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
        return files.load(self.data / "prepared" / "users.csv", _read_users, "prepare")

    @cached_property
    def ratings(self) -> Ratings:
        """All ratings: unlike an evaluation, a recommendation may use those of the test set."""
        parts = (self.data / "prepared" / f"{part}.pt" for part in ("train", "validation", "test"))
        ratings = reduce(concatenate, map(Ratings.load, parts))
        self._check("train.pt", ratings.n_movies, ratings.n_users)
        return ratings

    def _ranker(self, name: str) -> Ranker:
        ranker = Ranker.load(self.data / name)
        self._check(name, ranker.n_movies)
        return ranker

    def _check(self, name: str, n_movies: int, n_users: int | None = None) -> None:
        """Raise UserError unless the numbers are those of movies.csv and users.csv."""
        if n_movies != len(self.movies):
            raise self._mixed(f"{name} has {n_movies} movies, but movies.csv has {len(self.movies)}")
        if n_users not in (None, len(self.users)):
            raise self._mixed(f"{name} has {n_users} users, but users.csv has {len(self.users)}")

    def _mixed(self, problem: str) -> cli.UserError:
        return cli.UserError(f"{self.data}: {problem}: they belong to different data; run: dvc repro")


def _read_users(path: Path) -> "pd.Series[int]":
    users = pd.read_csv(path, dtype="int64")
    if not users["user_id"].is_unique or [*users["user"]] != [*range(len(users))]:
        raise ValueError("its users are not 0, 1, 2, … with an id each")
    return users.set_index("user_id")["user"]
