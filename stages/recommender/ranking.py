"""Ranks movies for one person, or for several together."""

from typing import Any

import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from stages.ranking.score import SPREAD, Ranker, noise_deviation, ranking_score, values
from stages.recommender.profile import UserProfile


def recommend(
    profiles: list[UserProfile],
    candidates: Bool[Tensor, " n_movies"],
    count: int,
    adventurous: float = 0.0,
    together: str = "least-misery",
) -> pd.DataFrame:
    """The `count` candidates with the highest scores, by movie; `adventurous` is from 0 to 1.

    The score for several people is the lowest of theirs ("least-misery"), or their "mean". Each row has an
    entry for each person in `stars`, `deviation` and `because`, which adds up to the estimate of the ranking
    score: for anybody (`alone`), and what is `added` by each of the `ratings`. Stars may be off the scale.
    """
    artifacts = profiles[0].artifacts
    index = candidates.nonzero().flatten()
    people = [profile.posterior() for profile in profiles]
    # scores of two models cannot be compared
    ranker = artifacts.ease if all(each.user is not None for each in profiles) else artifacts.ridge
    given = torch.stack([profile.given() for profile in profiles])
    stars = torch.stack([person.stars() for person in people])
    noise = torch.cat([noise_deviation(person.noise[:, None]) for person in people])
    both = ranking_score(ranker, given, stars, noise, adventurous)[:, index]
    score = both.amin(dim=0) if together == "least-misery" else both.mean(dim=0)
    cluster = torch.tensor(artifacts.movies["cluster"].to_numpy("int64", na_value=-1))[index]
    rows = spread(score, cluster.where(cluster >= 0, -1 - index), count, adventurous)
    movies, givers = index[[*rows]], [*zip(profiles, given, strict=True)]
    columns = {
        "score": [*rows.values()],
        "stars": stars[:, movies].T.tolist(),
        "deviation": torch.stack([person.deviation(movies) for person in people]).T.tolist(),
        "because": [[_explain(*each, ranker, movie) for each in givers] for movie in movies.tolist()],
    }
    return pd.DataFrame(columns, index=movies.numpy())


def spread(
    score: Float[Tensor, " candidates"], group: Int[Tensor, " candidates"], count: int, adventurous: float
) -> dict[int, float]:
    """The rows with the highest scores; at full adventure, each lowers the scores of its group by 90 %."""
    left, rows = score.clone(), dict[int, float]()
    for _ in range(min(count, len(score))):
        best = int(left.argmax())
        rows[best] = left[best].item()
        left = left.where(group != group[best], left * (1 - SPREAD * adventurous))
        left[best] = -torch.inf
    return rows


def _explain(
    profile: UserProfile, given: Float[Tensor, " n_movies"], ranker: Ranker, movie: int
) -> dict[str, Any]:
    """What the estimate is for anybody, and what each film adds, the largest first; stars may be missing."""
    seen = sorted(profile.seen)
    added = values(given[seen]) * ranker.weights(torch.tensor(seen, dtype=torch.int64), movie)
    ratings = []
    for film, amount in zip(seen, added.tolist(), strict=True):
        name = {key: profile.artifacts.records[film][key] for key in ("movie_id", "title", "year")}
        ratings.append({**name, "stars": profile.stars.get(film), "added": amount})
    alone = ranker.intercept[ranker.movies == movie].sum().item()
    return {"alone": alone, "ratings": sorted(ratings, key=lambda rating: -rating["added"])}
