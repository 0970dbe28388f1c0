"""The model that every solver fits: a mean, biases, and factors of users and movies.

    r̂(u, i) = μ + b_u + c_i + p_uᵀ q_i

Koren, Bell & Volinsky 2009, "Matrix Factorization Techniques for Recommender Systems", equation 4. A Bayesian
solver returns many draws of all of these. Predictions are averages over the draws; factors must not be
averaged, because each draw may be rotated.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad
from tqdm import tqdm

from stages.core.files import check_index
from stages.core.tensors import TensorFile
from stages.factorization.randomized_svd import leading_singular_vectors
from stages.movielens.ratings import MAX_MINUTES, Ratings, moment_of

NOISE_SHAPE = 4.0  # of the gamma prior on the users' noise precisions: about ±50 % between users
FIXED = 1e9  # prior precision of an entry that is 0 for every user
BLOCK = 2**15  # ratings whose factors are multiplied at once, so that they stay in the processor's cache


@dataclass(frozen=True)
class Model(TensorFile):
    """One or more draws, and the prior of a user: (p, b) ~ N(m + Bᵀ f, Λ⁻¹), f = Σ V_i / √n for n ratings."""

    written_by: ClassVar[str] = "train"
    mean: Float[Tensor, ""]  # μ, in stars; 0 in a model without biases
    user_biases: Float[Tensor, "draws n_users"]  # b, in stars
    movie_biases: Float[Tensor, "draws n_movies"]  # c, in stars
    movie_factors: Float[Tensor, "draws n_movies factors"]  # q
    movie_columns: Float[Tensor, "n_movies columns"]  # g, the known numbers of each movie
    user_factors: Float[Tensor, "draws n_users factors+columns"]  # p, followed by the effects a of g
    noise: Float[Tensor, "draws n_users"]  # variance of a user's ratings, in stars²; 0 if not estimated
    knot: Int[Tensor, " knots"]  # moments of ratings by `moment_of`, ascending
    drift: Float[Tensor, "processes knots"]  # mean of each process of drift over the draws, in stars
    drift_length: Float[Tensor, " processes"]  # seconds in which a process forgets itself by a factor of e
    drift_precision: Float[Tensor, "draws processes"]  # 1 / variance of a process, of all users, in stars⁻²
    prior_mean: Float[Tensor, "draws factors+columns+1"]  # m
    prior_precision: Float[Tensor, "draws factors+columns+1 factors+columns+1"]  # Λ
    feature_weights: Float[Tensor, "draws width factors+columns+1"]  # B
    feature_basis: Float[Tensor, "n_movies width"]  # V
    noise_rate: Float[Tensor, " draws"]  # of the gamma prior on noise precisions; 0 if these are 1
    embeddings: Float[Tensor, "n_movies latent_factors"]  # only their distances and directions have meaning

    @property
    def draws(self) -> int:
        """Number of draws: 1 unless the solver is Bayesian."""
        return len(self.user_biases)

    @property
    def n_users(self) -> int:
        """Number of users that the model was trained with."""
        return self.user_biases.shape[1]

    def movie_vectors(
        self, draw: int | slice = slice(None), movie: Int[Tensor, " n"] | slice = slice(None)
    ) -> Float[Tensor, "*draws n entries"]:
        """(q, g) of these movies in these draws."""
        q, g = self.movie_factors[draw][..., movie, :].float(), self.movie_columns[movie].float()
        return torch.cat([q, g.expand(*q.shape[:-1], -1)], dim=-1)

    def predict(self, ratings: Ratings) -> Float[Tensor, " n_ratings"]:
        """Predicted stars of these users for these movies at these times, not clipped to the scale."""
        return self.predict_distribution(ratings)[0]

    def predict_distribution(
        self, ratings: Ratings
    ) -> tuple[Float[Tensor, " n_ratings"], Float[Tensor, " n_ratings"]]:
        """Mean and standard deviation of each rating's predictive distribution, in stars.

        By the law of total variance: the variance of the prediction between draws, plus the mean noise and
        the variance of the drift.
        """
        user, movie = ratings.user, ratings.movie
        total, squares, noise = torch.zeros(3, len(ratings), device=user.device)
        for draw in tqdm(range(self.draws), desc="predict", unit="draw", delay=2):
            prediction = self.user_biases[draw, user].float() + self.movie_biases[draw, movie].float()
            prediction += dot_products(self.user_factors[draw], self.movie_vectors(draw), ratings)
            total += prediction
            squares += prediction.square()
            noise += self.noise[draw, user].float()
        average = total / self.draws
        variance = (squares / self.draws - average.square()).clamp(min=0) + noise / self.draws
        drift, drift_variance = self.drift_at(ratings)
        return self.mean + average + drift, (variance + drift_variance).sqrt()

    def drift_at(self, ratings: Ratings) -> tuple[Float[Tensor, " n_ratings"], Float[Tensor, " n_ratings"]]:
        """Mean and variance of the drift at each rating, given that at the knots before and after it.

        With ρ and ρ' to these, z ~ N((ρ (1 - ρ'²) z₋ + ρ' (1 - ρ²) z₊) / d, σ² (1 - ρ²) (1 - ρ'²) / d), where
        d = 1 - ρ² ρ'². The variance of z₋ and z₊ is left out: with that of the bias, it would count twice.
        """
        moment = moment_of(ratings)
        mean, variance = torch.zeros(2, len(ratings), device=moment.device)
        if not len(self.drift):
            return mean, variance
        place = torch.searchsorted(self.knot, moment)
        last, next_ = (place - 1).clamp(min=0), place.clamp(max=len(self.knot) - 1)
        # a knot of another user is centuries away
        since = (moment - self.knot[last]).where(place > 0, 60 * MAX_MINUTES)
        until = (self.knot[next_] - moment).where(place < len(self.knot), 60 * MAX_MINUTES)
        for process, length in enumerate(self.drift_length.tolist()):
            rho, rho_next = (torch.exp(gap.double() / -length).float() for gap in (since, until))
            scale = 1 - (rho * rho_next).square()
            mean += rho * (1 - rho_next.square()) / scale * self.drift[process, last]
            mean += rho_next * (1 - rho.square()) / scale * self.drift[process, next_]
            free = (1 - rho.square()) * (1 - rho_next.square()) / scale
            variance += free * (1 / self.drift_precision[:, process]).mean()
        return mean, variance

    def stars(self, vectors: Float[Tensor, "users draws entries"]) -> Float[Tensor, "users n_movies"]:
        """Predicted stars of every movie for users with vectors (p, a, b), without drift."""
        k = self.movie_factors.shape[2]
        p, a, b = vectors[..., :k].flatten(1), vectors[..., k:-1].mean(dim=1), vectors[..., -1:].mean(dim=1)
        q = self.movie_factors.float().transpose(1, 2).flatten(0, 1)
        biases = self.mean + b + self.movie_biases.float().mean(dim=0)
        return biases + p @ q / self.draws + a @ self.movie_columns.float().T

    def score(self, user: Int[Tensor, " users"]) -> Float[Tensor, "users n_movies"]:
        """Predicted stars of every movie for users of the model, without drift."""
        vectors = torch.cat([self.user_factors[:, user], self.user_biases[:, user, None]], dim=2)
        return self.stars(vectors.float().transpose(0, 1))

    def expected_of_everybody(self) -> tuple[Float[Tensor, " n_movies"], Float[Tensor, " n_movies"]]:
        """Predicted stars of every movie, averaged over users, and their standard deviation between draws."""
        p, b = self.user_factors.float().mean(dim=1), self.user_biases.float().mean(dim=1)
        average = b[:, None] + self.movie_biases + torch.einsum("de,dme->dm", p, self.movie_vectors())
        return self.mean + average.mean(dim=0), average.std(dim=0, correction=0)

    def embed(self, rank: int, generator: torch.Generator) -> Float[Tensor, "n_movies rank"]:
        """The best numbers for each movie to rebuild how users' predictions differ from those of all users.

        By the leading singular vectors of p_uᵀ q_i + a_uᵀ g_i, averaged over draws and centred over users
        (Eckart & Young 1936). Factors themselves must not be averaged: each draw may be rotated. The distance
        of two rows is the root mean square, over users, of the difference in stars.
        """
        k, n_users = self.movie_factors.shape[2], self.n_users
        centred = self.user_factors.float() - self.user_factors.float().mean(dim=1, keepdim=True)
        p, a = centred[..., :k].transpose(0, 1).flatten(1) / self.draws, centred[..., k:].mean(dim=0)
        users = torch.cat([p, a], dim=1)
        q = self.movie_factors.float().transpose(0, 1).flatten(1)
        movies = torch.cat([q, self.movie_columns.float()], dim=1)
        _, singular, right = leading_singular_vectors(
            lambda thin: users @ (movies.T @ thin),
            lambda thin: movies @ (users.T @ thin),
            (n_users, len(movies)),
            rank,
            generator,
        )
        missing = rank - len(singular)  # above 0 with fewer users or movies than factors
        return pad(right * singular / n_users**0.5, (0, missing))

    def validate(self) -> None:
        """Raise ValueError if there is no draw, knots are not ascending or a variance is negative."""
        if not self.draws:
            raise ValueError("it contains no draw")
        check_index("knot", self.knot, self.n_users * MAX_MINUTES * 60)
        if (self.knot.diff() <= 0).any():
            raise ValueError("knot is not in ascending order")
        if (self.noise < 0).any():
            raise ValueError("noise has negative values")


@dataclass(frozen=True)
class NotebookFactors(TensorFile):
    """Factors of the notebook's recipe; no seeds if it was left out."""

    written_by: ClassVar[str] = "notebook"
    user_factors: Float[Tensor, "seeds n_users k"]
    movie_factors: Float[Tensor, "seeds n_movies k"]


