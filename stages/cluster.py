"""cluster: the model's movie factors → groups of movies that the same people like.

k-means (scikit-learn) on the factors of the movies with enough ratings. Biases play no part: they say how
good a movie is held to be, the factors what kind of movie it is.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from pydantic import Field
from sklearn.cluster import KMeans
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import normalize

from stages import command
from stages.command import UserError
from stages.factorization.model import Model
from stages.movielens import catalogue
from stages.movielens.movies import read_movies
from stages.names import name_clusters
from stages.outputs import write_csv, write_metrics
from stages.params import Parameters, Seed
from stages.randomness import derive
from stages.scorecard import coherence, genre_matrix, popularity_explained, tag_matrix

STARTS = 10
"""k-means is run from this many starts, and the best kept."""
MAPPED = 3_000
"""Movies placed on the map, the best-known first: more could not be told apart."""
MAP_ITERATIONS = 500
PERPLEXITY = 30
"""About how many neighbours decide where a movie lies on the map."""


class ClusterParameters(Parameters):
    """The keys that this stage reads."""

    dataset: str
    """Its name, to mark what is found in generated ratings."""
    seed: Seed
    """Root of the starts of k-means and of the map."""
    n_clusters: Annotated[int, Field(ge=1)]
    """Groups of movies."""
    min_ratings: Annotated[int, Field(ge=1)]
    """Movies with fewer ratings are left out."""
    normalize: bool
    """Whether movies are compared by the direction of their factors, not by their length."""


def main(
    model: Path,
    movies: Path,
    tags: Path,
    clusters: Path,
    metrics: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Group the movies of MOVIES by their factors in MODEL, name them by TAGS; write CLUSTERS and METRICS."""
    parameters = ClusterParameters.load(params)
    movie_factors = Model.load(model).embeddings.double().numpy()
    table, embeddings = choose(read_movies(movies), movie_factors, parameters)
    labels, inertia = group(embeddings, parameters)
    x, y = draw_map(embeddings, table["n_ratings"].to_numpy(), parameters.seed).T
    genres = genre_matrix(table["genres"])
    tagged = tag_matrix(pd.read_csv(tags, keep_default_na=False), table["movie"])
    names = np.array(name_clusters(labels, genres, tagged, table["year"]))
    write_csv(clusters, table.assign(cluster=labels, name=names[labels], x=x, y=y))
    scores = score(embeddings, labels) | meaning(labels, table, genres, tagged, parameters.seed)
    synthetic = catalogue.is_synthetic(parameters.dataset)
    write_metrics(metrics, {"n_clustered": len(labels), "inertia": inertia, **scores}, synthetic=synthetic)


def choose(
    movies: pd.DataFrame, factors: Float[np.ndarray, "n_movies k"], parameters: ClusterParameters
) -> tuple[pd.DataFrame, Float[np.ndarray, "clustered k"]]:
    """The movies with enough ratings, and their factors, of length 1 if they are to be normalized.

    Raises UserError when there are fewer of them than clusters.
    """
    known = (movies["n_ratings"] >= parameters.min_ratings).to_numpy()
    if known.sum() < parameters.n_clusters:
        raise UserError(
            f"n_clusters is {parameters.n_clusters}, but only {known.sum()} of {len(movies)} movies have "
            f"min_ratings {parameters.min_ratings}; lower n_clusters to at most {known.sum()}, or min_ratings"
        )
    embeddings = factors[known]
    return movies[known], normalize(embeddings) if parameters.normalize else embeddings


def group(
    embeddings: Float[np.ndarray, "clustered k"], parameters: ClusterParameters
) -> tuple[Int[np.ndarray, " clustered"], float]:
    """The cluster of each movie, and the inertia: the sum of squared distances to the nearest centre.

    Clusters are numbered from 0, the largest first, so that their numbers do not depend on the start.
    """
    start = derive(parameters.seed, "cluster")
    kmeans = KMeans(parameters.n_clusters, n_init=STARTS, random_state=start).fit(embeddings)
    size = np.bincount(kmeans.labels_, minlength=parameters.n_clusters)
    rank = np.argsort(np.argsort(-size, kind="stable"))
    return rank[kmeans.labels_], float(kmeans.inertia_)


def meaning(
    labels: Int[np.ndarray, " clustered"],
    table: pd.DataFrame,
    genres: pd.DataFrame,
    tagged: pd.DataFrame,
    seed: int,
) -> dict[str, float]:
    """How much of the clusters is fame (η² of log popularity), and how alike their movies are (z).

    Genres are an input of the model where `movie_features` names them: their coherence is then no news. Tags
    never are. What cannot be measured is left out.
    """
    rng = np.random.default_rng(derive(seed, "permutations"))
    scores = {
        "popularity_explained": popularity_explained(labels, table["n_ratings"].to_numpy()),
        "genre_coherence_z": coherence(labels, genres.to_numpy(), rng),
        "tag_coherence_z": coherence(labels, tagged.to_numpy(), rng),
    }
    return {name: value for name, value in scores.items() if value is not None}


def score(
    embeddings: Float[np.ndarray, "clustered k"], labels: Int[np.ndarray, " clustered"]
) -> dict[str, float]:
    """Sizes, and the mean silhouette (Rousseeuw 1987; -1 to 1) where it is defined."""
    size = np.bincount(labels)
    sizes: dict[str, float] = {"smallest": int(size.min()), "largest": int(size.max())}
    if not 1 < len(size) < len(labels):
        return sizes
    return {"silhouette": float(silhouette_score(embeddings, labels)), **sizes}


def draw_map(
    embeddings: Float[np.ndarray, "clustered k"], n_ratings: Int[np.ndarray, " clustered"], seed: int
) -> Float[np.ndarray, "clustered 2"]:
    """A place in the plane for each of the best-known movies, not a number for the others.

    t-SNE (van der Maaten & Hinton 2008): near movies stay near, far distances mean little.
    """
    places = np.full((len(embeddings), 2), np.nan)
    best_known = np.argsort(-n_ratings, kind="stable")[:MAPPED]
    if len(best_known) > PERPLEXITY and embeddings.shape[1] > 1:
        tsne = TSNE(
            init="pca",
            perplexity=PERPLEXITY,
            max_iter=MAP_ITERATIONS,
            random_state=derive(seed, "map"),
        )
        places[best_known] = tsne.fit_transform(embeddings[best_known])
    else:  # too few movies for t-SNE, or a single factor: the factors themselves are the map
        width = min(2, embeddings.shape[1])
        places[best_known] = 0
        places[best_known, :width] = embeddings[best_known, :width]
    return places.round(3)


if __name__ == "__main__":
    command.run(main)
