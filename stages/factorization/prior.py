"""The prior of one side's vectors in `gibbs`: a normal whose mean follows the features, learned as it goes.

    x_n ~ N(m + Bᵀ f_n, Λ⁻¹)       Λ ~ Wishart(I, K)        m | Λ ~ N(0, (κ Λ)⁻¹)
    B | Λ ~ N(0, (λ Λ)⁻¹)          λ ~ gamma(½, ½)

with a column of B for each of the K entries. Salakhutdinov & Mnih 2008, equation 14; Simm et al. 2017.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

KAPPA = 2.0
"""How many vectors' worth of evidence there is for m = 0 beforehand (β₀ of Salakhutdinov & Mnih)."""


class Prior:
    """The current draw of m, Λ, B and λ: small and in double precision, so on the CPU for every device."""

    def __init__(
        self,
        features: Float[Tensor, "n_rows width"],
        entries: int,
        rng: np.random.Generator,
    ) -> None:
        self.features = features.float()
        self.squares = features.double().T @ features.double()
        self.rng = rng
        self.weights = self.squares.new_zeros(features.shape[1], entries)
        self.penalty = 1.0
        self.shift = self.squares.new_zeros(entries)
        self.precision = torch.eye(entries, dtype=torch.float64)
        self.slope = self._slope()

    @property
    def mean(self) -> Float[Tensor, "n_rows entries"]:
        """m + Bᵀ f of each row."""
        return self.shift.float() + self.slope

    def draw(self, vectors: Float[Tensor, "n_rows entries"]) -> None:
        """Draw Λ and m, then B, then λ, each given the vectors and the others."""
        vectors = vectors.cpu()
        n_rows, entries = vectors.shape
        width = len(self.weights)
        rest = (vectors - self.slope).double()
        average = rest.mean(dim=0)
        scatter = (rest - average).T @ (rest - average)
        scatter += n_rows * KAPPA / (n_rows + KAPPA) * torch.outer(average, average)
        scatter += self.penalty * self.weights.T @ self.weights
        scatter += torch.eye(entries, dtype=torch.float64)
        self.precision = self._wishart(entries + n_rows + width, torch.linalg.inv(scatter))
        self.root = torch.linalg.cholesky(self.precision)
        evidence = n_rows + KAPPA
        self.shift = n_rows / evidence * average + self._noise(1)[0].double() / evidence**0.5
        if width:
            self._draw_weights(vectors)

    def _draw_weights(self, vectors: Float[Tensor, "n_rows entries"]) -> None:
        """Ridge regression on vectors and zeros, each perturbed by a draw of the prior's own noise."""
        width, entries = self.weights.shape
        ridge = self.squares + self.penalty * torch.eye(width, dtype=torch.float64)
        noisy = vectors - self.shift.float() + self._noise(len(vectors))
        moment = (noisy.T @ self.features).T.double()
        moment += self.penalty**0.5 * self._noise(width).double()
        self.weights = torch.cholesky_solve(moment, torch.linalg.cholesky(ridge))
        self.slope = self._slope()
        size = (self.weights @ self.precision * self.weights).sum().item()
        self.penalty = self.rng.gamma(0.5 + width * entries / 2) / (0.5 + size / 2)

    def _slope(self) -> Float[Tensor, "n_rows entries"]:
        """Bᵀ f of each row; the product is several times faster with its thin side first."""
        return (self.weights.float().T @ self.features.T).T

    def _noise(self, n_rows: int) -> Float[Tensor, "n_rows entries"]:
        """Rows drawn from N(0, Λ⁻¹)."""
        standard = torch.from_numpy(self.rng.standard_normal((len(self.shift), n_rows), dtype=np.float32))
        noise: Tensor = torch.linalg.solve_triangular(self.root.T.float(), standard, upper=True)
        return noise.T

    def _wishart(
        self, freedom: int, scale: Float[Tensor, "entries entries"]
    ) -> Float[Tensor, "entries entries"]:
        """A draw of Wishart(scale, freedom) by Bartlett's decomposition (Bartlett 1933)."""
        entries = len(scale)
        lower = np.tril(self.rng.standard_normal((entries, entries)), -1)
        lower[np.diag_indices(entries)] = np.sqrt(self.rng.chisquare(freedom - np.arange(entries)))
        root: Tensor = torch.linalg.cholesky((scale + scale.T) / 2) @ torch.from_numpy(lower)
        return root @ root.T
