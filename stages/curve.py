"""curve: the points of the movies → how good clusters are for each number of them, from which to choose."""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from joblib import Parallel, delayed
from tqdm import tqdm

from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.kmeans import group
from stages.clustering.metrics import (
    Attributes,
    coherence,
    genre_matrix,
    popularity_explained,
    silhouette,
    stability,
    tag_matrix,
)
from stages.core import cli
from stages.core.files import write_csv
from stages.core.parameters import Seeded
from stages.movielens.movies import read_movies

NUMBERS = range(2, 41)
"""Numbers of clusters that are tried, as far as there are movies."""
STARTS = 3
"""k-means is run from so many starts, and the best kept."""
WORTHWHILE = 1_000
"""Movies from which on a process for each core saves more time than it costs."""


def main(
    points: Path,
    movies: Path,
    tags: Path,
    curve: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Score clusters of the MOVIES that have POINTS, and TAGS, for every number; write CURVE."""
    parameters = Seeded.load(params)
    places = MovieEmbeddings.load(points)
    chosen = read_movies(movies).iloc[places.movie]
    tagged = tag_matrix(pd.read_csv(tags, keep_default_na=False), chosen["movie"])
    table = score_all([places.embedding, *places.replicas], chosen, tagged, parameters.seed)
    write_csv(curve, table.round(4))


def score_all(
    places: list[Float[np.ndarray, "movies dimensions"]], movies: pd.DataFrame, tagged: Attributes, seed: int
) -> pd.DataFrame:
    """A row of scores for each number of clusters; the first of `places` is the model's own."""
    n_ratings, genres = movies["n_ratings"].to_numpy(), genre_matrix(movies["genres"])
    numbers = NUMBERS[: max(1, len(movies) - 2)]
    score_one = delayed(score)
    tasks = (score_one(number, places, n_ratings, genres, tagged, seed) for number in numbers)
    rows = Parallel(n_jobs=-1 if len(movies) >= WORTHWHILE else 1, return_as="generator")(tasks)
    return pd.DataFrame(tqdm(rows, total=len(numbers), desc="curve", unit="number", mininterval=0.5))


def score(
    n_clusters: int,
    places: list[Float[np.ndarray, "movies dimensions"]],
    n_ratings: Int[np.ndarray, " movies"],
    genres: Attributes,
    tagged: Attributes,
    seed: int,
) -> dict[str, float | None]:
    """How good so many clusters are."""
    labelings = [group(place, n_clusters, seed, STARTS)[0] for place in places]
    return {
        "n_clusters": n_clusters,
        "silhouette": silhouette(places[0], labelings[0]),
        "stability": stability(labelings),
        "genre_coherence_z": coherence(labelings[0], genres),
        "tag_coherence_z": coherence(labelings[0], tagged),
        "popularity_explained": popularity_explained(labelings[0], n_ratings),
    }


if __name__ == "__main__":
    cli.run(main)
