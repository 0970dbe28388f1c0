"""Factors of further fits: the notebook's, and those that tell how much clusters depend on the fit."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from stages.core.files import typed
from stages.core.tensors import TensorFile


@typed
@dataclass(frozen=True)
class NotebookFactors(TensorFile):
    """The notebook's factors by several seeds; no seed where its recipe was left out."""

    written_by: ClassVar[str] = "notebook"
    user_factors: Float[Tensor, "seeds n_users k"]
    movie_factors: Float[Tensor, "seeds n_movies k"]


@typed
@dataclass(frozen=True)
class Replicas(TensorFile):
    """The movies' embeddings by fits with other seeds, and by one without genres if the model uses them."""

    written_by: ClassVar[str] = "replicas"
    embeddings: Float[Tensor, "replicas n_movies latent_factors"]
    without_genres: Float[Tensor, "fits_without_genres n_movies latent_factors"]
