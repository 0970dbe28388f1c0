"""Drift: a user's bias that changes with time, as a sum of Ornstein–Uhlenbeck processes.

    cov(z(t), z(t')) = σ² exp(-|t - t'| / ℓ)        for two times of one user; 0 between users

Such a process is Markov, so the inverse of its covariance matrix is tridiagonal. With ρ = exp(-Δt / ℓ) for
the gap before a time and ρ' for the one after it, the diagonal has 1/(1 - ρ²) + ρ'²/(1 - ρ'²), and next to it
is -ρ/(1 - ρ²), all divided by σ². Rasmussen & Williams 2006, "Gaussian Processes for Machine Learning",
appendix B.2.
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
from stages.movielens.ratings import Ratings, moment_of

AT_ONCE = 2**20  # knots whose equations are solved at once, about: bounds memory
CENTURY = 4e9  # seconds: only those between users are longer


class Drift:
    """The current draw of each process at the knots, the distinct times of each user, and of its variance."""

    def __init__(self, train: Ratings, minutes: tuple[float, ...], rng: np.random.Generator) -> None:
        self.length = 60 * torch.tensor(minutes, dtype=torch.float64)  # ℓ, in seconds
        self.knot, self.row = torch.unique(moment_of(train), return_inverse=True)
        self.rng, self.gap = rng, self.knot.diff().double().cpu().numpy()
        self.precision = np.full(len(minutes), 20.0)  # 1 / σ²
        self.value = train.rating.new_zeros(len(minutes), len(self.knot))
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
        """Draw each process given the others, then its variance; `target` is what all are to explain."""
        weight, moment = (sum_by(self.row, each, len(self.knot)) for each in (alpha, alpha * target))
        for number in range(len(self.value)):
            others = self.value.sum(dim=0) - self.value[number]
            columns = (
                each.double().cpu().numpy() for each in (weight, moment - weight * others, self.value[number])
            )
            weights, moments, current = columns
            squares = 0.0
            for part in self.parts:
                own = self.precision[number], weights[part], moments[part], current[part]
                current[part], square = self._draw(float(self.length[number]), part, *own)
                squares += square
            self.value[number] = torch.from_numpy(current).to(self.value)
            self.precision[number] = self.rng.gamma(1 + len(current) / 2) / (0.1 + squares / 2)

    def _draw(
        self,
        length: float,
        part: slice,
        precision: float,
        weight: Float[np.ndarray, " knots"],
        moment: Float[np.ndarray, " knots"],
        current: Float[np.ndarray, " knots"],
    ) -> tuple[Float[np.ndarray, " knots"], float]:
        """z ~ N(P⁻¹ Σ α t, P⁻¹), over-relaxed, and zᵀ Q z; P = Q/σ² + diag(Σ α), and Q/σ² is of the prior."""
        rho = np.minimum(np.exp(-self.gap[part.start : part.stop - 1] / length), 1 - 1e-9)
        gain = 1 / (1 - rho**2)
        band = np.zeros((2, len(current)))  # the diagonal, and what is next to it
        band[0] = np.append(1.0, gain)
        band[0, :-1] += rho**2 * gain
        band[1, :-1] = -rho * gain
        posterior = precision * band
        posterior[0] += weight
        root = cholesky_banded(posterior, overwrite_ab=True, lower=True, check_finite=False)
        mean = cho_solve_banded((root, True), moment, check_finite=False)
        noise, _ = dtbtrs(root, self.rng.standard_normal((len(current), 1)), uplo="L", trans="T")
        drawn = STEP * mean + SPREAD * noise[:, 0] + RELAXATION * current
        return drawn, (band[0] * drawn**2).sum() + 2 * (band[1, :-1] * drawn[:-1] * drawn[1:]).sum()

    def keep(self) -> None:
        """Add the current draw to the sum of those that are kept."""
        self.total += self.value
        self.n_kept += 1
