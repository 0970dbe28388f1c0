"""The shape that all solvers share: the same ratings and hyperparameters in, the same fit out."""

import math
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor
from tqdm import tqdm

from stages.command import UserError
from stages.factorization.model import Model
from stages.factorization.ranks import leads
from stages.movielens.ratings import Ratings
from stages.params import Parameters, Share


class Hyperparameters(Parameters):
    """What a solver may be told; each says in its docstring which of these it reads."""

    latent_factors: Annotated[int, Field(ge=1, le=1024)]
    """Factors of each user and movie, biases not counted."""
    epochs: Annotated[int, Field(ge=1, le=100_000)]
    """Passes over the training ratings."""
    batch_size: Annotated[int, Field(ge=1)]
    """Ratings in a mini-batch."""
    learning_rate: Annotated[float, Field(gt=0, le=10)]
    """Step size of Adam."""
    biases: bool
    """Whether the model has a mean and biases beside its factors."""
    regularization: Annotated[float, Field(ge=0, le=1e6)]
    """L2 penalty on the factors of each user and movie (λ), in squared errors of one rating."""
    bias_regularization: Annotated[float, Field(ge=0, le=1e6)]
    """L2 penalty on each bias (λ_b)."""
    burn_in: Share
    """Share of the epochs whose draws are not kept."""
    movie_features: tuple[Literal["genres", "period", "raters"], ...]
    """What is known of movies beside their ratings."""
    user_features: tuple[Literal["rated"], ...]
    """What is known of users beside their ratings."""
    feature_rank: Annotated[int, Field(ge=1, le=1024)]
    """Numbers that sum up who rated what, for a movie and for a user."""
    sittings: bool
    """Whether a user's ratings of one hour share an effect."""


class Problem(NamedTuple):
    """What a solver is given: ratings to learn from, ratings to watch, and a source of randomness."""

    train: Ratings
    validation: Ratings
    """May be empty."""
    side_information: dict[str, Tensor]
    """Of each movie, by name of the feature: (n_movies, width) each."""
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
