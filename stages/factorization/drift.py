"""Drift: a user's bias that changes with time, as a sum of Ornstein–Uhlenbeck processes.

    cov(z(t), z(t')) = σ_u² exp(-|t - t'| / ℓ)      for two times of user u; 0 between users
    σ_u ~ N(0, 1/τ),  τ ~ gamma                     of either sign: how much the mean of this user changes

Such a process is Markov, so the inverse of its covariance matrix is tridiagonal. With ρ = exp(-Δt / ℓ) for
the gap before a time and ρ' for the one after it, the diagonal has 1/(1 - ρ²) + ρ'²/(1 - ρ'²), and next to it
is -ρ/(1 - ρ²), all divided by σ_u². Rasmussen & Williams 2006, "Gaussian Processes for Machine Learning",
appendix B.2.

Drawn are v = z / σ_u and σ_u: given z, σ_u would hardly move from one draw to the next. Papaspiliopoulos,
Roberts & Sköld 2007, "A General Framework for the Parametrization of Hierarchical Models".
"""

import itertools

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.linalg.lapack import dtbtrs
from torch import Tensor

from stages.factorization.grouped_ratings import sum_by
from stages.factorization.prior import RELAXATION, SPREAD, STEP
from stages.movielens.ratings import MAX_MINUTES, Ratings, moment_of

AT_ONCE = 2**20  # knots whose equations are solved at once, about: bounds memory
START = 0.2  # σ_u at the start, in stars; it is found in a few sweeps
CENTURY = 4e9  # seconds: only those between users are longer


class Drift:
    """The current draw of each process at the knots, the distinct times of each user, and of its scales."""

    def __init__(self, train: Ratings, minutes: tuple[float, ...], rng: np.random.Generator) -> None:
        self.length = 60 * torch.tensor(minutes, dtype=torch.float64)  # ℓ, in seconds
        self.knot, self.row = torch.unique(moment_of(train), return_inverse=True)
        self.rng, self.gap = rng, self.knot.diff().double().cpu().numpy()
        self.user = (self.knot // (60 * MAX_MINUTES)).cpu().numpy()
        self.scale = np.full((len(minutes), train.n_users), START)  # σ_u, in stars
        self.precision = np.full(len(minutes), START**-2)  # τ
        self.unit = np.zeros((len(minutes), len(self.knot)))  # z / σ_u
        self.value = train.rating.new_zeros(self.unit.shape)  # z, in stars
        self.total, self.n_kept = torch.zeros_like(self.value), 0
        first = np.flatnonzero(self.gap > CENTURY) + 1  # knots of all users but the first
        _, ends = np.unique(first // AT_ONCE, return_index=True)
        bounds = first[ends].tolist() if len(self.knot) > AT_ONCE else []
        self.parts = [slice(*pair) for pair in itertools.pairwise([0, *bounds, len(self.knot)])]

    @property
    def effect(self) -> Float[Tensor, " n_ratings"]:
        """The sum of the processes at each rating."""
        return self.value.sum(dim=0).index_select(0, self.row)

    def draw(self, target: Float[Tensor, " n_ratings"], alpha: Float[Tensor, " n_ratings"]) -> None:
        """Draw each process given the others, then its scales; `target` is what all are to explain."""
        sums = (sum_by(self.row, each, len(self.knot)) for each in (alpha, alpha * target))
        weight, moment = (each.double().cpu().numpy() for each in sums)
        for number, length in enumerate(self.length.tolist()):
            others = self.value.sum(dim=0) - self.value[number]
            own, unit = moment - weight * others.cpu().numpy(), self.unit[number]
            scale = self.scale[number][self.user]
            for part in self.parts:
                scaled = scale[part] ** 2 * weight[part], scale[part] * own[part]
                unit[part] = self._draw(length, part, *scaled, unit[part])
            self._draw_scale(number, weight, own)
            self.value[number] = torch.from_numpy(self.scale[number][self.user] * unit)

    def _draw_scale(
        self, number: int, weight: Float[np.ndarray, " knots"], moment: Float[np.ndarray, " knots"]
    ) -> None:
        """σ_u ~ N(Σ v Σ α t / P, 1/P) with P = τ + Σ v² Σ α over the knots of the user; then τ."""
        unit, n_users = self.unit[number], self.scale.shape[1]
        precision = self.precision[number] + np.bincount(self.user, weight * unit**2, n_users)
        mean = np.bincount(self.user, moment * unit, n_users) / precision
        self.scale[number] = mean + self.rng.standard_normal(n_users) / precision**0.5
        rate = 0.1 + (self.scale[number] ** 2).sum() / 2
        self.precision[number] = self.rng.gamma(1 + n_users / 2) / rate

    def _draw(
        self,
        length: float,
        part: slice,
        weight: Float[np.ndarray, " knots"],
        moment: Float[np.ndarray, " knots"],
        current: Float[np.ndarray, " knots"],
    ) -> Float[np.ndarray, " knots"]:
        """v ~ N(P⁻¹ σ_u Σ α t, P⁻¹), over-relaxed, with P = Q + diag(σ_u² Σ α), where Q is the prior's."""
        rho = np.minimum(np.exp(-self.gap[part.start : part.stop - 1] / length), 1 - 1e-9)
        gain = 1 / (1 - rho**2)
        band = np.zeros((2, len(current)))  # the diagonal, and what is next to it
        band[0] = np.append(1.0, gain)
        band[0, :-1] += rho**2 * gain
        band[1, :-1] = -rho * gain
        band[0] += weight
        root = cholesky_banded(band, overwrite_ab=True, lower=True, check_finite=False)
        mean = cho_solve_banded((root, True), moment, check_finite=False)
        noise, _ = dtbtrs(root, self.rng.standard_normal((len(current), 1)), uplo="L", trans="T")
        drawn: Float[np.ndarray, " knots"] = STEP * mean + SPREAD * noise[:, 0] + RELAXATION * current
        return drawn

    def keep(self) -> None:
        """Add the current draw to the sum of those that are kept."""
        self.total += self.value
        self.n_kept += 1
