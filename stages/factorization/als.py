"""Matrix factorization by alternating least squares: the objective of `adam`, in closed form.

    Σ (r̂ - r)² + λ (Σ ‖p_u‖² + Σ ‖q_i‖²) + λ_b (Σ b_u² + Σ c_i²),    r̂ = μ + b_u + c_i + p_uᵀ q_i

With the movies fixed, every user is a ridge regression of its own on y_i = (q_i, 1), and the other way round:

    (Σ y_i y_iᵀ + Λ) (p_u, b_u) = Σ y_i (r - μ - c_i),    Λ = diag(λ, …, λ, λ_b)

so that no half-step can raise the objective. Koren, Bell & Volinsky 2009, "Alternating least squares";
Zhou et al. 2008, "Large-Scale Parallel Collaborative Filtering", section 3.1.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.core.cli import UserError
from stages.factorization.distributed import ProcessGroup
from stages.factorization.model import FIXED, LEAST_PENALTY, Model, single
from stages.factorization.normal_equations import (
    AT_ONCE,
    GroupedRatings,
    divide,
    normal_equations,
    of_both_sides,
    unpack,
)
from stages.factorization.solver import Fit, History, Hyperparameters, Problem, mean_squared_error

START = 0.3
"""Standard deviation of the movies' factors at the start, in √stars."""


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Fit by sweeps over users, then movies; reads latent_factors, epochs, biases and both penalties.

    Several ranks, if there are, each solve for some of the users and some of the movies.
    """
    ranks = ProcessGroup.current()
    train, validation = problem.train.to(problem.device), problem.validation.to(problem.device)
    mean = train.rating.mean() if hyperparameters.biases else train.rating.new_zeros(())
    target = train.rating - mean
    user_shares = divide(torch.bincount(problem.train.user, minlength=train.n_users), ranks.size)
    movie_shares = divide(torch.bincount(problem.train.movie, minlength=train.n_movies), ranks.size)
    own = user_shares[ranks.rank], movie_shares[ranks.rank]
    by_user, by_movie = of_both_sides(problem.train, problem.device, *own)
    of_users, of_movies = target.index_select(0, by_user.rating), target.index_select(0, by_movie.rating)
    movies = _start(train.n_movies, START, problem, hyperparameters)
    history = History(hyperparameters.epochs)
    for _ in range(hyperparameters.epochs):
        found, _ = half_step(by_user, of_users, movies, hyperparameters)
        users = ranks.gather(found, user_shares)
        found, squared_error = half_step(by_movie, of_movies, users, hyperparameters)
        movies = ranks.gather(found, movie_shares)
        model = _model(mean, users, movies, hyperparameters)
        train_loss = ranks.total(squared_error) / len(train)
        history.record(train_loss, mean_squared_error(model, validation))
    return Fit(model, history)


def half_step(
    own: GroupedRatings,
    target: Float[Tensor, " n_ratings"],
    partners: Float[Tensor, "n_partners entries"],
    hyperparameters: Hyperparameters,
) -> tuple[Float[Tensor, "n_own entries"], Float[Tensor, ""]]:
    """The best vectors x = (p_u, b_u) of one side, given the other's, and Σ (r̂ - r)² of their ratings.

    `target` are the ratings above the mean, in the order of the side. With moment = Σ y t, the sum is
    Σ t² - xᵀ (moment + Λ x) at the minimum. Rows without ratings are 0.
    Raises UserError where the ratings do not determine a vector, which only a penalty of 0 allows.
    """
    k = hyperparameters.latent_factors
    penalty = partners.new_full(partners.shape[1:], hyperparameters.regularization)
    bias, design = partners.new_zeros(len(partners)), partners
    if hyperparameters.biases:
        penalty[k] = hyperparameters.bias_regularization
        bias, design = (
            partners[:, k],
            torch.cat([partners[:, :k], partners.new_ones(len(partners), 1)], dim=1),
        )
    rest = target - bias.index_select(0, own.partner)
    triangle, moment = normal_equations(own, design, rest)
    solved = []
    for part, pull in zip(triangle.split(AT_ONCE), moment.split(AT_ONCE), strict=True):
        gramian = unpack(part, design.shape[1])
        gramian.diagonal(dim1=1, dim2=2).add_(penalty)
        root, failed = torch.linalg.cholesky_ex(gramian)
        if not hyperparameters.regularization * hyperparameters.bias_regularization and failed.any():
            raise UserError(
                "the ratings of some users or movies do not determine their factors; "
                "als needs regularization and bias_regularization above 0"
            )
        solved.append(torch.cholesky_solve(pull[..., None], root).squeeze(-1))
    x = torch.cat(solved)
    explained = (x * (moment + penalty * x)).sum(dtype=torch.float64)
    return x, rest.square().sum(dtype=torch.float64) - explained


def _start(n_rows: int, spread: float, problem: Problem, hyperparameters: Hyperparameters) -> Tensor:
    """Factors drawn from a normal distribution, then the bias, 0."""
    factors = torch.randn(n_rows, hyperparameters.latent_factors, generator=problem.generator) * spread
    bias = torch.zeros(n_rows, int(hyperparameters.biases))
    return torch.cat([factors, bias], dim=1).to(problem.device)


def _model(mean: Tensor, users: Tensor, movies: Tensor, hyperparameters: Hyperparameters) -> Model:
    k = hyperparameters.latent_factors
    penalty = max(hyperparameters.regularization, LEAST_PENALTY)
    if not hyperparameters.biases:
        none = users.new_zeros(len(users)), movies.new_zeros(len(movies))
        return single(mean, *none, users, movies, (penalty, FIXED))
    penalties = penalty, max(hyperparameters.bias_regularization, LEAST_PENALTY)
    return single(mean, users[:, k], movies[:, k], users[:, :k], movies[:, :k], penalties)
