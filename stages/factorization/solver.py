"""The interface of all solvers: the same ratings and hyperparameters in, the same fit out."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from tqdm import tqdm

from stages.core.cli import UserError
from stages.core.parameters import Count, Parameters, Penalty, Share
from stages.factorization.distributed import is_main
from stages.factorization.model import FIXED, Model
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
    user_effects: tuple[Literal["genres", "period", "popularity"], ...]
    drift_minutes: tuple[Annotated[float, Field(gt=0, le=1e6)], ...]

    @property
    def penalty(self) -> Float[Tensor, " entries"]:
        """L2 penalties λ on each factor and λ_b on the bias; without biases, one that keeps the bias at 0."""
        bias = self.bias_regularization if self.biases else FIXED
        return torch.tensor([self.regularization] * self.latent_factors + [bias])


class Problem(NamedTuple):
    """The input of a solver."""

    train: Ratings
    validation: Ratings  # measured after each epoch; may be empty
    side_information: SideInformation | None  # required by `gibbs` for the features genres and period
    device: torch.device
    generator: torch.Generator  # on the CPU, so that every device starts from the same numbers
    label: str = "train"  # of the progress bar


@dataclass
class History:
    """Mean squared errors by epoch, in stars², and the number of epochs whose draws are not kept."""

    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)  # not a number without validation ratings
    burn_in: int = 0

    def epochs(self, n_epochs: int, label: str) -> Iterator[int]:
        """Numbers of the epochs, on a progress bar; raises UserError if a training loss is not finite."""
        with tqdm(range(n_epochs), label, unit="epoch", mininterval=0.5, disable=not is_main()) as bar:
            for epoch in bar:
                yield epoch
                train, validation = self.train_loss[-1], self.validation_loss[-1]
                bar.set_postfix(train=train, validation=validation, refresh=False)
                if not math.isfinite(train):
                    fix = "try a lower learning_rate or a higher regularization"
                    raise UserError(f"the loss is not finite after epoch {epoch + 1} (train {train}); {fix}")

    def record(self, train_loss: Tensor, validation_loss: Tensor) -> None:
        """Add the losses of an epoch."""
        self.train_loss.append(train_loss.item())
        self.validation_loss.append(validation_loss.item())


class Fit(NamedTuple):
    """The output of a solver."""

    model: Model
    history: History


def mean_squared_error(model: Model, ratings: Ratings) -> Float[Tensor, ""]:
    """In stars², of predictions that are not clipped; not a number if there are no ratings."""
    return (model.predict(ratings) - ratings.rating).square().mean()
