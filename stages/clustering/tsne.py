"""The 2-D map of the movies by t-SNE."""

import numpy as np
from jaxtyping import Float, Int

from stages.core.seeds import derive_seed

MAX_MOVIES = 3_000  # on the map, the most rated; more would be illegible
PERPLEXITY = 30


def map_positions(
    embedding: Float[np.ndarray, "movies dimensions"], n_ratings: Int[np.ndarray, " movies"], seed: int
) -> Float[np.ndarray, "movies 2"]:
    """2-D positions of the most rated movies by t-SNE (van der Maaten & Hinton 2008); NaN for the others.

    Large distances are not meaningful. Too few movies or dimensions for t-SNE keep their first two.
    """
    from sklearn.manifold import TSNE

    positions = np.full((len(embedding), 2), np.nan)
    shown = np.argsort(-n_ratings, kind="stable")[:MAX_MOVIES]
    points = embedding[shown]
    positions[shown] = np.pad(points, ((0, 0), (0, 2)))[:, :2]
    if len(points) > PERPLEXITY and points.shape[1] > 1 and np.ptp(points, axis=0).any():
        # with larger steps, 350 iterations and the coarsest approximation are as good as 500 and a finer one
        speed = {"learning_rate": max(50, len(points) / 5), "max_iter": 350, "angle": 1}
        tsne = TSNE(perplexity=PERPLEXITY, random_state=derive_seed(seed, "map"), **speed)
        positions[shown] = tsne.fit_transform(points)
    return positions.round(3)
