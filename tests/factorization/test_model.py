"""The model predicts by its equation, and a file that holds anything else is refused."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from stages.core.cli import UserError
from stages.factorization.model import Model, single
from stages.movielens.ratings import HOURS
from tests.conftest import make_ratings


def make_model(draws: int = 3) -> Model:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return Model(
        mean=torch.tensor(3.5),
        user_biases=normal(draws, 4),
        movie_biases=normal(draws, 5),
        user_factors=normal(draws, 4, 3),
        movie_factors=normal(draws, 5, 3),
        noise=normal(draws, 4).square(),
        sitting=torch.tensor([1 * HOURS + 24, 2 * HOURS]),
        session_effects=normal(draws, 2),
        prior_mean=normal(draws, 4),
        prior_precision=torch.eye(4).repeat(draws, 1, 1),
        feature_weights=normal(draws, 2, 4),
        feature_basis=normal(5, 2),
        noise_rate=normal(draws).square(),
        effect_precision=normal(draws).square(),
        embeddings=normal(5, 3),
    )


def test_a_prediction_is_mean_plus_biases_plus_dot_product() -> None:
    model = single(
        mean=torch.tensor(3.0),
        user_biases=torch.tensor([0.5]),
        movie_biases=torch.tensor([0.0, -0.25]),
        user_factors=torch.tensor([[1.0, 2.0]]),
        movie_factors=torch.tensor([[0.0, 0.0], [0.5, 0.25]]),
    )
    ratings = make_ratings([(0, 0, 1.0), (0, 1, 1.0)], n_users=1, n_movies=2)
    assert model.predict(ratings).tolist() == [3.5, 4.25]
    assert model.predict_distribution(ratings)[1].tolist() == [0, 0]


def test_predictions_are_averages_over_draws_and_deviations_by_total_variance() -> None:
    model = make_model(draws=4)
    ratings = make_ratings([(0, 0, 1.0), (1, 2, 1.0), (3, 4, 1.0)], n_users=4, n_movies=5)
    u, i = ratings.user, ratings.movie
    level = model.user_biases[:, u] + model.movie_biases[:, i]
    each = 3.5 + level + (model.user_factors[:, u] * model.movie_factors[:, i]).sum(2)
    each[:, 1] += model.session_effects[:, 0]  # user 1 rated on day 1, in its first hour: the 24th
    mean, deviation = model.predict_distribution(ratings)
    torch.testing.assert_close(mean, each.mean(0))
    variance = each.var(0, correction=0) + model.noise[:, u].mean(0)
    torch.testing.assert_close(deviation, variance.sqrt())


def test_scores_of_all_movies_are_the_predictions_at_no_particular_time() -> None:
    model, users = make_model(), torch.tensor([2, 0])
    rows = [(user, movie, 1.0) for user in users.tolist() for movie in range(5)]
    one_by_one = dataclasses.replace(make_ratings(rows, 4, 5), timestamp=torch.full((10,), 999 * 3600))
    torch.testing.assert_close(model.score(users).flatten(), model.predict(one_by_one))


def test_what_is_expected_of_everybody_is_the_average_over_all_users() -> None:
    model = make_model()
    stars, deviation = model.expected_of_everybody()
    torch.testing.assert_close(stars, model.score(torch.arange(4)).mean(dim=0))
    each = torch.einsum("duk,dmk->dum", model.user_factors, model.movie_factors)
    each += model.user_biases[..., None] + model.movie_biases[:, None]
    torch.testing.assert_close(deviation, each.mean(dim=1).std(dim=0, correction=0))


def test_a_model_comes_back_from_its_file_as_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(make_model().serialize())
    assert Model.load(path).serialize() == path.read_bytes()


def test_a_view_of_a_larger_table_is_saved_alone() -> None:
    model, table = make_model(), torch.zeros(10_000, 3)
    tensors = {**vars(model), "embeddings": table[:5]}
    assert len(Model(**tensors).serialize()) < 10_000


def test_a_missing_file_says_which_command_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist; make it with: dvc repro"):
        Model.load(tmp_path / "model.pt")


class Exploit:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("the file was executed",))


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    torch.save({"mean": Exploit()}, tmp_path / "model.pt")
    with pytest.raises(UserError, match="is damaged, or no file of tensors"):
        Model.load(tmp_path / "model.pt")


@pytest.mark.parametrize(
    ("name", "tensor", "problem"),
    [
        ("user_biases", torch.zeros(3, 1), r"user_biases has shape \(3, 1\) instead of \(3, 4\)"),
        (
            "movie_factors",
            torch.zeros(2, 5, 3),
            r"movie_factors has shape \(2, 5, 3\) instead",
        ),
        ("mean", torch.tensor(torch.nan), "mean has values that are not finite"),
        ("user_factors", torch.full((3, 4, 3), torch.inf), "user_factors has values that are not finite"),
    ],
)
def test_a_file_with_wrong_shapes_or_values_is_refused(
    tmp_path: Path, name: str, tensor: torch.Tensor, problem: str
) -> None:
    torch.save({**vars(make_model()), name: tensor}, tmp_path / "model.pt")
    with pytest.raises(UserError, match=problem):
        Model.load(tmp_path / "model.pt")


def test_a_file_that_lacks_a_tensor_is_refused(tmp_path: Path) -> None:
    torch.save({"mean": torch.tensor(1.0)}, tmp_path / "model.pt")
    with pytest.raises(UserError, match=r"should hold effect_precision, .* and nothing else"):
        Model.load(tmp_path / "model.pt")
