"""Matrix factorization by mini-batch gradient descent with Adam: the notebook's recipe, and its repair.

Minimizes, over the training ratings r(u, i),

    Σ (r̂ - r)² + λ (Σ ‖p_u‖² + Σ ‖q_i‖²) + λ_b (Σ b_u² + Σ c_i²),    r̂ = μ + b_u + c_i + p_uᵀ q_i

(Koren, Bell & Volinsky 2009, equation 5; the penalty is on each row once, as in Salakhutdinov & Mnih 2007,
equation 4). A rating carries its part of the penalty: 1/n_u of its user's and 1/n_i of its movie's.

A bias is one more factor whose partner is fixed at 1: with x_u = (p_u, b_u, 1) and y_i = (q_i, 1, c_i),
r̂ = μ + x_uᵀ y_i, and each rating adds to the gradient, except at the entries fixed at 1,

    ∂/∂x_u: 2 (r̂ - r) y_i + 2 Λ x_u / n_u        ∂/∂y_i: 2 (r̂ - r) x_u + 2 Λ y_i / n_i
"""

import torch
from jaxtyping import Float
from torch import Tensor

from stages.factorization.model import FIXED, LEAST_PENALTY, Model, single
from stages.factorization.solver import Fit, History, Hyperparameters, Problem, mean_squared_error

START = 0.05
"""Factors start uniform between 0 and this; biases at 0."""


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Fit by Adam; reads every hyperparameter. `train_loss` is the mean over an epoch as it goes on."""
    train, validation = problem.train.to(problem.device), problem.validation.to(problem.device)
    table = _start(problem, hyperparameters).to(problem.device)
    table.grad = torch.zeros_like(table)
    free, penalty = (entries.to(problem.device) for entries in _entries(hyperparameters))
    mean = train.rating.mean() if hyperparameters.biases else torch.zeros((), device=problem.device)
    rows = torch.stack([train.user, train.n_users + train.movie], dim=1)
    part = 1 / torch.bincount(rows.flatten(), minlength=len(table)).float()[rows]
    target = train.rating - mean
    adam = torch.optim.Adam([table], lr=hyperparameters.learning_rate, fused=True)
    history = History(hyperparameters.epochs)
    for _ in range(hyperparameters.epochs):
        order = torch.randperm(len(train), generator=problem.generator).to(problem.device)
        loss = torch.zeros((), device=problem.device)
        for batch in order.split(hyperparameters.batch_size):
            row = rows[batch]
            pair = table[row]  # (batch, 2, entries): x_u and y_i
            error = pair.prod(dim=1).sum(dim=1) - target[batch]
            slope = error[:, None, None] * pair.flip(1) * free + penalty * pair * part[batch][..., None]
            table.grad.zero_().index_add_(0, row.flatten(), slope.flatten(0, 1) * (2 / len(batch)))
            adam.step()
            loss += error.square().sum()
        model = _model(table, mean, train.n_users, hyperparameters)
        history.record(loss / len(train), mean_squared_error(model, validation))
    return Fit(model, history)


def _start(problem: Problem, hyperparameters: Hyperparameters) -> Float[Tensor, "rows entries"]:
    """One table with a row for every user, then one for every movie."""
    n_users, n_movies = problem.train.n_users, problem.train.n_movies
    factors = torch.rand(
        n_users + n_movies, hyperparameters.latent_factors, generator=problem.generator
    ).mul_(START)
    if not hyperparameters.biases:
        return factors
    user_columns = torch.tensor([[0.0, 1.0]]).expand(n_users, 2)
    movie_columns = torch.tensor([[1.0, 0.0]]).expand(n_movies, 2)
    return torch.cat([factors, torch.cat([user_columns, movie_columns])], dim=1)


def _entries(
    hyperparameters: Hyperparameters,
) -> tuple[Float[Tensor, "2 entries"], Float[Tensor, "2 entries"]]:
    """For a user's and a movie's row: 1 where an entry is learned and 0 where it is fixed; its penalty Λ."""
    free = torch.ones(2, hyperparameters.latent_factors)
    penalty = free * hyperparameters.regularization
    if not hyperparameters.biases:
        return free, penalty
    own_bias = torch.eye(2)
    return (
        torch.cat([free, own_bias], dim=1),
        torch.cat([penalty, own_bias * hyperparameters.bias_regularization], dim=1),
    )


def _model(table: Tensor, mean: Tensor, n_users: int, hyperparameters: Hyperparameters) -> Model:
    users, movies = table[:n_users], table[n_users:]
    k = hyperparameters.latent_factors
    penalty = max(hyperparameters.regularization, LEAST_PENALTY)
    if not hyperparameters.biases:
        none = users.new_zeros(len(users)), movies.new_zeros(len(movies))
        return single(mean, *none, users, movies, (penalty, FIXED))
    penalties = penalty, max(hyperparameters.bias_regularization, LEAST_PENALTY)
    return single(mean, users[:, k], movies[:, k + 1], users[:, :k], movies[:, :k], penalties)
