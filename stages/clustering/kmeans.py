"""k-means clusters of movies (scikit-learn), in chronological order.

After some restarts, of which the best is kept, one centre at a time is moved to a random movie, and Lloyd's
algorithm run again; what lowers the inertia is kept: Fränti 2018, "Efficiency of random swap clustering". In
the same time, the results of two seeds agree more than those of restarts alone.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from stages.core import cli, seeds

RESTARTS, SWAPS = 3, 15

Labels = Int[np.ndarray, " movies"]


def k_means(
    embedding: Float[np.ndarray, "movies dimensions"], n_clusters: int, seed: int
) -> tuple[Labels, float]:
    """The cluster of each movie, and the inertia: the sum of squared distances to the nearest centre.

    There are fewer clusters if there are fewer distinct embeddings. Raises UserError for too few movies.
    """
    from sklearn.cluster import KMeans

    if n_clusters > len(embedding):
        problem = f"n_clusters is {n_clusters}, but only {len(embedding)} movies have enough ratings"
        raise cli.UserError(f"{problem}; lower n_clusters to at most {len(embedding)}, or min_ratings")
    n_clusters = min(n_clusters, len(np.unique(embedding, axis=0)))
    purpose = seeds.derive_seed(seed, "cluster")
    rng = np.random.default_rng(purpose)
    with threadpool_limits(limits=1):  # the last digit of the centres depends on the number of threads
        best = KMeans(n_clusters, n_init=RESTARTS, random_state=purpose).fit(embedding)
        for _ in range(SWAPS):
            centres = best.cluster_centers_.copy()
            centres[rng.integers(n_clusters)] = embedding[rng.integers(len(embedding))]
            swapped = KMeans(n_clusters, init=centres, n_init=1).fit(embedding)
            best = min(best, swapped, key=lambda fit: fit.inertia_)
    return best.labels_, float(best.inertia_)


def chronological(labels: Labels, years: pd.Series) -> Labels:
    """The same clusters, numbered from 0 by median year (unknown last), then by size, the largest first."""
    by_cluster = years.astype("Float64").groupby(labels)
    order = by_cluster.agg(["median", "size"]).sort_values(["median", "size"], ascending=[True, False])
    return np.asarray(order.index.argsort()[labels])
