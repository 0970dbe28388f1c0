"""The shape that all solvers share: the same ratings and hyperparameters in, the same fit out."""

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from tqdm import tqdm

from stages.core.cli import UserError
from stages.core.parameters import Count, Parameters, Penalty, Share
from stages.factorization.distributed import leads
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, SideInformation


class Hyperparameters(Parameters):
    """Parameters of the solvers; each solver's docstring says which of these it reads."""

    latent_factors: Annotated[int, Field(ge=1, le=1024)]
    epochs: Annotated[int, Field(ge=1, le=100_000)]
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0, le=10)]
    biases: bool
    regularization: Penalty
    bias_regularization: Penalty
    burn_in: Share
    movie_features: tuple[Literal["genres", "period", "raters"], ...]
    user_features: tuple[Literal["rated"], ...]
    feature_rank: Annotated[int, Field(ge=1, le=1024)]
    sittings: bool


class Problem(NamedTuple):
    """What a solver is given: ratings to learn from, ratings to watch, and a source of randomness."""

    train: Ratings
    validation: Ratings
    """May be empty."""
    side_information: SideInformation | None
    """Required by `gibbs` for the features genres and period."""
    device: torch.device
    generator: torch.Generator
    """On the CPU, so that every device starts from the same numbers."""


class Fit(NamedTuple):
    """What a solver gives back."""

    model: Model
    history: "History"


@dataclass
class History:
    """Mean squared errors by epoch, in stars², shown on a progress bar while they come in."""

    epochs: int
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    """Not a number without validation ratings."""

    def __post_init__(self) -> None:
        self._bar = tqdm(total=self.epochs, desc="train", unit="epoch", mininterval=0.5, disable=not leads())

    def record(self, train_loss: Tensor, validation_loss: Tensor) -> None:
        """Add an epoch; raises UserError when its training loss is no longer finite."""
        losses = {"train": train_loss.item(), "validation": validation_loss.item()}
        self.train_loss.append(losses["train"])
        self.validation_loss.append(losses["validation"])
        if not math.isfinite(losses["train"]):
            self._bar.close()
            shown = ", ".join(f"{name} {loss}" for name, loss in losses.items())
            raise UserError(
                f"the loss is not finite after epoch {len(self.train_loss)} ({shown}); "
                "try a lower learning_rate or a higher regularization"
            )
        self._bar.set_postfix({name: f"{loss:.4f}" for name, loss in losses.items()}, refresh=False)
        self._bar.update()
        if len(self.train_loss) == self.epochs:
            self._bar.close()


def mean_squared_error(model: Model, ratings: Ratings) -> Tensor:
    """In stars², of predictions as they are, not clipped; not a number where there are no ratings."""
    return (model.predict(ratings) - ratings.rating).square().mean()


def rmse(prediction: Float[Tensor, " n_ratings"], rating: Float[Tensor, " n_ratings"]) -> float:
    """Root mean squared error, in stars."""
    return (prediction - rating).double().square().mean().sqrt().item()
