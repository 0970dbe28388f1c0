"""What the people and films of people.yaml are recommended; all of them were written down before any result.

    python -m tests.people            prints what they are recommended, in numbers
    python -m tests.people outside    the same of five groups of users hidden from training, in five minutes

They need the data and the page that `dvc repro` wrote, and the page needs Chromium.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

import pandas as pd
import torch
import yaml
from torch import Tensor

from stages.core.compute import threads_for
from stages.factorization.fit import fit, make_problem
from stages.factorization.fold_in import fold_in_users
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, SideInformation, concatenate
from stages.newcomers import GIVEN, NewcomersParameters, position, split_newcomers
from stages.ranking import ease
from stages.ranking.ease import LinearModel
from stages.ranking.metrics import Part, Score, measure, rating_rows
from stages.ranking.score import POWER, Ranker, fit_new, noise_deviation, score_users, shares, values
from stages.recommender import Recommender
from tests.page.test_explorer import compare, data_of, opened
from tests.repository import DEFAULTS, ROOT

GROUPS: dict[str, dict[str, list[str]]] = yaml.safe_load((ROOT / "tests" / "people.yaml").read_text("utf-8"))
FOCUSED, MIXED, NICHE, COMPANIONS = (GROUPS[name] for name in ("focused", "mixed", "niche", "companions"))
PEOPLE = {**FOCUSED, **MIXED, **NICHE}


def main(names: list[str]) -> None:
    """Print the rows about newcomers if asked for, else those about the people and films of people.yaml."""
    rows = outside() if names == ["outside"] else inside(Recommender(ROOT / "data"))
    for name, value in rows:
        print(f"{name:60} {value}", flush=True)


def inside(recommender: Recommender) -> Iterator[tuple[str, str]]:
    """Films of their genre in ten; films shared with the page; companions among eight similar films."""
    lists = {
        taste: recommender.recommend(dict.fromkeys(titles, 4.5), count=10)["genres"].str.split("|")
        for taste, titles in PEOPLE.items()
    }
    hits = [sum(genre in genres for genres in lists[genre]) for genre in FOCUSED]
    yield "focused people: films of their genre in ten", f"mean {fmean(hits):.2f}, least {min(hits)}"
    common = [max(Counter(genre for each in lists[taste] for genre in each).values()) for taste in MIXED]
    yield "mixed people: films of the commonest genre in ten", f"mean {fmean(common):.2f}"
    titles = recommender.movies["title"]
    found = []
    for title, companions in COMPANIONS.items():
        wanted = {titles[recommender.titles.find(each)] for each in companions}
        if recommender.titles.find(title) in recommender.embeddings.movie:
            found.append(len(wanted & set(recommender.similar(title, count=8)["title"])))
    yield f"films with a companion among 8 similar ones, of {len(found)}", str(sum(map(bool, found)))
    yield from on_page(recommender)


def on_page(recommender: Recommender) -> Iterator[tuple[str, str]]:
    """How many of ten films the page and the terminal share."""
    path = ROOT / "plots" / "explorer.html"
    yield "page: size, MB", f"{path.stat().st_size / 1e6:.2f}"
    text = path.read_text(encoding="utf-8")
    known = {int(movie_id) for movie_id in data_of(text)["movies"]["id"]}
    ids = recommender.movies["movie_id"]
    liked = [[recommender.titles.find(each) for each in titles] for titles in PEOPLE.values()]
    people = [[(movie, 4.5) for movie in movies if ids[movie] in known] for movies in liked]
    with opened(text) as page:
        for adventurous in (0.0, 0.5, 1.0):
            shared, stars, _ = compare(page, recommender, people, adventurous)
            name = f"page and terminal, slider at {adventurous}: films shared of ten"
            yield name, f"{shared:.2f}, stars {stars:.3f} apart"


def outside() -> Iterator[tuple[str, str]]:
    """NDCG@10, plain and corrected, of five groups, and minus that of EASE × √P(like), paired.

    No constant was chosen on these groups.
    """
    parts = [Ratings.load(ROOT / "data" / "prepared" / f"{name}.pt") for name in ("train", "validation")]
    known = SideInformation.load(ROOT / "data" / "prepared" / "side_information.pt")
    both, groups = concatenate(*parts), []
    for seed in range(5):
        chosen = NewcomersParameters.parse({**DEFAULTS, "seed": seed})
        others, given, held_out = split_newcomers(both, chosen)
        with threads_for(0):
            model = fit(make_problem(chosen, others, both[:0], known, f"group {seed}"), chosen).model
            ranker = fit_new(others, known.genres)
        groups.append((model, ranker, others, given, held_out))
    for n in GIVEN:
        tables, overlaps = zip(*(measure_group(*group, n) for group in groups), strict=True)
        yield f"after {n}: films that two people share of ten", f"{10 * fmean(overlaps):.2f}"
        for metric in ("ndcg_at_10", "corrected_ndcg_at_10"):
            ours, theirs = (
                torch.cat([torch.tensor(table[metric].to_numpy()) for table in each])
                for each in zip(*tables, strict=True)
            )
            gain, error = (ours - theirs).nanmean(), (ours - theirs)[~ours.isnan()].std() / len(ours) ** 0.5
            yield f"after {n}: {metric}", f"{ours.nanmean():.3f}, {gain:+.4f} ± {error:.4f}"


def measure_group(
    model: Model, ranker: Ranker, others: Ratings, given: Ratings, held_out: Ratings, n: int
) -> tuple[list[pd.DataFrame], float]:
    """The metrics of each user, by the ranking score and by EASE × √P(like); and the overlap of lists."""
    first = given[position(given) < n]
    folded = fold_in_users(model, first, known=False)
    part = Part(f"after {n}", held_out, first, ranker.n_ratings.long(), others.scale())
    _, user = torch.unique(others.user, return_inverse=True)
    rows = replace(others, user=user, n_users=int(user.max()) + 1)
    plain = ease.fit(shares(rows), DEFAULTS["ease_regularization"], 0.3)
    scores = score_users(folded, ranker, first), plain_score(folded, plain, first)
    users = held_out.user.unique()
    seen = rating_rows(first.sorted_by_user(), users) > 0
    lists = scores[0](users).masked_fill(seen, -torch.inf).topk(10).indices
    listed = torch.zeros(seen.shape).scatter_(1, lists, 1)
    shared = (listed @ listed.T / 10).fill_diagonal_(0).sum().item() / (len(users) * (len(users) - 1))
    return [measure("", part, score=score) for score in scores], shared


def plain_score(model: Model, fitted: LinearModel, ratings: Ratings) -> Score:
    """EASE × √P(like)."""
    by_user = ratings.sorted_by_user()
    deviation = noise_deviation(model.noise.float())

    def score(user: Tensor) -> Tensor:
        given = rating_rows(by_user, user)
        liked: Tensor = torch.special.ndtr((model.score(user) - 3.75) / deviation[user, None])
        found: Tensor = fitted.score(values(given).where(given > 0, 0.0)).clamp(min=1e-6) * liked**POWER
        return found

    return score


if __name__ == "__main__":
    main(sys.argv[1:])
