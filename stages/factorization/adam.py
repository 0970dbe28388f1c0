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
from torch.nn.functional import embedding

from stages.factorization.model import FIXED, LEAST_PENALTY, Model, single
from stages.factorization.solver import Fit, History, Hyperparameters, Problem, mean_squared_error

START = 0.05
"""Factors start uniform between 0 and this; biases at 0."""


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Fit by Adam; reads every hyperparameter. `train_loss` is the mean over an epoch as it goes on."""
    with torch.inference_mode():  # a tenth of a step is spent on what only differentiation would need
        fitted, history = _descend(problem, hyperparameters)
    return Fit(fitted.normal(), history)


def _descend(problem: Problem, hyperparameters: Hyperparameters) -> tuple[Model, History]:
    train, validation = problem.train.to(problem.device), problem.validation.to(problem.device)
    table = _start(problem, hyperparameters).to(problem.device)
    free, penalty = (entries.to(problem.device) for entries in _entries(hyperparameters))
    mean = train.rating.mean() if hyperparameters.biases else torch.zeros((), device=problem.device)
    rows = torch.stack([train.user, train.n_users + train.movie], dim=1)
    part = 1 / torch.bincount(rows.flatten(), minlength=len(table)).float()[rows]
    target = train.rating - mean
    step, gradient = Adam(table, hyperparameters.learning_rate), torch.zeros_like(table)
    penalized = bool(penalty.any())
    history = History(hyperparameters.epochs)
    for _ in range(hyperparameters.epochs):
        order = torch.randperm(len(train), generator=problem.generator).to(problem.device)
        shuffled = (column[order].split(hyperparameters.batch_size) for column in (rows, target, part))
        errors = []
        for row, rating, share in zip(*shuffled, strict=True):
            pair = embedding(row, table)  # (batch, 2, entries): x_u and y_i
            error = torch.linalg.vecdot(pair[:, 0], pair[:, 1]) - rating
            slope = (error * (2 / len(row)))[:, None, None] * pair.flip(1)
            if hyperparameters.biases:
                slope *= free
            if penalized:
                slope += penalty * pair * (share * (2 / len(row)))[..., None]
            step.take(gradient.zero_().index_put_((row,), slope, accumulate=True))
            errors.append(error)
        model = _model(table, mean, train.n_users, hyperparameters)
        history.record(torch.cat(errors).square().mean(), mean_squared_error(model, validation))
    return model, history


class Adam:
    """A table's moments, and the step that they take: Kingma & Ba 2015, algorithm 1, in one fused kernel."""

    def __init__(self, table: Float[Tensor, "rows entries"], learning_rate: float) -> None:
        self.table, self.learning_rate = table, learning_rate
        self.moments = torch.zeros_like(table), torch.zeros_like(table)
        self.step = torch.zeros((), device=table.device)

    def take(self, gradient: Float[Tensor, "rows entries"]) -> None:
        """Move the table by one step, in place."""
        self.step += 1
        first, second = self.moments
        torch._fused_adam_(
            [self.table],
            [gradient],
            [first],
            [second],
            [],
            [self.step],
            lr=self.learning_rate,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            weight_decay=0.0,
            amsgrad=False,
            maximize=False,
        )


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
