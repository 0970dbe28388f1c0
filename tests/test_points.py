"""points: movies that the same users watch or like are close, by every fit."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from sklearn.metrics import adjusted_rand_score

from stages import points
from stages.clustering.embeddings import MovieEmbeddings
from stages.clustering.kmeans import k_means
from stages.core.cli import UserError
from stages.factorization.model import NotebookFactors, Replicas, single
from stages.movielens.ratings import Ratings
from stages.points import PointsParameters, combine, embed_audience, select_movies
from tests.clustering.builders import PLANTED, planted_factors
from tests.conftest import make_ratings
from tests.repository import DEFAULTS

INPUTS = ("model.pt", "replicas.pt", "notebook.pt", "train.pt")


def planted_audiences() -> Ratings:
    """Movie i has i + 1 ratings, by others than the 30 users who watch its cluster only if it has more."""
    chance = np.random.default_rng(0).random((90, len(PLANTED))) + (np.arange(90)[:, None] % 3 != PLANTED)
    rated = chance.argsort(axis=0).argsort(axis=0) <= np.arange(len(PLANTED))
    return make_ratings([(int(user), int(movie), 3.0) for user, movie in np.argwhere(rated)], *rated.shape)


def audience(association: float) -> np.ndarray:
    parameters = PointsParameters.parse({**DEFAULTS, "association": association})
    return embed_audience(planted_audiences(), np.arange(len(PLANTED)), parameters)


def make_points(directory: Path, further_fits: bool = True, **changes: object) -> MovieEmbeddings:
    """Run the stage on planted factors; movies with 5 ratings or more have enough."""
    factors, fits = torch.from_numpy(planted_factors()).float(), 2 * further_fits
    replicas = torch.stack([factors + 0.01, factors - 0.01])[:fits]
    recipe = torch.stack([factors, -factors])[:fits]
    with_bias = torch.nn.functional.pad(factors, (0, 1))
    files = {
        "model.pt": single(torch.tensor(3.5), torch.zeros(90, 4), with_bias),
        "replicas.pt": Replicas(replicas, factors[None][:fits]),
        "notebook.pt": NotebookFactors(torch.zeros(fits, 90, 3), recipe),
        "train.pt": planted_audiences(),
    }
    for name, content in files.items():
        (directory / name).write_bytes(content.serialize())
    chosen = {**DEFAULTS, "n_clusters": 3, "min_ratings": 5, **changes}
    (directory / "params.yaml").write_text(yaml.safe_dump(chosen))
    points.main(*(directory / name for name in (*INPUTS, "points.npy", "params.yaml")))
    return MovieEmbeddings.load(directory / "points.npy")


def test_every_movie_with_enough_ratings_is_embedded_by_every_fit(tmp_path: Path) -> None:
    found = make_points(tmp_path)
    assert found.movie.tolist() == list(range(4, 75))
    assert found.replicas.shape == (2, *found.embedding.shape)
    assert found.without_genres.shape == (1, *found.embedding.shape)
    assert found.notebook.shape == (2, 75, 3)
    assert np.isfinite(found.position).all()
    assert (found.expected == 3.5).all()  # the model has no biases, and users without factors
    assert (found.deviation == 0).all()


def test_who_watches_a_movie_determines_its_cluster_where_factors_do_not() -> None:
    (embedding,) = combine(torch.zeros(1, 75, 1), audience(association=2), unit_length=True)
    assert adjusted_rand_score(PLANTED, k_means(embedding, 3, seed=42)[0]) == 1


def test_association_and_normalize_set_the_lengths_of_both_parts() -> None:
    factors = torch.from_numpy(planted_factors())[None]
    (embedding,) = combine(factors, audience(association=2), unit_length=True)
    assert np.linalg.norm(embedding[:, :3], axis=1) == pytest.approx(np.ones(75))
    assert np.linalg.norm(embedding[:, 3:], axis=1) == pytest.approx(np.full(75, 2))
    assert (combine(factors, audience(association=0), unit_length=False) == factors.numpy()).all()


def test_that_no_movie_has_enough_ratings_is_an_error() -> None:
    assert select_movies(np.array([3, 9, 4, 5]), 4).tolist() == [1, 2, 3]
    with pytest.raises(UserError, match=r"min_ratings is 70\b.* 9 training"):
        select_movies(np.array([3, 9]), 70)
