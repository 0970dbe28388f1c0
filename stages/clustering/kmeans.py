"""k-means clusters of movies (scikit-learn)."""

import numpy as np
from jaxtyping import Float, Int
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from stages.core.cli import UserError
from stages.core.seeds import derive_seed

N_INIT = 10  # runs from other starts, of which the best is kept


def k_means(
    embedding: Float[np.ndarray, "movies dimensions"], n_clusters: int, seed: int
) -> tuple[Int[np.ndarray, " movies"], float]:
    """The cluster of each movie, and the inertia: the sum of squared distances to the nearest centre.

    Clusters are numbered from 0 by size, the largest first; there are fewer than
    `n_clusters` if there are fewer distinct embeddings. Raises UserError for too few movies.
    """
    if n_clusters > len(embedding):
        raise UserError(
            f"n_clusters is {n_clusters}, but only {len(embedding)} movies have enough ratings; "
            f"lower n_clusters to at most {len(embedding)}, or min_ratings"
        )
    n_clusters = min(n_clusters, len(np.unique(embedding, axis=0)))
    with threadpool_limits(limits=1):  # the last digit of the centres depends on the number of threads
        kmeans = KMeans(n_clusters, n_init=N_INIT, random_state=derive_seed(seed, "cluster")).fit(embedding)
    size = np.bincount(kmeans.labels_, minlength=n_clusters)
    rank = np.argsort(np.argsort(-size, kind="stable"))
    return rank[kmeans.labels_], float(kmeans.inertia_)
