"""What kind of movie each is, by who watches what: movies that share more viewers than chance lie near.

    a_ij = max(0, log (n_ij + PRIOR) / (e_ij + PRIOR)),    0 where i = j

compares the people who rated both movies with those expected if nobody had a taste, only a number of ratings
to give, and no movie a kind, only a number of ratings to get (`expected_in_common`). This is the shrunken
positive pointwise mutual information, and its leading singular vectors are the embeddings: Levy & Goldberg
2014, "Neural Word Embedding as Implicit Matrix Factorization", of which item2vec (Barkan & Koenigstein 2016)
is the sampled form. No rating's value and no genre plays a part.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import csr_array
from torch import Tensor

from stages.factorization.randomized_svd import leading_singular_vectors
from stages.movielens.ratings import Ratings

PRIOR = 3.0
"""People's worth of belief, beforehand, that two movies have nothing to do with each other."""
RANK = 8
"""Numbers a movie."""
POWER = 0.25
"""Of the singular values, by which the vectors are scaled: below 1, the leading ones dominate less (Levy,
Goldberg & Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word Embeddings")."""
LANDMARKS = 5_000
"""Movies are compared with at most so many, the best known."""
BLOCK = 1_000
"""Movies whose shared viewers are counted at once."""
ROUNDS = 100
"""Of the fixed point of the configuration model, long settled by then."""


def ppmi_embedding(
    train: Ratings, movies: Int[np.ndarray, " movies"], generator: torch.Generator
) -> Float[np.ndarray, "movies rank"]:
    """A row for each of `movies` (indices), RANK numbers wide; zeros where there is nothing to tell."""
    ones = np.ones(len(train), dtype=np.float32)
    place = (train.movie.numpy(), train.user.numpy())
    rated = csr_array((ones, place), (train.n_movies, train.n_users))[movies]
    count = rated.sum(axis=1).round().astype(int)
    landmarks = np.argsort(-count, kind="stable")[:LANDMARKS]
    expected, degree = expected_in_common(rated.sum(axis=0).round().astype(int), count)
    association = np.zeros((len(movies), len(landmarks)), dtype=np.float32)
    for start in range(0, len(movies), BLOCK):
        rows = slice(start, start + BLOCK)
        both = (rated[rows] @ rated[landmarks].T).toarray()
        by_chance = expected[np.ix_(degree[rows], degree[landmarks])]
        association[rows] = np.log((both + PRIOR) / (by_chance + PRIOR)).clip(min=0)
    association[landmarks, np.arange(len(landmarks))] = 0
    return _embed(torch.from_numpy(association), generator)


def expected_in_common(
    of_user: Int[np.ndarray, " n_users"], of_movie: Int[np.ndarray, " movies"]
) -> tuple[Float[np.ndarray, "degrees degrees"], Int[np.ndarray, " movies"]]:
    """How many people rate two movies by chance: of each two numbers of ratings, and which is each movie's.

    By the bipartite configuration model, which has the highest entropy of all in which each user gives, and
    each movie gets, as many ratings as they did: P(u rates i) = x_u y_i / (1 + x_u y_i). Solved by its fixed
    point, once for all users, or movies, with the same number. Saracco et al. 2015, "Randomizing bipartite
    networks: the case of the World Trade Web", equations 3 and 4.
    """
    given, n_givers = np.unique(of_user, return_counts=True)
    got, degree, n_getters = np.unique(of_movie, return_inverse=True, return_counts=True)
    x, y = (number / max(of_user.sum(), 1) ** 0.5 for number in (given, got))
    for _ in range(ROUNDS):
        x = given / (n_getters * y / (1 + np.outer(x, y))).sum(axis=1).clip(min=1e-12)
        y = got / ((n_givers * x)[:, None] / (1 + np.outer(x, y))).sum(axis=0).clip(min=1e-12)
    chance = np.outer(x, y) / (1 + np.outer(x, y))
    return (n_givers[:, None] * chance).T @ chance, degree


def _embed(
    association: Float[Tensor, "movies landmarks"], generator: torch.Generator
) -> Float[np.ndarray, "movies rank"]:
    shape = (association.shape[0], association.shape[1])
    left, singular, _ = leading_singular_vectors(
        lambda thin: association @ thin, lambda thin: association.T @ thin, shape, RANK, generator
    )
    embedding = torch.nn.functional.pad(left * singular**POWER, (0, RANK - len(singular)))
    embedding[~association.any(dim=1)] = 0
    return embedding.double().numpy()
