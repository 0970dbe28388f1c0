"""Which movies to recommend: the most appealing to one person, or to several together."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from stages.core.cli import UserError
from stages.factorization.fold_in import UserPosterior
from stages.ranking.score import MIN_SEEN, noise_deviation, ranking_score
from stages.recommender.artifacts import Cluster, Movie
from stages.recommender.filters import Filters
from stages.recommender.profile import UserProfile

REPEATED = 0.9
"""How much less, at full adventure, a movie counts for every one of its cluster before it."""
STEADY = 10
"""Added to a count of ratings, so that a movie of one rating does not seem an insider's tip."""
TOGETHER: dict[str, Callable[[Tensor], Tensor]] = {
    "least-misery": lambda appeals: appeals.amin(dim=0),
    "mean": lambda appeals: appeals.mean(dim=0),
}
"""How the appeal to several people becomes one: that of the least pleased, or the average."""


class Reason(NamedTuple):
    """A rating that somebody gave, and the stars that it adds to a prediction."""

    movie: Movie
    stars: float
    added: float


class Reasons(NamedTuple):
    """The parts of a prediction, which add up to it."""

    alone: float
    """Stars expected of anybody."""
    ratings: list[Reason]
    """What is owed to each rating that was given, the one that adds most first."""


class Recommendation(NamedTuple):
    """A movie for the people who ask: for each of them, in the same order, what is expected and why."""

    movie: Movie
    cluster: Cluster | None
    appeal: float
    stars: list[float]
    deviation: list[float]
    """Standard deviation of what each may give it."""
    reasons: list[Reasons]


def recommend(
    askers: list[UserProfile],
    filters: Filters,
    unwanted: set[int],
    count: int,
    adventurous: float = 0.0,
    together: str = "least-misery",
) -> list[Recommendation]:
    """The `count` most appealing movies that pass the filters and that none of the people has seen.

    `adventurous` is from 0 to 1; `unwanted` are movies that are left out as if seen.
    """
    library = askers[0].library
    passing = filters.passing(library)
    seen = unwanted.union(*(asker.seen for asker in askers))
    candidates = [movie for movie in passing if movie.movie not in seen]
    if not candidates:
        raise UserError(f"all {len(passing)} movies {that_pass(filters)}have been seen; none is left")
    people = [asker.person() for asker in askers]
    stars = [person.stars() for person in people]
    index = library.index_of(candidates)
    scores = [_score(*each, index, adventurous) for each in zip(askers, people, stars, strict=True)]
    score = TOGETHER[together](torch.stack(scores))
    chosen = _spread(score, [library.clusters.get(movie.movie) for movie in candidates], count, adventurous)
    deviation = [person.deviation(index[chosen]) for person in people]
    return [
        Recommendation(
            movie=candidates[row],
            cluster=library.clusters.get(candidates[row].movie),
            appeal=score[row].item(),
            stars=[each[candidates[row].movie].item() for each in stars],
            deviation=[each[place].item() for each in deviation],
            reasons=[_explain(*each, candidates[row]) for each in zip(askers, people, strict=True)],
        )
        for place, row in enumerate(chosen)
    ]


def _score(
    asker: UserProfile,
    person: UserPosterior,
    stars: Float[Tensor, " n_movies"],
    index: Tensor,
    adventurous: float,
) -> Float[Tensor, " candidates"]:
    """Appeal; the more adventurous, the less fame counts, the more what is possible.

    At full adventure the chance of being seen counts relative to how many have rated the movie. What is
    possible is one standard deviation, of the person's taste and not of their moods, above the stars.
    """
    stars = stars[index]
    if adventurous:
        unsure = (person.deviation(index).square() - person.noise.mean()).clamp(min=0).sqrt()
        stars = stars + adventurous * unsure
    fame = torch.tensor([movie.n_ratings + STEADY for movie in asker.library.movies])
    chance_seen = asker.chance_seen().clamp(min=MIN_SEEN) / (fame / fame.max()).pow(adventurous)
    return ranking_score(stars[None], noise_deviation(person)[None], chance_seen[index][None])[0]


def _spread(
    score: Float[Tensor, " candidates"], clusters: list[Cluster | None], count: int, adventurous: float
) -> list[int]:
    """The best rows; the more adventurous, the less a movie counts after others of its cluster.

    A movie without a cluster is of a kind of its own.
    """
    names = [row if cluster is None else cluster for row, cluster in enumerate(clusters)]
    kinds = {name: kind for kind, name in enumerate(dict.fromkeys(names))}
    kind = torch.tensor([kinds[name] for name in names])
    left, chosen = score.clone(), []
    for _ in range(min(count, len(score))):
        best = int(left.argmax())
        chosen.append(best)
        left = left.where(kind != kind[best], left * (1 - REPEATED * adventurous))
        left[best] = -torch.inf
    return chosen


def _explain(asker: UserProfile, person: UserPosterior, movie: Movie) -> Reasons:
    """What is expected without any rating, and what each rating adds, the ratings that add most first."""
    alone, added = person.explain(movie.movie)
    rated = list(asker.stars.items())
    reasons = [
        Reason(asker.library.movies[rated[row][0]], rated[row][1], added[row].item())
        for row in added.argsort(descending=True, stable=True).tolist()
    ]
    return Reasons(alone, reasons)


def that_pass(filters: Filters) -> str:
    """For a message: which movies are meant, if there are filters."""
    return f"that pass {filters} " if str(filters) else ""