@dataclass(frozen=True)
class Replicas(TensorFile):
    """Movie embeddings from fits with other seeds, and from one without genres if the model uses them."""

    written_by: ClassVar[str] = "replicas"
    embeddings: Float[Tensor, "replicas n_movies latent_factors"]
    without_genres: Float[Tensor, "fits_without_genres n_movies latent_factors"]


def single(
    mean: Float[Tensor, ""],
    users: Float[Tensor, "n_users entries"],
    movies: Float[Tensor, "n_movies width"],
    penalty: Float[Tensor, " entries"] | None = None,
    columns: Float[Tensor, "n_movies columns"] | None = None,
) -> Model:
    """A model of one draw, from vectors (p, a, b), (q, c) and known numbers g, if there are any.

    L2 penalties on a user's vector are the precision of its prior, raised to 1e-6 so that it is proper.
    """
    n_entries = users.shape[1]
    precision = mean.new_full((n_entries,), FIXED) if penalty is None else penalty.clamp(min=1e-6)
    return Model(
        mean=mean,
        user_biases=users[None, :, -1],
        movie_biases=movies[None, :, -1],
        user_factors=users[None, :, :-1],
        movie_factors=movies[None, :, :-1],
        movie_columns=mean.new_zeros(len(movies), 0) if columns is None else columns,
        noise=mean.new_zeros(1, len(users)),
        knot=torch.zeros(0, dtype=torch.int64, device=mean.device),
        drift=mean.new_zeros(0, 0),
        drift_length=mean.new_zeros(0),
        drift_precision=mean.new_zeros(1, 0),
        prior_mean=mean.new_zeros(1, n_entries),
        prior_precision=precision.diag()[None],
        feature_weights=mean.new_zeros(1, 0, n_entries),
        feature_basis=mean.new_zeros(len(movies), 0),
        noise_rate=mean.new_zeros(1),
        embeddings=movies[:, :-1],
    )


def dot_products(
    user_factors: Float[Tensor, "n_users k"], movie_factors: Float[Tensor, "n_movies k"], ratings: Ratings
) -> Float[Tensor, " n_ratings"]:
    """p_uᵀ q_i of each rating."""
    p, q = user_factors.float().contiguous(), movie_factors.float().contiguous()
    blocks = zip(ratings.user.split(BLOCK), ratings.movie.split(BLOCK), strict=True)
    return torch.cat([torch.linalg.vecdot(p.index_select(0, u), q.index_select(0, i)) for u, i in blocks])
