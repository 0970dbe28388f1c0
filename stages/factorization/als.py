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

from stages.command import UserError
from stages.factorization.model import FIXED, LEAST_PENALTY, Model, single
from stages.factorization.normal_equations import Side, normal_equations, of_both_sides
from stages.factorization.solver import Fit, History, Hyperparameters, Problem, mean_squared_error

START = 0.3
"""Standard deviation of the movies' factors at the start, in √stars."""


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Fit by sweeps over users, then movies; reads latent_factors, epochs, biases and both penalties."""
    train, validation = problem.train.to(problem.device), problem.validation.to(problem.device)
    by_user, by_movie = of_both_sides(problem.train, problem.device)
    mean = train.rating.mean() if hyperparameters.biases else train.rating.new_zeros(())
    target = train.rating - mean
    users = _start(train.n_users, 0.0, problem, hyperparameters)
    movies = _start(train.n_movies, START, problem, hyperparameters)
    history = History(hyperparameters.epochs)
    for _ in range(hyperparameters.epochs):
        users = half_step(by_user, movies, target, train.movie, hyperparameters)
        movies = half_step(by_movie, users, target, train.user, hyperparameters)
        model = _model(mean, users, movies, hyperparameters)
        history.record(mean_squared_error(model, train), mean_squared_error(model, validation))
    return Fit(model, history)


def half_step(
    own: Side,
    partners: Float[Tensor, "n_partners entries"],
    target: Float[Tensor, " n_ratings"],
    partner_of: Tensor,
    hyperparameters: Hyperparameters,
) -> Float[Tensor, "n_own entries"]:
    """The best vectors (p_u, b_u) of one side, given the other's; rows without ratings are 0.

    Raises UserError where the ratings do not determine a vector, which only a penalty of 0 allows.
    """
    k = hyperparameters.latent_factors
    penalty = partners.new_full(partners.shape[1:], hyperparameters.regularization)
    if hyperparameters.biases:
        penalty[k] = hyperparameters.bias_regularization
        target = target - partners[partner_of, k]
        partners = torch.cat([partners[:, :k], partners.new_ones(len(partners), 1)], dim=1)
    gramian, moment = normal_equations(own, partners, target)
    root, failed = torch.linalg.cholesky_ex(gramian + penalty.diag())
    if failed.any():
        raise UserError(
            f"the ratings of {int(failed.count_nonzero())} of {len(failed)} users or movies do not determine "
            "their factors; als needs regularization and bias_regularization above 0"
        )
    return torch.cholesky_solve(moment[..., None], root).squeeze(-1)


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
