"""curve: the models and the movies → how good clusters are for each number of them, from which to choose."""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from tqdm import tqdm

from stages import command, tensors
from stages.factorization.model import Model
from stages.groups import GroupsParameters, choose, group
from stages.movielens.movies import read_movies
from stages.movielens.ratings import Ratings
from stages.outputs import write_csv
from stages.scorecard import (
    Attributes,
    coherence,
    genre_matrix,
    popularity_explained,
    silhouette,
    stability,
    tag_matrix,
)

NUMBERS = range(2, 41)
"""Numbers of clusters that are tried, as far as there are movies."""
STARTS = 3
"""k-means is run from so many starts, and the best kept."""


class CurveParameters(GroupsParameters):
    """The keys that this stage reads."""


def main(
    model: Path,
    replicas: Path,
    train: Path,
    movies: Path,
    tags: Path,
    curve: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Score clusters of MOVIES by MODEL and its REPLICAS, TRAIN and TAGS for every number; write CURVE."""
    parameters = CurveParameters.load(params)
    others = tensors.load(replicas, {"embeddings", "without_genres"}, made_by="replicas")["embeddings"]
    points = choose(read_movies(movies), Ratings.load(train), parameters, at_least=2)
    places = [points.place(factors) for factors in (Model.load(model).embeddings, *others)]
    tagged = tag_matrix(pd.read_csv(tags, keep_default_na=False), points.movies["movie"])
    table = score_all(places, points.movies, tagged, parameters.seed)
    write_csv(curve, table.round(4))


def score_all(
    places: list[Float[np.ndarray, "movies dimensions"]], movies: pd.DataFrame, tagged: Attributes, seed: int
) -> pd.DataFrame:
    """A row of scores for each number of clusters; the first of `places` is the model's own."""
    n_ratings, genres = movies["n_ratings"].to_numpy(), genre_matrix(movies["genres"])
    rows = []
    for n_clusters in tqdm(NUMBERS[: max(1, len(movies) - 2)], desc="curve", unit="number", mininterval=0.5):
        labelings = [group(place, n_clusters, seed, STARTS)[0] for place in places]
        rows.append(
            {
                "n_clusters": n_clusters,
                "silhouette": silhouette(places[0], labelings[0]),
                "stability": stability(labelings),
                "genre_coherence_z": coherence(labelings[0], genres),
                "tag_coherence_z": coherence(labelings[0], tagged),
                "popularity_explained": popularity_explained(labelings[0], n_ratings),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    command.run(main)
