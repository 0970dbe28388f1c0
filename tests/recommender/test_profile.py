"""User profiles: what counts as rated and as seen, notes, and errors."""

from pathlib import Path

import pytest
import torch

from stages.core.cli import UserError
from stages.recommender.artifacts import Artifacts
from stages.recommender.profile import LIKED, UserProfile
from tests.conftest import Capture
from tests.recommender.builders import RISER, fan, member, rated, write

TOY_STORY, HEAT, MATRIX, FIRST_HAMLET, NOSFERATU = 0, 1, 2, 4, 7


def test_liked_and_rated_movies_are_seen(artifacts: Artifacts) -> None:
    profile = fan(artifacts, "toy story")
    profile.add_titles([], [" The Matrix = 2,5", 'the good, the bad and the "ugly"=0.5'])
    assert profile.stars == {TOY_STORY: LIKED, MATRIX: 2.5, 3: 0.5}
    assert profile.seen == profile.stars.keys()


def test_of_two_ratings_the_last_counts_and_a_note_says_so(artifacts: Artifacts, capsys: Capture) -> None:
    profile, ratings = member(artifacts, RISER), rated()
    own = ratings[ratings.user == RISER]
    assert profile.stars == dict(zip(own.movie.tolist(), own.rating.tolist(), strict=True))
    movie = next(iter(profile.stars))
    profile.add_titles([], [f"{artifacts.titles.labels[movie]}=1"])
    assert profile.stars[movie] == 1
    assert artifacts.titles.labels[movie] in capsys.readouterr().err


def test_stars_off_the_scale_are_an_error_and_all_errors_are_reported(artifacts: Artifacts) -> None:
    for number in ("0.4", "5.5", "-3", "nan", "good", "", "4.5 stars", "4,5,0"):
        with pytest.raises(UserError, match=r"0\.5 to 5"):
            UserProfile(artifacts).add_titles([], [f"Heat={number}"])
    with pytest.raises(UserError) as error:
        UserProfile(artifacts).add_titles(["Qwertyuiop", "Heat", ""], ["Hamlet=4", "Toy Story", "Heat=9"])
    named = ["Qwertyuiop", "empty", "Hamlet (1996)", "Toy Story", "'9'"]
    lines = str(error.value).splitlines()
    assert all(name in line for name, line in zip(named, lines, strict=True))


def test_films_with_stars_are_rated_all_seen(artifacts: Artifacts, tmp_path: Path, capsys: Capture) -> None:
    films = [("Heat", 1995, 4), ("Toy Story", "", ""), ("Nosferatu", 1922, "2,5"), ("Hamlet", 1990, 5)]
    profile = UserProfile(artifacts)
    profile.add_list(write(tmp_path / "mine.csv", "title,year,rating", films))
    assert profile.stars == {HEAT: 4, NOSFERATU: 2.5, FIRST_HAMLET: 5}
    assert profile.seen == {HEAT, NOSFERATU, FIRST_HAMLET, TOY_STORY}
    assert capsys.readouterr() == ("", "")


def test_films_not_found_or_repeated_are_noted(artifacts: Artifacts, tmp_path: Path, capsys: Capture) -> None:
    rows = [("Heat", 3), ("Hamlet", 3), ("Heat", 4), *((f"Zzyzx {letter * 5}", 3) for letter in "abcdef")]
    profile = UserProfile(artifacts)
    profile.add_list(write(tmp_path / "mine.csv", "title,rating", rows))
    assert profile.stars == {HEAT: 4}
    unknown, repeated = capsys.readouterr().err.splitlines()
    assert "7 of 9 films" in unknown
    assert unknown.endswith("Hamlet, Zzyzx aaaaa, Zzyzx bbbbb, Zzyzx ccccc, Zzyzx ddddd, …")
    assert "1 of 9 films" in repeated
    with pytest.raises(UserError, match=r"none of the 2 films in .*mine.csv.*Zzyzx"):
        profile.add_list(write(tmp_path / "mine.csv", "title", [("Zzyzx",), ("Xyzzy",)]))


def test_films_with_no_or_few_stars_are_noted(artifacts: Artifacts, tmp_path: Path, capsys: Capture) -> None:
    for stars, noted in (("", True), (2, True), (3, False)):
        profile = UserProfile(artifacts)
        profile.add_list(write(tmp_path / "mine.csv", "title,rating", [("Heat", stars)]))
        profile.posterior()
        assert ("--like" in capsys.readouterr().err) == noted


def test_without_ratings_the_prediction_is_that_of_the_prior(solved: Artifacts) -> None:
    person, model = UserProfile(solved, seen={HEAT}).posterior(), solved.model
    torch.testing.assert_close(person.mean, model.prior_mean, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(person.stars(), model.stars(model.prior_mean[None])[0], rtol=0, atol=1e-3)


def test_a_user_of_the_dataset_has_the_noise_that_the_model_estimated(artifacts: Artifacts) -> None:
    user, model = member(artifacts, 3), artifacts.model
    somebody = UserProfile(artifacts, stars=user.stars, seen=user.seen)
    expected = model.noise[:, 3].float() + (1 / model.drift_precision).sum(dim=1)
    torch.testing.assert_close(user.posterior().noise, expected)
    assert not torch.equal(user.posterior().noise, somebody.posterior().noise)
