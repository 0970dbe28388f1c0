"""Groups of movies: k-means on their points (scikit-learn)."""

import numpy as np
from jaxtyping import Float, Int
from sklearn.cluster import KMeans

from stages.core.seeds import derive_seed


def group(
    points: Float[np.ndarray, "movies dimensions"], n_clusters: int, seed: int, starts: int
) -> tuple[Int[np.ndarray, " movies"], float]:
    """The cluster of each movie, and the inertia: the sum of squared distances to the nearest centre.

    Of `starts` runs of k-means the best is kept. Clusters are numbered from 0, the largest first.
    """
    kmeans = KMeans(n_clusters, n_init=starts, random_state=derive_seed(seed, "cluster")).fit(points)
    size = np.bincount(kmeans.labels_, minlength=n_clusters)
    rank = np.argsort(np.argsort(-size, kind="stable"))
    return rank[kmeans.labels_], float(kmeans.inertia_)
