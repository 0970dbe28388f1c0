"""k-means clusters of movies (scikit-learn), in chronological order."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from stages.core.cli import UserError
from stages.core.seeds import derive_seed

N_INIT = 10  # runs from other starts, of which the best is kept

Labels = Int[np.ndarray, " movies"]


def k_means(
    embedding: Float[np.ndarray, "movies dimensions"], n_clusters: int, seed: int
) -> tuple[Labels, float]:
    """The cluster of each movie, and the inertia: the sum of squared distances to the nearest centre.

    There are fewer than `n_clusters` if there are fewer distinct embeddings. Raises UserError for too few
    movies.
    """
    if n_clusters > len(embedding):
        raise UserError(
            f"n_clusters is {n_clusters}, but only {len(embedding)} movies have enough ratings; "
            f"lower n_clusters to at most {len(embedding)}, or min_ratings"
        )
    n_clusters = min(n_clusters, len(np.unique(embedding, axis=0)))
    with threadpool_limits(limits=1):  # the last digit of the centres depends on the number of threads
        kmeans = KMeans(n_clusters, n_init=N_INIT, random_state=derive_seed(seed, "cluster")).fit(embedding)
    return kmeans.labels_, float(kmeans.inertia_)


def chronological(labels: Labels, years: pd.Series) -> Labels:
    """The same clusters, numbered from 0 by median year (unknown last), then by size, the largest first."""
    by_cluster = years.astype("Float64").groupby(labels)
    order = by_cluster.agg(["median", "size"]).sort_values(["median", "size"], ascending=[True, False])
    return np.asarray(order.index.argsort()[labels])
