"""Recommendations: their order, and explanations that add up to the estimate."""

import math
from statistics import fmean
from typing import Any

import pytest
import torch

from stages.ranking.score import values
from stages.recommender.artifacts import Artifacts
from stages.recommender.profile import UserProfile
from stages.recommender.ranking import recommend, spread
from tests.recommender.builders import FALLER, FILMS, RISER, fan, member

ALL = len(FILMS)


def recommended(*profiles: UserProfile, count: int = ALL, **options: Any) -> list[dict[str, Any]]:
    candidates = torch.ones(ALL, dtype=torch.bool)
    for profile in profiles:
        candidates[list(profile.seen)] = False
    rows: dict[Any, Any] = recommend(list(profiles), candidates, count, **options).to_dict("index")
    return [{**profiles[0].artifacts.records[movie], **row} for movie, row in rows.items()]


def movie_of(record: dict[str, Any]) -> int:
    return (int(record["movie_id"]) - 7) // 10


def newcomer(artifacts: Artifacts) -> UserProfile:
    profile = fan(artifacts, "Toy Story", "The Matrix")
    profile.add_titles([], ["Heat=0.5"])
    return profile


@pytest.mark.parametrize("known", [True, False], ids=["a user", "a newcomer"])
def test_explanations_add_up_and_the_largest_come_first(solved: Artifacts, known: bool) -> None:
    profile = member(solved, 3) if known else newcomer(solved)
    given = profile.given()[None]
    ranker = solved.ease if known else solved.ridge
    estimate = ranker.score(values(given).where(given > 0, 0.0))[0].tolist()
    for record in recommended(profile):
        (because,), (deviation,) = record["because"], record["deviation"]
        added = [rating["added"] for rating in because["ratings"]]
        assert because["alone"] + math.fsum(added) == pytest.approx(estimate[movie_of(record)], abs=1e-5)
        assert added == sorted(added, reverse=True)
        assert {movie_of(rating): rating["stars"] for rating in because["ratings"]} == profile.stars
        assert 0 < deviation < math.inf


@pytest.mark.parametrize("liked", [["Toy Story", "Matrix"], ["Heat", "Eta Falling"]])
def test_liking_movies_raises_similar_ones(solved: Artifacts, liked: list[str]) -> None:
    profile, prior = fan(solved, *liked), UserProfile(solved).posterior().stars()
    found = {movie_of(record): record["stars"][0] for record in recommended(profile)}
    kind = FILMS[solved.titles.find(liked[0])].rising
    raised: dict[bool, list[float]] = {True: [], False: []}
    for movie, stars in found.items():
        raised[FILMS[movie].rising == kind].append(stars - prior[movie].item())
    assert fmean(raised[True]) > max(0, fmean(raised[False]))
    assert FILMS[next(iter(found))].rising == kind


def test_scores_are_in_descending_order_and_differ_for_low_predictions(solved: Artifacts) -> None:
    records = recommended(newcomer(solved))
    scores = [record["score"] for record in records]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    low = [record["score"] for record in records if record["stars"][0] < 3.5]
    assert len(set(low)) == len(low) > 2


def test_only_candidates_are_recommended_and_fewer_are_the_first_of_them(artifacts: Artifacts) -> None:
    profile = member(artifacts, 3)
    found = [movie_of(record) for record in recommended(profile, count=10 * ALL)]
    assert sorted(found) == sorted(set(range(ALL)) - profile.seen)
    assert [movie_of(record) for record in recommended(profile, count=3)] == found[:3]


@pytest.mark.parametrize("adventurous", [0.5, 1.0])
def test_adventurous_movies_are_less_known_and_more_varied(artifacts: Artifacts, adventurous: float) -> None:
    known, clusters = [], []
    for value in (0.0, adventurous):
        users = [recommended(member(artifacts, user), count=6, adventurous=value) for user in (0, 5, 25, 30)]
        known.append(sum(record["n_ratings"] for records in users for record in records))
        clusters.append(sum(len({str(record["cluster"]) for record in records}) for records in users))
    assert known[1] < known[0]
    assert clusters[1] > clusters[0]


def test_full_adventure_avoids_the_groups_of_movies_before() -> None:
    score = torch.tensor([0.9, 0.8, 0.7, 0.6])
    assert [*spread(score, torch.tensor([-1, -2, -3, -4]), 4, adventurous=1.0)] == [0, 1, 2, 3]
    found = spread(score, torch.tensor([0, 0, -3, 1]), 4, adventurous=1.0)
    assert found == pytest.approx({0: 0.9, 2: 0.7, 3: 0.6, 1: 0.08})
    assert [*found] == [0, 2, 3, 1]


def test_two_people_have_stars_and_explanations_of_their_own(artifacts: Artifacts) -> None:
    pair = [member(artifacts, RISER), member(artifacts, FALLER)]
    for record in recommended(*pair):
        only = torch.arange(ALL) == movie_of(record)
        for profile, stars, because in zip(pair, record["stars"], record["because"], strict=True):
            alone = recommend([profile], only, 1).iloc[0]
            assert stars == pytest.approx(alone["stars"][0], abs=1e-4)
            assert because["ratings"] == alone["because"][0]["ratings"]


@pytest.mark.parametrize(("together", "expected"), [("least-misery", min), ("mean", lambda *two: fmean(two))])
def test_a_score_of_two_is_the_lower_or_the_mean(artifacts: Artifacts, together: str, expected: Any) -> None:
    pair = [fan(artifacts, "Toy Story", "Matrix"), fan(artifacts, "Heat", "Eta Falling")]
    yours, theirs = ({movie_of(record): record["score"] for record in recommended(one)} for one in pair)
    found = {movie_of(record): record["score"] for record in recommended(*pair, together=together)}
    both = {movie: expected(yours[movie], theirs[movie]) for movie in found}
    assert found == pytest.approx(both, rel=1e-4)
    assert next(iter(found)) == max(both, key=lambda movie: both[movie])
