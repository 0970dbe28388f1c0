"""Files of factors from further fits: the notebook's recipe, and replicas of the model."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from stages.core.files import typed
from stages.core.tensors import TensorFile


@typed
@dataclass(frozen=True)
class NotebookFactors(TensorFile):
    """Factors of the notebook's recipe; no seeds if it was left out."""

    written_by: ClassVar[str] = "notebook"
    user_factors: Float[Tensor, "seeds n_users k"]
    movie_factors: Float[Tensor, "seeds n_movies k"]


@typed
@dataclass(frozen=True)
class Replicas(TensorFile):
    """Movie embeddings from fits with other seeds, and from one without genres if the model uses them."""

    written_by: ClassVar[str] = "replicas"
    embeddings: Float[Tensor, "replicas n_movies latent_factors"]
    without_genres: Float[Tensor, "fits_without_genres n_movies latent_factors"]
