"""The prior of all users' vectors, or of all movies', in `gibbs`: normal, with a mean linear in features.

    x_n ~ N(m + Bᵀ f_n, Λ⁻¹)       Λ ~ Wishart(I, K)        m | Λ ~ N(0, (κ Λ)⁻¹)
    B | Λ ~ N(0, (λ Λ)⁻¹)          λ ~ gamma(½, ½)

with a column of B for each of the K entries. Salakhutdinov & Mnih 2008, equation 14; Simm et al. 2017.

B, the vectors and the drift are drawn with over-relaxation. A value x with the conditional distribution
N(x̄, V) is followed by

    x̄ + a (x - x̄) + √(1 - a²) z,    z ~ N(0, V)

which keeps the distribution. With a < 0 consecutive draws are on opposite sides of x̄, so that an average
needs fewer of them. Adler 1981, "Over-relaxation method for the Monte Carlo evaluation of the partition
function for multiquadratic actions".
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

KAPPA = 2.0  # weight of the prior mean m = 0, in vectors (β₀ of Salakhutdinov & Mnih)
RELAXATION = -0.8  # a, chosen by RMSE on folds of the training and validation ratings
STEP, SPREAD = 1 - RELAXATION, (1 - RELAXATION**2) ** 0.5  # factors of the mean and of the noise


class Prior:
    """The current draw of m, Λ, B and λ: small and in double precision, so on the CPU for every device."""

    def __init__(
        self, features: Float[Tensor, "n_rows width"], entries: int, rng: np.random.Generator
    ) -> None:
        self.features, self.rng = features.float(), rng
        self.gramian = features.double().T @ features.double()
        self.shift = torch.zeros(entries, dtype=torch.float64)  # m
        self.precision = torch.eye(entries, dtype=torch.float64)  # Λ
        self.weights = torch.zeros(features.shape[1], entries, dtype=torch.float64)  # B
        self.penalty = 1.0  # λ
        self.slope = torch.zeros(len(features), entries)  # Bᵀ f of each row

    @property
    def mean(self) -> Float[Tensor, "n_rows entries"]:
        """m + Bᵀ f of each row."""
        return self.shift.float() + self.slope

    def draw(self, vectors: Float[Tensor, "n_rows entries"]) -> None:
        """Draw Λ and m, then B, then λ, each given the vectors and the others."""
        vectors = vectors.cpu()
        n_rows, entries = vectors.shape
        residual = (vectors - self.slope).double()
        average = residual.mean(dim=0)
        scatter = (residual - average).T @ (residual - average)
        scatter += n_rows * KAPPA / (n_rows + KAPPA) * torch.outer(average, average)
        scatter += self.penalty * self.weights.T @ self.weights
        scatter += torch.eye(entries, dtype=torch.float64)
        self.precision = self._wishart(entries + n_rows + len(self.weights), torch.linalg.inv(scatter))
        weight = n_rows + KAPPA
        self.shift = n_rows / weight * average + self._noise(1)[0].double() / weight**0.5
        if len(self.weights):
            self._draw_weights(vectors)

    def _draw_weights(self, vectors: Float[Tensor, "n_rows entries"]) -> None:
        """B by ridge regression on vectors, and on zeros for its prior, to which noise N(0, Λ⁻¹) is added."""
        width, entries = self.weights.shape
        target = STEP * (vectors - self.shift.float()) + SPREAD * self._noise(len(vectors))
        noise = SPREAD * self.penalty**0.5 * self._noise(width).double()
        ridge = self.gramian + self.penalty * torch.eye(width, dtype=torch.float64)
        moment = (target.T @ self.features).T.double() + noise
        solved = torch.cholesky_solve(moment, torch.linalg.cholesky(ridge))
        self.weights = solved + RELAXATION * self.weights
        self.slope = (self.weights.float().T @ self.features.T).T  # faster than features @ weights
        squares = (self.weights @ self.precision * self.weights).sum().item()
        self.penalty = self.rng.gamma(0.5 + width * entries / 2) / (0.5 + squares / 2)

    def _noise(self, n_rows: int) -> Float[Tensor, "n_rows entries"]:
        """Rows drawn from N(0, Λ⁻¹)."""
        standard = torch.from_numpy(self.rng.standard_normal((len(self.shift), n_rows), dtype=np.float32))
        root = torch.linalg.cholesky(self.precision).float()
        noise: Tensor = torch.linalg.solve_triangular(root.T, standard, upper=True)
        return noise.T

    def _wishart(self, freedom: int, scale: Float[Tensor, "k k"]) -> Float[Tensor, "k k"]:
        """A draw from Wishart(scale, freedom) by Bartlett's decomposition (Bartlett 1933)."""
        entries = len(scale)
        lower = np.tril(self.rng.standard_normal((entries, entries)), -1)
        lower[np.diag_indices(entries)] = np.sqrt(self.rng.chisquare(freedom - np.arange(entries)))
        root: Tensor = torch.linalg.cholesky((scale + scale.T) / 2) @ torch.from_numpy(lower)
        return root @ root.T
