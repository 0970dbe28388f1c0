"""The short-history ridge agrees with an average over all choices of the given ratings."""

from itertools import combinations

import torch
from torch import Tensor

from stages.ranking import ridge
from tests.conftest import Patch, make_ratings

STARS = torch.tensor(
    [
        [5.0, 3.0, 0.0, 1.0, 4.5],
        [4.0, 0.0, 2.0, 3.5, 0.0],
        [0.0, 0.0, 5.0, 0.0, 0.0],
        [1.0, 4.0, 3.0, 0.0, 2.5],
    ]
)
GIVEN, PENALTY = 2, 0.7


def brute_force(values: Tensor) -> tuple[Tensor, Tensor]:
    """Intercept and weights by a weighted least-squares problem with a row for each user and choice."""
    inputs, targets, weights = [], [], []
    n_rated = (STARS > 0).sum(dim=1).double()
    of_user = n_rated**ridge.WEIGHT / (n_rated**ridge.WEIGHT).mean()
    for user, stars in enumerate(STARS.double()):
        rated = stars.nonzero().flatten().tolist()
        choices = list(combinations(rated, min(GIVEN, len(rated) - 1)))
        for choice in choices:
            given = torch.zeros(len(stars), dtype=torch.bool)
            given[list(choice)] = True
            inputs.append((values[user] * given).double())
            targets.append((stars / 5).masked_fill(given, 0))
            weights.append(of_user[user] / len(choices))
    z, t, weight = torch.stack(inputs), torch.stack(targets), torch.stack(weights)
    z = torch.cat([z, torch.ones(len(z), 1)], dim=1)
    penalty = torch.diag(torch.tensor([PENALTY] * STARS.shape[1] + [0.0])).double()
    solution = torch.linalg.solve(z.T @ (weight[:, None] * z) + penalty, z.T @ (weight[:, None] * t))
    return solution[-1].float(), solution[:-1].float()


def test_the_weights_are_those_of_all_choices_of_the_given_ratings(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ridge, "GIVEN", GIVEN)
    monkeypatch.setattr(ridge, "PENALTY", PENALTY)
    rows = [(int(user), int(movie), float(STARS[user, movie])) for user, movie in STARS.nonzero()]
    train = make_ratings(rows, *STARS.shape)
    values = STARS - 2.5
    found = ridge.fit(train, values[train.user, train.movie])
    intercept, weights = brute_force(values.where(STARS > 0, 0.0))
    torch.testing.assert_close(found.intercept, intercept, atol=1e-5, rtol=1e-4)
    off_diagonal = ~torch.eye(len(weights), dtype=torch.bool)
    both = ((found.left @ found.right)[off_diagonal], weights[off_diagonal])
    torch.testing.assert_close(*both, atol=1e-5, rtol=1e-4)


def test_of_too_many_users_every_second_is_taken(monkeypatch: Patch) -> None:
    rows = [(user, movie, 4.0) for user in range(4) for movie in range(user + 1)]
    train = make_ratings(rows, 4, 4)
    monkeypatch.setattr(ridge, "MAX_USERS", 2)
    found = ridge.fit(train, train.rating)
    monkeypatch.undo()
    half = train[train.user % 2 == 0]
    torch.testing.assert_close(found.intercept, ridge.fit(half, half.rating).intercept)
