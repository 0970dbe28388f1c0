"""Boosted trees on the residuals of the model: what it leaves that its own information explains.

The trees are fitted to residuals of out-of-fold predictions, so that no rating is predicted by a model that
knows it. Their columns are computed from the residuals ρ of the known ratings alone, and from user, movie and
time of the rating to predict. Friedman 2001, "Greedy Function Approximation: A Gradient Boosting Machine".
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, SideInformation, moment_of

FOLDS = 8
TREES = {"learning_rate": 0.04, "max_iter": 700, "max_leaf_nodes": 16, "min_samples_leaf": 200}
TREES |= {"l2_regularization": 20.0, "max_features": 0.5, "early_stopping": False}  # chosen by validation
SECONDS = 5, 15, 60, 300, 3600, 86_400, 2_592_000  # widths of kernels in time
AROUND = 12  # ratings of the user before and after, each, that a kernel includes
COMMON = 60.0  # with this many common users, or movies, a correlation is halved
LEAST = 5  # a movie with fewer ratings has no neighbours


def boost(
    train: Ratings, known: SideInformation, fit: Callable[[Ratings], Model], model: Model, seed: int
) -> Callable[[Ratings], Float[Tensor, " n_ratings"]]:
    """A function that predicts stars, not clipped, by `model` of `train` and trees; `fit` fits it again."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # takes a second, and is rarely used

    generator = torch.Generator().manual_seed(seed)
    fold = torch.randint(0, FOLDS, (len(train),), generator=generator)
    rows, residuals = [], []
    for number in tqdm(range(FOLDS), desc="boosted trees", unit="fold"):
        kept, rest = train[fold != number], train[fold == number]
        fitted = fit(kept)
        rows.append(columns(fitted, kept, rest, known))
        residuals.append((rest.rating - fitted.predict(rest)).numpy())
    trees = HistGradientBoostingRegressor(**TREES, random_state=seed % 2**32)
    trees.fit(np.concatenate(rows), np.concatenate(residuals))

    def predict(ratings: Ratings) -> Float[Tensor, " n_ratings"]:
        added = trees.predict(columns(model, train, ratings, known))
        return model.predict(ratings) + torch.from_numpy(added).float()

    return predict


def columns(
    model: Model, known: Ratings, rows: Ratings, side_information: SideInformation
) -> Float[np.ndarray, "n_ratings columns"]:
    """What the trees see of each rating to predict."""
    rho = known.rating - model.predict(known)
    found = [*model.predict_distribution(rows), *in_time(known, rho, rows), *neighbours(known, rho, rows)]
    for groups in ((side_information.genres > 0).float(), (side_information.period > 0).float()):
        sums, counts = (
            torch.zeros(known.n_users, groups.shape[1]).index_add_(0, known.user, groups[known.movie] * each)
            for each in (rho[:, None], 1)
        )
        own = groups[rows.movie]
        found.append(((sums / (counts + 5))[rows.user] * own).sum(dim=1) / own.sum(dim=1).clamp(min=1))
    found.append(own.argmax(dim=1).float())
    for index, row, n in ((known.user, rows.user, known.n_users), (known.movie, rows.movie, known.n_movies)):
        count = torch.bincount(index, minlength=n).clamp(min=1)
        levels = (known.rating == half / 2 for half in range(1, 11))
        values = known.rating, rho, rho.square(), *levels
        totals = (torch.bincount(index, each.float(), n) for each in values)
        found += [*((each / count)[row] for each in totals), count[row]]
    return torch.stack([each.float() for each in found], dim=1).numpy()


def in_time(known: Ratings, rho: Float[Tensor, " n_known"], rows: Ratings) -> list[Tensor]:
    """Means of the user's residuals and stars by kernels in time; the ratings next to it; the user's time."""
    moment, order = moment_of(known).sort(stable=True)
    place = torch.searchsorted(moment, moment_of(rows))[:, None] + torch.arange(-AROUND, AROUND)
    near = order[place.clamp(0, len(order) - 1)]
    is_near = (place >= 0) & (place < len(order)) & (known.user[near] == rows.user[:, None])
    gap = (known.timestamp[near] - rows.timestamp[:, None]).abs()
    found = []
    for seconds in SECONDS:
        weight = is_near * torch.exp(-gap / seconds)
        total = weight.sum(dim=1)
        stars = (weight * known.rating[near]).sum(dim=1) / (total + 1e-3)
        squares = (weight * known.rating[near].square()).sum(dim=1) / (total + 1e-3)
        found += [(weight * rho[near]).sum(dim=1) / (total + 1.5), stars, squares - stars.square()]
    for side in (AROUND - 2, AROUND - 1, AROUND, AROUND + 1):
        for value in (known.rating[near], rho[near], gap.float().log1p()):
            found.append(value[:, side].where(is_near[:, side], torch.nan))
    first = torch.full((known.n_users,), 2**40).scatter_reduce(0, known.user, known.timestamp, "amin")
    return [*found, (rows.timestamp - first[rows.user]).clamp(min=0).float().log1p()]


def neighbours(known: Ratings, rho: Float[Tensor, " n_known"], rows: Ratings) -> list[Tensor]:
    """Means of residuals: of the user for similar movies, by residuals and by raters; of similar users."""
    count = torch.bincount(known.movie, minlength=known.n_movies)
    movies = torch.nonzero(count >= LEAST).flatten()
    place = torch.full((known.n_movies,), -1).index_copy(0, movies, torch.arange(len(movies)))
    kept = place[known.movie] >= 0
    at = known.user[kept], place[known.movie[kept]]
    residual, rated = torch.zeros(2, known.n_users, len(movies))
    residual[at], rated[at] = rho[kept], 1
    common = rated.T @ rated
    by_residuals = correlation(residual.T, rated.T, common)
    by_raters = (common / torch.outer(count[movies], count[movies]).sqrt()).fill_diagonal_(0)
    by_raters *= by_raters >= by_raters.topk(min(30, len(movies)), dim=0).values[-1]
    users = correlation(residual, rated, rated @ rated.T)
    means = (
        residual @ by_residuals / (rated @ by_residuals + 0.7),
        residual @ by_raters / (rated @ by_raters + 0.5),
        users @ residual / (users @ rated + 0.7),
    )
    row = place[rows.movie]
    return [each[rows.user, row.clamp(min=0)].where(row >= 0, 0.0) for each in means]


def correlation(
    residual: Float[Tensor, "n columns"], rated: Float[Tensor, "n columns"], common: Float[Tensor, "n n"]
) -> Float[Tensor, "n n"]:
    """Positive correlations of the residuals that two rows have in common, shrunken; 0 on the diagonal."""
    squares = residual.square() @ rated.T
    found = residual @ residual.T / (squares * squares.T).sqrt().clamp(min=1e-6)
    return (found.clamp(min=0) * common / (common + COMMON)).fill_diagonal_(0)
