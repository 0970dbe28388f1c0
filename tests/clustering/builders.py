"""Movies with planted clusters."""

from typing import Any

import numpy as np
import pandas as pd

from stages.clustering.embeddings import MovieEmbeddings

PLANTED = np.repeat([0, 1, 2], [20, 30, 25])


def planted_factors() -> np.ndarray:
    """Three directions, lengths from 0.5 to 5."""
    rng = np.random.default_rng(0)
    factors = np.eye(3)[PLANTED] + rng.normal(0, 0.05, (len(PLANTED), 3))
    return np.asarray(factors * rng.uniform(0.5, 5, (len(PLANTED), 1)))


def make_embeddings(movie: np.ndarray, embedding: np.ndarray, **changes: Any) -> MovieEmbeddings:
    """Embeddings by the model alone, without positions on the map."""
    n, n_movies = len(movie), int(movie.max()) + 1
    further_fits = {name: np.zeros((0, n, 0)) for name in ("replicas", "without_genres")}
    values = {"position": np.full((n, 2), np.nan), "expected": np.zeros(n), "deviation": np.zeros(n)}
    fields = {"notebook": np.zeros((0, n_movies, 1)), **further_fits, **values, **changes}
    n_ratings = np.arange(1, fields["notebook"].shape[1] + 1)
    return MovieEmbeddings(movie=movie, embedding=embedding, n_ratings=n_ratings, **fields)


def movies(n: int = len(PLANTED)) -> pd.DataFrame:
    """Movie i has i + 1 ratings; the last has no year."""
    table = pd.DataFrame({"movie": range(n), "movie_id": range(100, 100 + n)})
    return table.assign(
        title=[f"Movie {i}, The" for i in range(n)],
        year=pd.array([1990 + i % 30 for i in range(n - 1)] + [None], dtype="Int64"),
        genres=[("", "Action|Drama", "War")[i % 3] for i in range(n)],
        n_ratings=range(1, n + 1),
        mean_rating=3.5,
        **dict.fromkeys(["imdb_id", "tmdb_id"], pd.array([None] * n, dtype="Int64")),
    )
