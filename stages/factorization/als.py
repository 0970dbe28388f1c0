"""Matrix factorization by alternating least squares: the objective of `adam`, minimized in closed form.

With the movies fixed, each user is a ridge regression on y_i = (q_i, 1), and the other way round:

    (Σ y_i y_iᵀ + Λ) (p_u, b_u) = Σ y_i (r - μ - c_i),    Λ = diag(λ, …, λ, λ_b)

so that no half-step can raise the objective. Koren, Bell & Volinsky 2009, "Alternating least squares";
Zhou et al. 2008, "Large-Scale Parallel Collaborative Filtering", section 3.1.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.linalg import LinAlgError  # type: ignore[attr-defined]
from torch.nn.functional import pad

from stages.core.cli import UserError
from stages.factorization import distributed
from stages.factorization.grouped_ratings import GroupedRatings, group, solve
from stages.factorization.model import single
from stages.factorization.solver import Fit, History, Hyperparameters, Problem, mean_squared_error

START = 0.3  # standard deviation of the movies' factors at the start, in √stars


def fit(problem: Problem, hyperparameters: Hyperparameters) -> Fit:
    """Fit by sweeps over users, then movies; reads latent_factors, epochs, biases and both penalties.

    If several processes are connected, each solves for some of the users and some of the movies.
    """
    train, validation = problem.train.to(problem.device), problem.validation.to(problem.device)
    mean = train.rating.mean() if hyperparameters.biases else train.rating.new_zeros(())
    target = train.rating - mean
    by_user = group(problem.train, "user", *distributed.rank_and_size()).to(problem.device)
    by_movie = group(problem.train, "movie", *distributed.rank_and_size()).to(problem.device)
    factors = torch.randn(train.n_movies, hyperparameters.latent_factors, generator=problem.generator)
    movies = pad(START * factors, (0, 1)).to(problem.device)  # (q, c)
    history = History()
    for _ in history.epochs(hyperparameters.epochs, problem.label):
        users, _ = half_step(by_user, target[by_user.rating], movies, hyperparameters)
        users = distributed.gather(users, by_user.rows, train.n_users)
        movies, squared_error = half_step(by_movie, target[by_movie.rating], users, hyperparameters)
        movies = distributed.gather(movies, by_movie.rows, train.n_movies)
        model = single(mean, users, movies, hyperparameters.penalty.to(mean))
        train_loss = distributed.total(squared_error) / len(train)
        history.record(train_loss, mean_squared_error(model, validation))
    return Fit(model, history)


def half_step(
    grouped: GroupedRatings,
    target: Float[Tensor, " n_ratings"],
    partners: Float[Tensor, "n_partners entries"],
    hyperparameters: Hyperparameters,
) -> tuple[Float[Tensor, "n_rows entries"], Float[Tensor, ""]]:
    """The best (p, b) of all users given the (q, c) of all movies, or vice versa; and Σ (r̂ - r)².

    `target` is r - μ, in the order of the grouped ratings. With t = r - μ - c and m = Σ y t, the squared
    error is Σ t² - xᵀ (m + Λ x) at the minimum x. Rows without ratings are 0, and so are biases if the model
    has none, where y = (q, 0). Raises UserError if the ratings and penalties do not determine a vector.
    """
    y = pad(partners[:, :-1], (0, 1), value=float(hyperparameters.biases))
    t = target - partners[:, -1].index_select(0, grouped.partner)
    penalty = hyperparameters.penalty.to(y)
    triangle, moment = grouped.normal_equations(y, t, torch.ones_like(t))
    try:
        x = solve(triangle, moment, penalty.diag(), noise=torch.zeros_like(moment))
    except LinAlgError:
        problem = "the ratings of some users or movies do not determine their factors"
        fix = "als needs a higher regularization or bias_regularization"
        raise UserError(f"{problem}; {fix}") from None
    explained = (x * (moment + penalty * x)).sum(dtype=torch.float64)
    return x, t.square().sum(dtype=torch.float64) - explained
