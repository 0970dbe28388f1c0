"""Embeddings of movies by who rates them: movies that share more raters than expected are close.

    a_ij = max(0, log (n_ij + PRIOR) / (e_ij + PRIOR)),    0 where i = j

n_ij users rated both movies, and e_ij would if users and movies had their numbers of ratings but no
preferences (`expected_in_common`). This is the positive pointwise mutual information (PPMI) with a prior. Its
leading singular vectors are the embeddings: Levy & Goldberg 2014, "Neural Word Embedding as Implicit Matrix
Factorization", of which item2vec (Barkan & Koenigstein 2016) is the sampled form. The values of ratings and
the genres are not used.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from stages.factorization.randomized_svd import leading_singular_vectors
from stages.movielens.ratings import Ratings

PRIOR = 3.0  # users added to both counts, so that few shared raters are weak evidence
RANK = 8  # width of the embeddings
POWER = 0.25
"""Of the singular values that scale the vectors; below 1, the leading vectors dominate less (Levy, Goldberg &
Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word Embeddings")."""
MAX_LANDMARKS = 5_000  # columns of the matrix: the most rated movies
BLOCK = 1_000  # rows of the matrix that are computed at once


def ppmi_embedding(
    train: Ratings, movies: Int[np.ndarray, " movies"], generator: torch.Generator
) -> Float[np.ndarray, "movies rank"]:
    """A row of width RANK for each of `movies` (indices); zeros for a movie without PPMI to any other."""
    ones = np.ones(len(train), dtype=np.float32)
    cells = (train.movie.numpy(), train.user.numpy())
    rated = csr_array((ones, cells), (train.n_movies, train.n_users))[movies]
    n_raters = rated.sum(axis=1).round().astype(int)
    landmarks = np.argsort(-n_raters, kind="stable")[:MAX_LANDMARKS]
    expected, degree = expected_in_common(rated.sum(axis=0).round().astype(int), n_raters)
    ppmi = np.zeros((len(movies), len(landmarks)), dtype=np.float32)
    for start in range(0, len(movies), BLOCK):
        rows = slice(start, start + BLOCK)
        both = (rated[rows] @ rated[landmarks].T).toarray()
        at_random = expected[np.ix_(degree[rows], degree[landmarks])]
        ppmi[rows] = np.log((both + PRIOR) / (at_random + PRIOR)).clip(min=0)
    ppmi[landmarks, np.arange(len(landmarks))] = 0
    matrix = torch.from_numpy(ppmi)
    left, singular, _ = leading_singular_vectors(
        lambda thin: matrix @ thin, lambda thin: matrix.T @ thin, ppmi.shape, RANK, generator
    )
    embedding = torch.nn.functional.pad(left * singular**POWER, (0, RANK - len(singular)))
    embedding[~matrix.any(dim=1)] = 0
    return embedding.double().numpy()


def expected_in_common(
    of_user: Int[np.ndarray, " n_users"], of_movie: Int[np.ndarray, " movies"]
) -> tuple[Float[np.ndarray, "degrees degrees"], Int[np.ndarray, " movies"]]:
    """The expected number of users who rate two movies, for each two numbers of ratings; each movie's row.

    By the bipartite configuration model, the distribution of highest entropy in which each user and each
    movie has as many ratings as they do: P(u rates i) = x_u y_i / (1 + x_u y_i). Solved by its fixed point,
    once for all users, or movies, with the same number. Saracco et al. 2015, "Randomizing bipartite networks:
    the case of the World Trade Web", equations 3 and 4.
    """
    per_user, n_users = np.unique(of_user, return_counts=True)
    per_movie, degree, n_movies = np.unique(of_movie, return_inverse=True, return_counts=True)
    x, y = (number / max(of_user.sum(), 1) ** 0.5 for number in (per_user, per_movie))
    for _ in range(100):  # converges earlier
        x = per_user / (n_movies * y / (1 + np.outer(x, y))).sum(axis=1).clip(min=1e-12)
        y = per_movie / ((n_users * x)[:, None] / (1 + np.outer(x, y))).sum(axis=0).clip(min=1e-12)
    probability = np.outer(x, y) / (1 + np.outer(x, y))
    return (n_users[:, None] * probability).T @ probability, degree
