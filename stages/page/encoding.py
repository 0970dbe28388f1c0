"""What the page needs to recommend movies: some draws of the model, and the short-history ridge.

A user's vector x ~ N(m + Bᵀ f, Λ⁻¹) is whitened: with Λ = L Lᵀ and y = (q, g, 1),

    z = Lᵀ (x - m) ~ N(Lᵀ Bᵀ f, I),    r̂ = μ + c + mᵀ y + zᵀ (L⁻¹ y)

so that z is 0 for a person of whom nothing is known. Numbers of one byte, with a scale for each draw and
entry, are exact enough. Nothing here belongs to a user of the dataset.
"""

import base64

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import pad

from stages.factorization.fold_in import noise_precision
from stages.factorization.model import Model
from stages.ranking import score
from stages.ranking.metrics import RELEVANT
from stages.ranking.score import Ranker, noise_deviation, values

MAX_MOVIES = 5_000  # the most rated movies can be rated and recommended
MAX_ENTRIES = 10  # principal entries of each vector are kept
MAX_FEATURES = 16  # principal directions of what it says of a user that a movie is rated, whatever the stars
DRAW_BYTES = 250_000  # bytes that all draws may take
CONSTANTS = "EVIDENCE MIN_SCORE POWER PRIOR REASON SEEN SPREAD".split()  # of the ranking score


def encode_draws(model: Model, movie: Int[Tensor, " movies"]) -> dict[str, object]:
    """Predictions without any rating, averaged over all draws; vectors of these movies in some draws."""
    y = pad(model.movie_vectors(movie=movie).double(), (0, 1), value=1.0)
    prior = model.movie_biases[:, movie].double() + torch.einsum("dme,de->dm", y, model.prior_mean.double())
    entries = min(y.shape[2], MAX_ENTRIES)
    n = max(1, min(model.draws, DRAW_BYTES // (len(movie) * (entries + 1))))
    draws = torch.linspace(0, model.draws - 1, n).round().long()
    root = torch.linalg.cholesky(model.prior_precision[draws].double())
    white = torch.linalg.solve_triangular(root, y[draws].mT, upper=False).mT
    weights = model.feature_weights[draws].double() @ root
    if entries < white.shape[2]:
        principal = torch.linalg.svd(white, full_matrices=False).Vh[:, :entries].mT
        white, weights = white @ principal, weights @ principal
    offset = prior[draws] - prior[draws].mean(dim=0)  # 0 on average, so that the mean of all draws is kept
    vectors, scales = _quantize(torch.cat([offset[..., None], white], dim=2).mT)
    of_rated = model.feature_basis[movie].double() @ weights.transpose(0, 1).flatten(1)
    left, size, right = torch.linalg.svd(of_rated, full_matrices=False)
    rank = min(MAX_FEATURES, weights.shape[1], len(size))
    features, feature_scales = _quantize((left * size)[:, :rank].mT)
    alpha = noise_precision(model)[:, 0]
    noise = (1 / alpha).where(model.noise_rate > 0, 0.0)
    return {
        "draws": n,
        "entries": entries,
        "mean": _pack(model.mean + prior.mean(dim=0), "<f4"),
        "vectors": _pack(vectors, "i1"),
        "scales": _pack(scales, "<f4"),
        "features": _pack(features, "i1"),
        "feature_weights": _pack(feature_scales[:, None] * right[:rank], "<f4"),
        "precision": alpha[draws].tolist(),
        "noise": noise.mean().item(),
        "deviation": noise_deviation(noise[:, None]).item(),
        "relevant": RELEVANT,
    }


def encode_ranker(ranker: Ranker, movie: Int[Tensor, " movies"], genres: list[str]) -> dict[str, object]:
    """The factors of a model of all movies, their genres by name, and constants of the ranking score."""
    left, left_scales = _quantize(ranker.left[movie])
    right, right_scales = _quantize(ranker.right[:, movie].T.contiguous())
    return {
        "intercept": _pack(ranker.intercept[movie], "<f4"),
        "left": _pack(left, "i1"),
        "left_scales": _pack(left_scales, "<f4"),
        "right": _pack(right, "i1"),
        "right_scales": _pack(right_scales, "<f4"),
        "n_ratings": _pack(ranker.n_ratings[movie], "<f4"),
        "mix": dict(zip(genres, ranker.mix.tolist(), strict=False)),
        "inputs": values(torch.arange(1, 11) / 2).tolist(),  # for 0.5, 1, … 5 stars
        "discount": ranker.discount,
        "constants": {name.lower(): getattr(score, name) for name in CONSTANTS},
    }


def _quantize(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers from -127 to 127, and the scale of each row (last axis)."""
    scale = numbers.abs().amax(dim=-1).clamp(min=1e-30) / 127
    return (numbers / scale[..., None]).round(), scale


def _pack(numbers: Tensor, dtype: str) -> str:
    return base64.b64encode(numbers.numpy().astype(np.dtype(dtype)).tobytes()).decode()
