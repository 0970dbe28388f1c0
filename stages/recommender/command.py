"""From the options of the command to its output."""

import argparse
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from stages.core.cli import UserError
from stages.recommender.artifacts import Artifacts
from stages.recommender.filters import passing
from stages.recommender.profile import UserProfile
from stages.recommender.ranking import recommend
from stages.recommender.rendering import show


def run(options: argparse.Namespace) -> None:
    """Print recommendations, or similar movies."""
    artifacts = Artifacts(options.data)
    profile = UserProfile(artifacts)
    if options.user is not None:
        profile.add_user(options.user)
    if options.watched:
        profile.add_list(options.watched)
    profile.add_titles(options.like, options.rate)
    profiles = [profile] + ([_other(options.companion, artifacts)] if options.companion is not None else [])
    filters = (options.genre, options.exclude_genre, options.years, options.cluster, options.min_ratings)
    candidates = torch.tensor(passing(artifacts.movies, *filters).to_numpy())
    for other in [*profiles, *(_other(name, artifacts) for name in options.unseen_by)]:
        candidates[list(other.seen)] = False
    if not candidates.any():
        raise UserError("no movie is left: all those that pass the filters have been seen")
    if options.similar is not None:
        records = _similar(options.similar, candidates, options.top, artifacts)
    else:
        records = recommend(profiles, candidates, options.top, options.adventurous, options.together)
    show(records, options.json)


def _other(name: str, artifacts: Artifacts) -> UserProfile:
    """Another person by their number in the dataset, or by a list of films in a CSV file."""
    profile = UserProfile(artifacts)
    if name.isdecimal() and len(name) < 19:
        profile.add_user(int(name))
    elif name.lower().endswith(".csv") or (len(name) < 200 and Path(name).is_file()):
        profile.add_list(Path(name))
    else:
        raise UserError(f'"{name[:50]}" is neither the number of a user nor a CSV file of films')
    return profile


def _similar(
    title: str, candidates: Bool[Tensor, " n_movies"], count: int, artifacts: Artifacts
) -> list[dict[str, Any]]:
    """The `count` candidates that are most similar to a movie, with their cosine."""
    movie = artifacts.titles.find(title)
    label = artifacts.titles.labels[movie]
    try:
        others, cosines = artifacts.embeddings.nearest(movie)
    except KeyError:
        n_ratings = artifacts.records[movie]["n_ratings"]
        raise UserError(f"{label} has {n_ratings} ratings, too few to find similar movies") from None
    rows = candidates[others].nonzero().flatten()[:count].tolist()
    if not rows:
        raise UserError(f"no movie similar to {label} is left; leave one of the filters out")
    return [{**artifacts.records[others[row]], "similarity": float(cosines[row])} for row in rows]
