"""The model predicts by its equation, and is checked when it is loaded."""

import dataclasses

import pytest
import torch
from torch import Tensor

from stages.factorization.model import Model, single
from stages.movielens.ratings import MAX_MINUTES
from tests.conftest import Patch, make_ratings


def make_model(draws: int = 3, n_movies: int = 5, factors: int = 3, features: int = 2) -> Model:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return Model(
        mean=torch.tensor(3.5),
        user_biases=normal(draws, 4),
        movie_biases=normal(draws, n_movies),
        user_factors=normal(draws, 4, factors),
        movie_factors=normal(draws, n_movies, factors - 1),
        movie_columns=normal(n_movies, 1),
        noise=normal(draws, 4).square(),
        knot=torch.zeros(0, dtype=torch.int64),
        drift=torch.zeros(0, 0),
        drift_length=torch.zeros(0),
        drift_precision=torch.zeros(draws, 0),
        prior_mean=normal(draws, factors + 1),
        prior_precision=torch.eye(factors + 1).repeat(draws, 1, 1),
        feature_weights=normal(draws, features, factors + 1),
        feature_basis=normal(n_movies, features),
        noise_rate=0.5 + normal(draws).square(),
        embeddings=normal(n_movies, factors),
    )


def vectors(model: Model) -> Tensor:
    """(q, g) of each movie in each draw."""
    return torch.stack([torch.cat([q, model.movie_columns], dim=1) for q in model.movie_factors])


def test_a_prediction_is_mean_plus_biases_plus_dot_product() -> None:
    users, movies = torch.tensor([[1.0, 2.0, 0.5]]), torch.tensor([[0.0, 0.0, 0.0], [0.5, 0.25, -0.25]])
    model = single(torch.tensor(3.0), users, movies)
    mean, deviation = model.predict_distribution(make_ratings([(0, 0, 1.0), (0, 1, 1.0)], 1, 2))
    assert mean.tolist() == [3.5, 4.25]
    assert deviation.tolist() == pytest.approx([0, 0], abs=1e-5)


def test_drift_is_that_of_the_joint_normal_given_all_knots() -> None:
    """By the covariance matrix of knots and ratings, for two processes, each known at the knots."""
    times, asked = torch.tensor([100, 130, 400, 50]), torch.tensor([0, 100, 110, 300, 900, 60])
    owner, user = torch.tensor([1, 1, 1, 2]), torch.tensor([1, 1, 1, 1, 1, 2])
    length, precision = torch.tensor([60.0, 600.0]), torch.tensor([[2.0, 5.0], [2.0, 5.0]])
    drift = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    known = {
        "knot": owner * 60 * MAX_MINUTES + times,
        "drift": drift,
        "drift_length": length,
        "drift_precision": precision,
    }
    model = dataclasses.replace(make_model(draws=2), **known)
    ratings = dataclasses.replace(make_ratings([(int(u), 0, 3.0) for u in user], 4, 5), timestamp=asked)
    mean, variance = torch.zeros(2, len(user), dtype=torch.float64)
    for process in range(2):
        place, who = torch.cat([times, asked]).double(), torch.cat([owner, user])
        covariance = torch.exp(-(place[:, None] - place).abs() / length[process]) * (who[:, None] == who)
        weights = covariance[4:, :4] @ torch.linalg.inv(covariance[:4, :4])
        mean += weights @ drift[process].double()
        variance += (1 - (weights * covariance[4:, :4]).sum(dim=1)) / precision[0, process]
    found = model.drift_at(ratings)
    torch.testing.assert_close(found[0], mean.float(), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found[1], variance.float(), atol=1e-4, rtol=1e-3)


def test_predictions_are_averages_over_draws_and_deviations_by_total_variance(monkeypatch: Patch) -> None:
    monkeypatch.setattr("stages.factorization.model.BLOCK", 2)
    model = make_model(draws=4)
    ratings = make_ratings([(0, 0, 1.0), (1, 2, 1.0), (3, 4, 1.0)], n_users=4, n_movies=5)
    u, i = ratings.user, ratings.movie
    each = 3.5 + model.user_biases[:, u] + model.movie_biases[:, i]
    each += (model.user_factors[:, u] * vectors(model)[:, i]).sum(2)
    mean, deviation = model.predict_distribution(ratings)
    torch.testing.assert_close(mean, each.mean(0))
    variance = each.var(0, correction=0) + model.noise[:, u].mean(0)
    torch.testing.assert_close(deviation, variance.sqrt())


def test_scores_are_predictions_without_drift() -> None:
    model, users = make_model(), torch.tensor([2, 0])
    rows = [(user, movie, 1.0) for user in users.tolist() for movie in range(5)]
    torch.testing.assert_close(model.score(users).flatten(), model.predict(make_ratings(rows, 4, 5)))


def test_expected_stars_are_the_average_over_all_users() -> None:
    model = make_model()
    stars, deviation = model.expected_of_everybody()
    torch.testing.assert_close(stars, model.score(torch.arange(4)).mean(dim=0))
    each = torch.einsum("duk,dmk->dum", model.user_factors, vectors(model))
    each += model.user_biases[..., None] + model.movie_biases[:, None]
    torch.testing.assert_close(deviation, each.mean(dim=1).std(dim=0, correction=0))


def test_distances_of_embeddings_are_differences_in_stars_whatever_the_rotation_of_draws() -> None:
    generator = torch.Generator().manual_seed(0)
    p, q = torch.randn(1, 30, 2, generator=generator), torch.randn(1, 8, 2, generator=generator)
    a, g = torch.randn(4, 30, 1, generator=generator), torch.randn(8, 1, generator=generator)
    stars = ((p - p.mean(1, keepdim=True)) @ q.mT)[0] + (a - a.mean(1, keepdim=True)).mean(0) @ g.T
    differences = (stars[:, :, None] - stars[:, None]).square().mean(dim=0).sqrt()
    rotations = torch.linalg.qr(torch.randn(4, 2, 2, generator=generator)).Q
    users = torch.cat([p @ rotations, a], dim=2)
    model = dataclasses.replace(
        make_model(draws=4, n_movies=8),
        user_biases=torch.zeros(4, 30),
        noise=torch.zeros(4, 30),
        user_factors=users,
        movie_factors=q @ rotations,
        movie_columns=g,
    )
    embeddings = model.embed(3, generator)
    torch.testing.assert_close(torch.cdist(embeddings, embeddings), differences, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"knot": torch.tensor([0, 4 * 60 * MAX_MINUTES]), "drift": torch.zeros(0, 2)}, "knot"),
        ({"knot": torch.tensor([5, 2]), "drift": torch.zeros(0, 2)}, "knot"),
        ({"noise": torch.full((3, 4), -1.0)}, "noise"),
    ],
)
def test_validation_names_the_problem(change: dict[str, Tensor], problem: str) -> None:
    make_model().validate()
    with pytest.raises(ValueError, match=problem):
        dataclasses.replace(make_model(), **change).validate()
