"""The short-history ridge: what else somebody has rated, and how highly, from a few of their ratings.

    min over B, b:  Σ_u w_u E ‖t_u - Bᵀ z_u - b‖² + λ ‖B‖²

z_u has the values x_u of a random n of the N ratings of user u and is 0 elsewhere; t_u has the stars of the
other N - n, as shares of 5. So the model is fitted to people of whom as little is known as of somebody new,
where EASE is fitted to whole histories. The expectations over the choice are exact:

    E z_i = (n/N) x_i,    E z_i² = (n/N) x_i²,    E z_i z_j = a x_i x_j,    a = n(n-1) / (N(N-1))
    E t_j = ((N-n)/N) s_j,                        E z_i t_j = h x_i s_j,    h = n(N-n) / (N(N-1)),    i ≠ j

So with D = λI + diag Σ w (n/N - a) x², e = Σ w h x s, and the diagonal matrices and vectors of the users

    B = (D + Xᵀ M X)⁻¹ (Xᵀ H S - diag e),    M = diag wa - p pᵀ/W,    H = diag wh - p qᵀ/W
    W = Σ w,    p = w n/N,    q = w (N-n)/N,    b = (Sᵀ q - Bᵀ Xᵀ p) / W

where the terms in W centre z and t, as b is not penalized. By Woodbury's identity, off the diagonal

    B = D⁻¹ Xᵀ (I + M K)⁻¹ (H S + M X D⁻¹ diag e),    K = X D⁻¹ Xᵀ,    of the order of the users

of which the leading singular vectors are kept: that ranks better than all of them.
"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.randomized_svd import leading_singular_vectors
from stages.movielens.ratings import Ratings
from stages.ranking.ease import LinearModel
from stages.ranking.metrics import BLOCK

GIVEN = 5  # n, or N - 1 if that is less; serves people with more or fewer ratings, too
PENALTY = 1.5  # λ
WEIGHT = 0.25  # power of N to which w is proportional
RANK = 96
MAX_USERS = 4_000  # of more, an evenly spaced choice


def fit(train: Ratings, values: Float[Tensor, " n_ratings"]) -> LinearModel:
    """Fit to ratings, in stars, and the values that stand for them when they are given."""
    users = train.user.unique()
    kept = torch.isin(train.user, users[:: -(-len(users) // MAX_USERS)])
    movie, s, x = train.movie[kept], train.rating[kept].double() / 5, values[kept].double()
    _, user, count = torch.unique(train.user[kept], return_inverse=True, return_counts=True)
    n_rated, n = count.double(), (count - 1).clamp(max=GIVEN).double()
    weight = n_rated**WEIGHT / (n_rated**WEIGHT).mean()
    pairs = (n_rated * (n_rated - 1)).clamp(min=1)
    a, h = weight * n * (n - 1) / pairs, weight * n * (n_rated - n) / pairs
    p, q = weight * n / n_rated, weight * (n_rated - n) / n_rated

    per_movie, cells = partial(torch.bincount, movie, minlength=train.n_movies), torch.stack([user, movie])
    matrix = partial(torch.sparse_coo_tensor, cells, size=(len(count), train.n_movies), check_invariants=True)
    d = PENALTY + per_movie((p - a)[user] * x.square())
    e = per_movie(h[user] * x * s)
    scaled, m = matrix(x / d[movie]), torch.diag(a) - torch.outer(p, p) / weight.sum()
    inner = torch.cat([torch.diag(h) - torch.outer(p, q) / weight.sum(), m], dim=1)
    inner = torch.linalg.solve(torch.eye(len(m)) + m @ product(scaled, matrix(x).coalesce()), inner)
    of_stars, of_diagonal = inner.float().tensor_split(2, dim=1)
    stars, scaled, diagonal = matrix(s).float(), scaled.float(), e.float()[:, None]

    def times(thin: Tensor) -> Tensor:
        found: Tensor = scaled.T @ (of_stars @ (stars @ thin) + of_diagonal @ (scaled @ (diagonal * thin)))
        return found

    def transposed_times(thin: Tensor) -> Tensor:
        of_users = scaled @ thin
        found: Tensor = stars.T @ (of_stars.T @ of_users) + diagonal * (scaled.T @ (of_diagonal.T @ of_users))
        return found

    mean_x, mean_s = (per_movie(value).float() / weight.sum() for value in (p[user] * x, q[user] * s))
    intercept = mean_s - transposed_times(mean_x[:, None])[:, 0] + mean_x * (e / d).float()
    shape, generator = (train.n_movies, train.n_movies), torch.Generator().manual_seed(0)
    left, size, right = leading_singular_vectors(times, transposed_times, shape, RANK, generator)
    left, right = left * size.sqrt(), right * size.sqrt()
    return LinearModel(torch.arange(train.n_movies), train.n_movies, intercept.float(), left, right.T)


def product(left: Float[Tensor, "n columns"], right: Float[Tensor, "m columns"]) -> Float[Tensor, "n m"]:
    """`left` times the transpose of `right`, both sparse, by blocks of the rows of `right`."""
    blocks = torch.arange(len(right)).split(BLOCK)
    return torch.cat([left @ right.index_select(0, block).to_dense().T for block in blocks], dim=1)
