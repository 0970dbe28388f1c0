"""Matrix factorization by mini-batch gradient descent with Adam, the notebook's recipe.

Minimizes, over the training ratings r(u, i),

    Σ (r̂ - r)² + λ (Σ ‖p_u‖² + Σ ‖q_i‖²) + λ_b (Σ b_u² + Σ c_i²),    r̂ = μ + b_u + c_i + p_uᵀ q_i

(Koren, Bell & Volinsky 2009, equation 5; the penalty is on each row once, as in Salakhutdinov & Mnih 2007,
equation 4). With x_u = (p_u, b_u) and y_i = (q_i, 1), each rating adds to the gradient

    ∂/∂x_u: 2 (r̂ - r) y_i + 2 Λ x_u / n_u,    Λ = diag(λ, …, λ, λ_b)

where n_u is the number of ratings of the user; and likewise for the movie.
"""

import contextlib
import functools
from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding, pad

from stages.factorization.model import Model, single
from stages.factorization.solver import Fit, History, Hyperparameters, Problem, mean_squared_error

START = 0.05  # factors start uniform between 0 and this, biases at 0

fused_adam = functools.partial(
    torch._fused_adam_, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False
)


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Fit by Adam; reads every hyperparameter. `train_loss` is the mean of the batches as they come."""
    train, validation = problem.train.to(problem.device), problem.validation.to(problem.device)
    mean = train.rating.mean() if hyperparameters.biases else train.rating.new_zeros(())
    rows = torch.stack([train.user, train.n_users + train.movie])
    history = History()
    with torch.inference_mode(), fast_and_deterministic():
        descent = Descent(problem, hyperparameters)
        for _ in history.epochs(hyperparameters.epochs, problem.label):
            order = torch.randperm(len(train), generator=problem.generator).to(problem.device)
            columns = rows[:, order], (train.rating - mean)[order]
            batches = (column.split(hyperparameters.batch_size, dim=-1) for column in columns)
            errors = torch.cat([descent.step(*batch) for batch in zip(*batches, strict=True)])
            model = descent.model(mean, train.n_users)
            history.record(errors.square().mean(), mean_squared_error(model, validation))
    return Fit(descent.model(mean, train.n_users), history)


@contextlib.contextmanager
def fast_and_deterministic() -> Iterator[None]:
    """Numbers below 1e-38 are 0: moments of rarely rated movies decay to such, which are slow to compute.

    Threads add up the gradients of a large batch in the same order each time.
    """
    torch.set_flush_denormal(True)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.use_deterministic_algorithms(False)


class Descent:
    """The table of (p, b) of all users, then (q, c) of all movies, and its moments in Adam."""

    def __init__(self, problem: Problem, hyperparameters: Hyperparameters) -> None:
        n_rows, k = problem.train.n_users + problem.train.n_movies, hyperparameters.latent_factors
        factors = START * torch.rand(n_rows, k, generator=problem.generator)
        self.hyperparameters = hyperparameters
        self.table = pad(factors, (0, int(hyperparameters.biases))).to(problem.device)
        penalty = hyperparameters.penalty[: self.table.shape[1]]
        row = torch.cat([problem.train.user, problem.train.n_users + problem.train.movie])
        count = torch.bincount(row, minlength=n_rows)
        self.penalty = (penalty / count.clamp(min=1)[:, None]).to(problem.device)  # Λ / n of each row
        self.penalized = bool(penalty.any())
        self.gradient, self.first, self.second = (torch.zeros_like(self.table) for _ in range(3))
        self.steps = torch.zeros((), device=problem.device)

    def step(self, row: Int[Tensor, "2 batch"], target: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
        """Take a step, given rows of users and of movies, and r - μ; returns r̂ - r."""
        pair, k = embedding(row, self.table), self.hyperparameters.latent_factors
        partner = pair.flip(0)
        error: Tensor = torch.linalg.vecdot(*pair[..., :k]) - target
        if self.hyperparameters.biases:
            error += pair[..., k].sum(dim=0)
            partner[..., k] = 1
        gradient = (error * (2 / len(target)))[:, None] * partner
        if self.penalized:
            gradient += self.penalty[row] * pair * (2 / len(target))
        self.gradient.zero_().index_put_((row,), gradient, accumulate=True)
        self.steps += 1
        lr = self.hyperparameters.learning_rate
        fused_adam([self.table], [self.gradient], [self.first], [self.second], [], [self.steps], lr=lr)
        return error

    def model(self, mean: Float[Tensor, ""], n_users: int) -> Model:
        """The current model, in new tensors."""
        without_biases = self.hyperparameters.latent_factors + 1 - self.table.shape[1]
        users, movies = pad(self.table, (0, without_biases)).tensor_split([n_users])
        return single(mean, users, movies, self.hyperparameters.penalty.to(mean))
