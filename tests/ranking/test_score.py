"""Appeal is the chance of being seen times that of being liked."""

import dataclasses

import pytest
import torch

from stages.factorization import als
from stages.factorization.fold_in import fold_in
from stages.factorization.model import hour_of
from stages.movielens.ratings import Ratings
from stages.ranking import ease
from stages.ranking.score import appeal, noise_deviation, of_users
from tests.conftest import hyperparameters, make_problem
from tests.factorization.test_model import make_model


def test_a_movie_appeals_by_the_chance_that_it_is_seen_and_liked() -> None:
    stars, chance_seen = torch.tensor([[3.75, 4.75, 2.75]]), torch.tensor([[0.5, 0.25, -0.1]])
    found = appeal(stars, torch.tensor([1.0]), chance_seen)
    assert found.tolist()[0] == pytest.approx([0.5 * 0.5, 0.25 * 0.841345, 1e-6 * 0.158655], rel=1e-4)


def test_where_the_noise_is_not_known_ratings_vary_by_a_star() -> None:
    model, movie = make_model(), torch.tensor([1, 2])
    person = fold_in(model, movie, torch.tensor([3.0, 4.0]), movie)
    assert noise_deviation(person).item() == pytest.approx(person.noise.mean().sqrt().item())
    assert noise_deviation(dataclasses.replace(person, noise=torch.zeros(3))).item() == 1


def test_users_are_folded_in_from_their_own_ratings(small_parts: dict[str, Ratings]) -> None:
    train = small_parts["train"]
    model = als.fit(make_problem(train), hyperparameters(solver="als", epochs=3)).model
    seen = ease.fit(train, 50.0)
    users = torch.tensor([2, 17, 40])
    found = of_users(model, seen, train)(users)
    for row, user in enumerate(users.tolist()):
        own = train[train.user == user]
        person = fold_in(model, own.movie, own.rating, hour_of(own.timestamp), user)
        marked = torch.zeros(1, train.n_movies)
        marked[0, own.movie] = 1
        expected = appeal(person.stars()[None], noise_deviation(person)[None], seen.score(marked))
        torch.testing.assert_close(found[row], expected[0], atol=1e-5, rtol=1e-3)
