"""Gives each movie a place in the plane, so that near points are seen to be near."""

import numpy as np
from jaxtyping import Float, Int
from sklearn.manifold import TSNE

from stages.core.seeds import derive_seed

MAPPED = 3_000
"""Movies placed on the map, the best-known first: more could not be told apart."""
MAP_ITERATIONS = 500
ANGLE = 0.8
"""Of Barnes & Hut: how far a group of movies may spread, as seen from one, to count as a single one."""
PERPLEXITY = 30
"""About how many neighbours decide where a movie lies on the map."""


def map_positions(
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
            angle=ANGLE,
            random_state=derive_seed(seed, "map"),
        )
        places[best_known] = tsne.fit_transform(embeddings[best_known])
    else:  # too few movies for t-SNE, or a single factor: the factors themselves are the map
        width = min(2, embeddings.shape[1])
        places[best_known] = 0
        places[best_known, :width] = embeddings[best_known, :width]
    return places.round(3)
