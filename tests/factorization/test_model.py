"""The model predicts by its equation, and a file that holds anything else is refused."""

from pathlib import Path

import pytest
import torch

from stages.command import UserError
from stages.factorization.model import Model


def make_model() -> Model:
    generator = torch.Generator().manual_seed(0)
    return Model(
        mean=torch.tensor(3.5),
        user_biases=torch.randn(4, generator=generator),
        movie_biases=torch.randn(5, generator=generator),
        user_factors=torch.randn(4, 3, generator=generator),
        movie_factors=torch.randn(5, 3, generator=generator),
    )


def test_a_prediction_is_mean_plus_biases_plus_dot_product() -> None:
    model = Model(
        mean=torch.tensor(3.0),
        user_biases=torch.tensor([0.5]),
        movie_biases=torch.tensor([0.0, -0.25]),
        user_factors=torch.tensor([[1.0, 2.0]]),
        movie_factors=torch.tensor([[0.0, 0.0], [0.5, 0.25]]),
    )
    assert model.predict(torch.tensor([0, 0]), torch.tensor([0, 1])).tolist() == [3.5, 4.25]


def test_scores_of_all_movies_are_the_predictions_one_by_one() -> None:
    model, users = make_model(), torch.tensor([2, 0])
    scores = model.score(users)
    for row, user in enumerate(users):
        one_by_one = model.predict(user.repeat(5), torch.arange(5))
        torch.testing.assert_close(scores[row], one_by_one)


def test_a_model_comes_back_from_its_file_as_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(make_model().serialize())
    assert Model.load(path).serialize() == path.read_bytes()


def test_a_view_of_a_larger_table_is_saved_alone() -> None:
    model, table = make_model(), torch.zeros(10_000, 3)
    tensors = {**vars(model), "user_factors": table[:4]}
    assert len(Model(**tensors).serialize()) < 10_000


def test_a_missing_file_says_which_command_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist; make it with: dvc repro -f train"):
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
        ("user_biases", torch.zeros(4, 1), r"user_biases has shape \(4, 1\) instead of \(4,\)"),
        ("movie_factors", torch.zeros(5, 2), r"movie_factors has shape \(5, 2\) instead of \(5, 3\)"),
        ("mean", torch.tensor(torch.nan), "mean has values that are not finite"),
        ("user_factors", torch.full((4, 3), torch.inf), "user_factors has values that are not finite"),
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
    with pytest.raises(UserError, match=r"should hold mean, .*user_biases.* and nothing else"):
        Model.load(tmp_path / "model.pt")
