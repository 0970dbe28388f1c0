"""Which movies are recommended, and that the reasons given for them are the whole truth."""

import math
from statistics import fmean

import pytest
import torch

from stages.core.cli import UserError
from stages.recommender.artifacts import Artifacts, Cluster
from stages.recommender.filters import Filters
from stages.recommender.profile import UserProfile
from stages.recommender.ranking import Recommendation, _spread, recommend
from tests.recommender.conftest import (
    DEVOTEE,
    FILMS,
    OMNIVORE,
    OPPONENT,
    fan,
    is_rising,
    member,
)

ALL = len(FILMS)
SOLVERS = ["gibbs", "als"]


def chosen(recommendations: list[Recommendation]) -> list[int]:
    return [each.movie.movie for each in recommendations]


def newcomer(library: Artifacts) -> UserProfile:
    """Somebody new who has rated in several hours."""
    asker = fan(library, "Toy Story", "The Matrix")
    asker.add_rated("Heat=1")
    for number, movie in enumerate(asker.stars):
        asker.hours[movie] += number // 2
    return asker


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("known", [True, False], ids=["a user", "a newcomer"])
def test_reasons_add_up_to_the_stars_and_the_greatest_come_first(
    libraries: dict[str, Artifacts], solver: str, known: bool
) -> None:
    library = libraries[solver]
    asker = member(library, 3) if known else newcomer(library)
    assert len(set(asker.hours.values())) > 1
    for each in recommend([asker], Filters(), set(), ALL):
        (reasons,), (stars,), (deviation,) = each.reasons, each.stars, each.deviation
        added = [reason.added for reason in reasons.ratings]
        assert stars == pytest.approx(reasons.alone + math.fsum(added), abs=1e-4)
        assert added == sorted(added, reverse=True)
        assert {reason.movie.movie: reason.stars for reason in reasons.ratings} == asker.stars
        assert math.isfinite(stars)
        assert math.isfinite(deviation)
        assert deviation > 0


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("liked", [["Toy Story", "Matrix"], ["Heat", "Eta Falling"]])
def test_liking_some_movies_raises_what_is_like_them(
    libraries: dict[str, Artifacts], solver: str, liked: list[str]
) -> None:
    asker = fan(libraries[solver], *liked)
    kind = is_rising(asker.library.titles.find(liked[0]))
    found = recommend([asker], Filters(), set(), ALL)
    anybody = {each.movie: each for each in recommend([UserProfile(asker.library)], Filters(), set(), ALL)}
    places: dict[bool, list[int]] = {True: [], False: []}
    raised: dict[bool, list[float]] = {True: [], False: []}
    for place, each in enumerate(found):
        alike = is_rising(each.movie.movie) == kind
        places[alike].append(place)
        raised[alike].append(each.stars[0] - anybody[each.movie].stars[0])
    assert fmean(places[True]) < fmean(places[False])
    assert fmean(raised[True]) > max(0, fmean(raised[False]))
    assert is_rising(found[0].movie.movie) == kind


def test_movies_come_in_the_order_of_their_appeal(library: Artifacts) -> None:
    appeals = [each.appeal for each in recommend([newcomer(library)], Filters(), set(), ALL)]
    assert appeals == sorted(appeals, reverse=True)
    assert all(0 < appeal < 1 for appeal in appeals)


def test_movies_below_four_stars_are_told_apart_where_the_noise_is_not_known(
    libraries: dict[str, Artifacts],
) -> None:
    asker = fan(libraries["als"], "Toy Story", "Matrix")
    asker.add_rated("Heat=0.5")
    found = [each for each in recommend([asker], Filters(), set(), ALL) if each.stars[0] < 3.5]
    assert len(found) > 2
    assert len({each.appeal for each in found}) == len(found)


def test_nothing_that_is_seen_or_unwanted_is_recommended_however_many_are_asked_for(
    library: Artifacts,
) -> None:
    asker = member(library, 3)
    unwanted = {min(set(range(ALL)) - asker.seen)}
    found = chosen(recommend([asker], Filters(), unwanted, 10 * ALL))
    assert sorted(found) == sorted(set(range(ALL)) - asker.seen - unwanted)
    assert chosen(recommend([asker], Filters(), unwanted, 3)) == found[:3]


def test_who_has_seen_everything_is_told_so(library: Artifacts) -> None:
    with pytest.raises(UserError, match=r"^all 40 movies have been seen; none is left$"):
        recommend([member(library, OMNIVORE)], Filters(), set(), 10)
    both = Filters(genres=["Action"], years="1995-")
    with pytest.raises(UserError, match=r"^all 2 movies that pass --genre Action --years 1995- have been"):
        recommend([fan(library, "Heat", "Matrix")], both, set(), 10)


def test_filters_hold_for_recommendations(library: Artifacts) -> None:
    found = recommend([newcomer(library)], Filters(genres=["War"]), set(), ALL)
    assert all("War" in each.movie.genres for each in found)
    assert len(found) == 16


@pytest.mark.parametrize("adventurous", [0.5, 1.0])
def test_the_adventurous_get_less_known_movies_of_more_kinds(library: Artifacts, adventurous: float) -> None:
    kinds, known = {0.0: 0, adventurous: 0}, {0.0: 0, adventurous: 0}
    for user in (0, 5, 25, 30):
        for much in kinds:
            found = recommend([member(library, user)], Filters(), set(), 6, much)
            known[much] += sum(each.movie.n_ratings for each in found)
            kinds[much] += len({each.cluster for each in found})
    assert known[adventurous] < known[0.0]
    assert kinds[adventurous] > kinds[0.0]


def test_films_without_a_cluster_are_no_kind_that_the_adventurous_get_less_of() -> None:
    score = torch.tensor([0.9, 0.8, 0.7, 0.6])
    one, other = Cluster(0, "one"), Cluster(1, "other")
    assert _spread(score, [None, None, None, None], 4, adventurous=1.0) == [0, 1, 2, 3]
    assert _spread(score, [one, one, None, other], 4, adventurous=1.0) == [0, 2, 3, 1]


def test_two_people_have_stars_and_reasons_of_their_own(library: Artifacts) -> None:
    pair = [member(library, DEVOTEE), member(library, OPPONENT)]
    assert pair[0].seen.isdisjoint(pair[1].seen)
    found = recommend(pair, Filters(), set(), ALL)
    assert set(chosen(found)) == set(range(ALL)) - pair[0].seen - pair[1].seen
    for each in found:
        for asker, stars, reasons in zip(pair, each.stars, each.reasons, strict=True):
            (alone,) = recommend([asker], Filters(), set(range(ALL)) - {each.movie.movie}, 1)
            assert stars == pytest.approx(alone.stars[0], abs=1e-4)
            assert reasons.ratings == alone.reasons[0].ratings


def test_least_misery_is_the_lesser_of_two_appeals_and_the_mean_is_their_mean(library: Artifacts) -> None:
    pair = [fan(library, "Toy Story", "Matrix"), fan(library, "Heat", "Eta Falling")]
    seen = pair[0].seen | pair[1].seen
    yours, theirs = (
        {each.movie: each.appeal for each in recommend([asker], Filters(), seen, ALL)} for asker in pair
    )
    for together, expected in (("least-misery", min), ("mean", lambda *both: sum(both) / 2)):
        found = recommend(pair, Filters(), set(), ALL, together=together)
        assert len(found) == ALL - len(seen)
        for each in found:
            assert each.appeal == pytest.approx(expected(yours[each.movie], theirs[each.movie]), rel=1e-4)
        best = max(yours, key=lambda movie: expected(yours[movie], theirs[movie]))
        assert found[0].movie == best
