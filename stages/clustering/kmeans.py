"""k-means clusters of movies (scikit-learn)."""

import numpy as np
from jaxtyping import Float, Int
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from stages.core.seeds import derive_seed


def k_means(
    embedding: Float[np.ndarray, "movies dimensions"], n_clusters: int, seed: int, n_init: int
) -> tuple[Int[np.ndarray, " movies"], float]:
    """The cluster of each movie, and the inertia: the sum of squared distances to the nearest centre.

    The best of `n_init` runs. Clusters are numbered from 0 by size, the largest first; there are fewer than
    `n_clusters` if there are fewer distinct embeddings.
    """
    n_clusters = min(n_clusters, len(np.unique(embedding, axis=0)))
    with threadpool_limits(limits=1):  # the last digit of the centres depends on the number of threads
        kmeans = KMeans(n_clusters, n_init=n_init, random_state=derive_seed(seed, "cluster")).fit(embedding)
    size = np.bincount(kmeans.labels_, minlength=n_clusters)
    rank = np.argsort(np.argsort(-size, kind="stable"))
    return rank[kmeans.labels_], float(kmeans.inertia_)
