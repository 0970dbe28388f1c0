"""Ranks movies for one person, or for several together."""

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from stages.factorization.fold_in import UserPosterior
from stages.ranking.score import MIN_SCORE, noise_deviation, ranking_score
from stages.recommender.profile import UserProfile


def recommend(
    profiles: list[UserProfile],
    candidates: Bool[Tensor, " n_movies"],
    count: int,
    adventurous: float = 0.0,
    together: str = "least-misery",
) -> list[dict[str, Any]]:
    """The `count` candidates with the highest scores; `adventurous` is from 0 to 1.

    The score for several people is the lowest of theirs ("least-misery"), or their "mean". Each record has an
    entry for each person in `stars`, `deviation` and `because`, which adds up to the predicted stars: those
    without ratings (`alone`), and those `added` by each of the `ratings`. Stars may be off the scale.
    """
    index = candidates.nonzero().flatten()
    people = [(profile, profile.posterior()) for profile in profiles]
    stars = torch.stack([person.stars()[index] for _, person in people])
    scores = [_score(*each, own, index, adventurous) for each, own in zip(people, stars, strict=True)]
    both = torch.stack(scores)
    score = both.amin(dim=0) if together == "least-misery" else both.mean(dim=0)
    artifacts = profiles[0].artifacts
    cluster = torch.tensor(artifacts.movies["cluster"].to_numpy("int64", na_value=-1))[index]
    rows = spread(score, cluster.where(cluster >= 0, -1 - index), count, adventurous)
    deviation = torch.stack([person.deviation(index[rows]) for _, person in people]).T
    return [
        {
            **artifacts.records[index[row]],
            "score": score[row].item(),
            "stars": stars[:, row].tolist(),
            "deviation": deviation[place].tolist(),
            "because": [_explain(*each, int(index[row])) for each in people],
        }
        for place, row in enumerate(rows)
    ]


def _score(
    profile: UserProfile,
    person: UserPosterior,
    stars: Float[Tensor, " candidates"],
    index: Int[Tensor, " candidates"],
    adventurous: float,
) -> Float[Tensor, " candidates"]:
    """The ranking score; the more adventurous, the less popularity and the more uncertainty count.

    At full adventure EASE's estimate is relative to the number of ratings, and the stars are one
    standard deviation, without the noise of ratings, above the prediction.
    """
    if adventurous:
        variance = (person.deviation(index).square() - person.noise.mean()).clamp(min=0)
        stars = stars + adventurous * variance.sqrt()
    # 10 more: a single rating is no evidence
    ratings = 10 + torch.tensor(profile.artifacts.movies["n_ratings"].to_numpy())
    estimate = profile.ease_estimate().clamp(min=MIN_SCORE) / (ratings / ratings.max()).pow(adventurous)
    return ranking_score(stars[None], noise_deviation(person.noise[:, None]), estimate[index][None])[0]


def spread(
    score: Float[Tensor, " candidates"], group: Int[Tensor, " candidates"], count: int, adventurous: float
) -> list[int]:
    """The rows with the highest scores; at full adventure, each lowers the scores of its group by 90 %."""
    left, rows = score.clone(), []
    for _ in range(min(count, len(score))):
        best = int(left.argmax())
        rows.append(best)
        left = left.where(group != group[best], left * (1 - 0.9 * adventurous))
        left[best] = -torch.inf
    return rows


def _explain(profile: UserProfile, person: UserPosterior, movie: int) -> dict[str, Any]:
    """What is predicted without ratings, and what each rating adds, the largest first."""
    alone, added = person.explain(movie)
    ratings = []
    for (rated, stars), stars_added in zip(profile.stars.items(), added.tolist(), strict=True):
        name = {key: profile.artifacts.records[rated][key] for key in ("movie_id", "title", "year")}
        ratings.append({**name, "stars": stars, "added": stars_added})
    return {"alone": alone, "ratings": sorted(ratings, key=lambda rating: -rating["added"])}
