"""Who asks: what counts as rated and as seen, and what is refused."""

import re
from pathlib import Path

import pytest
import torch

from stages.core.cli import UserError
from stages.recommender.artifacts import NOW, Artifacts
from stages.recommender.command import another
from stages.recommender.filters import Filters
from stages.recommender.profile import LIKED, UserProfile, stars_in
from tests.recommender.conftest import DEVOTEE, fan, member, rated, user_id, write

TOY_STORY, HEAT, MATRIX, FIRST_HAMLET, NOSFERATU = 0, 1, 2, 4, 7


def test_a_user_has_rated_and_seen_what_the_dataset_says_in_all_its_parts(library: Artifacts) -> None:
    asker, ratings = member(library, 3), rated()
    own = ratings[ratings.user == 3]
    assert asker.user == 3
    assert asker.stars == dict(zip(own.movie.tolist(), own.rating.tolist(), strict=True))
    assert asker.hours == dict(zip(own.movie.tolist(), (own.timestamp // 3600).tolist(), strict=True))
    assert asker.seen == set(own.movie.tolist())
    assert len(set(asker.hours.values())) > 1


def test_an_unknown_user_is_told_which_there_are(library: Artifacts) -> None:
    wanted = f"no user {user_id(0) + 1}; the 40 users have numbers from {user_id(0)} to {user_id(39)}"
    with pytest.raises(UserError, match=wanted):
        UserProfile(library).add_user(user_id(0) + 1)


def test_liked_and_rated_movies_are_seen_and_later_than_all_others(library: Artifacts) -> None:
    asker = fan(library, "toy story")
    asker.add_rated(" The Matrix = 2,5")
    asker.add_rated('the good, the bad and the "ugly"=0.5')
    assert asker.stars == {TOY_STORY: LIKED, MATRIX: 2.5, 3: 0.5}
    assert asker.seen == asker.stars.keys()
    assert min(asker.hours.values()) > int(rated().timestamp.max()) // 3600


def test_what_somebody_says_now_replaces_what_the_dataset_says(library: Artifacts) -> None:
    asker = member(library, DEVOTEE)
    movie = next(iter(asker.stars))
    asker.add_rated(f"{library.titles.spoken(movie)}=1")
    assert asker.stars[movie] == 1
    assert asker.hours[movie] == NOW


@pytest.mark.parametrize(("text", "stars"), [("4.5", 4.5), ("4,5", 4.5), ("0.5", 0.5), (" 5 ", 5.0)])
def test_stars_may_be_written_with_a_comma(text: str, stars: float) -> None:
    assert stars_in(text, f"Heat={text}") == stars


@pytest.mark.parametrize("number", ["0.4", "5.5", "0", "-3", "nan", "inf", "good", "", "4.5 stars", "4,5,0"])
def test_stars_off_the_scale_are_refused(library: Artifacts, number: str) -> None:
    complaint = re.escape(f'"Heat={number}": stars are a number from 0.5 to 5, not "{number}"')
    with pytest.raises(UserError, match=complaint):
        UserProfile(library).add_rated(f"Heat={number}")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Heat", '"Heat" has no stars; write a title, = and stars'),
        ("=4", "a title is empty"),
        ("Hamlet=4", r'"Hamlet" could be any of Hamlet \(1990\), Hamlet \(1996\)|Hamlet \(1996\), Hamlet'),
        ("Qwertyuiop=4", 'no movie is called "Qwertyuiop"'),
    ],
)
def test_a_rating_that_is_not_clear_is_refused(library: Artifacts, text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        UserProfile(library).add_rated(text)


def test_rated_films_of_a_list_count_and_unrated_ones_are_only_seen(
    library: Artifacts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films = [("Heat", 1995, 4), ("Toy Story", "", ""), ("Nosferatu", 1922, "2,5"), ("Hamlet", 1990, 5)]
    asker = UserProfile(library)
    asker.add_list(write(tmp_path / "mine.csv", "title,year,rating", films))
    assert asker.stars == {HEAT: 4, NOSFERATU: 2.5, FIRST_HAMLET: 5}
    assert asker.seen == {HEAT, NOSFERATU, FIRST_HAMLET, TOY_STORY}
    assert len(set(asker.hours.values())) == 3
    assert capsys.readouterr() == ("", "")


def test_films_that_are_not_found_or_not_clear_are_named(
    library: Artifacts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = [f"Zzyzx {letter * 5}" for letter in "abcdef"]
    rows = [("Heat", 4), ("Hamlet", 3), *((title, 3) for title in odd)]
    asker = UserProfile(library)
    asker.add_list(write(tmp_path / "mine.csv", "title,rating", rows))
    assert asker.stars == {HEAT: 4}
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("7 of 8 films in ")
    assert captured.err.endswith(f"mine.csv not found, or not clear which is meant: Hamlet, "
                                 f"{', '.join(odd[:4])}, …\n")  # fmt: skip


def test_a_list_of_which_nothing_is_known_is_refused(library: Artifacts, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "title,year", [("Zzyzx", 2001), ("Xyzzy", 2002)])
    with pytest.raises(
        UserError, match=r"none of the 2 films in .*mine.csv is in the dataset, such as Zzyzx"
    ):
        UserProfile(library).add_list(path)
    with pytest.raises(UserError, match=r"nowhere.csv does not exist"):
        UserProfile(library).add_list(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("solver", ["gibbs", "als"])
def test_who_has_rated_nothing_is_expected_to_be_like_anybody(
    libraries: dict[str, Artifacts], solver: str
) -> None:
    asker = UserProfile(libraries[solver])
    asker.seen = {HEAT}
    person = asker.person()
    model, anybody = asker.library.model, person.mean
    torch.testing.assert_close(anybody, model.prior_mean, rtol=1e-3, atol=1e-4)
    expected = model.stars(model.prior_mean[None])[0]
    torch.testing.assert_close(person.stars(), expected, rtol=0, atol=1e-3)
    index = asker.library.index_of(Filters().passing(asker.library))
    known = fan(asker.library, "Heat", "Toy Story", "Matrix").person()
    assert (person.deviation(index) > known.deviation(index)).all()
    torch.testing.assert_close(person.noise, known.noise)
    assert (person.noise > 0).all() == (solver == "gibbs")


def test_a_user_of_the_dataset_is_as_careless_as_the_model_knows(library: Artifacts) -> None:
    user, model = member(library, 3), library.model
    somebody = UserProfile(library, stars=user.stars, hours=user.hours, seen=user.seen)
    of_effects = 1 / model.effect_precision
    torch.testing.assert_close(user.person().noise, model.noise[:, 3].float() + of_effects)
    assert not torch.equal(user.person().noise, somebody.person().noise)


def test_a_taste_tells_what_somebody_will_see_as_if_they_had_seen_it(library: Artifacts) -> None:
    taste = UserProfile(library)
    taste.add_taste([TOY_STORY, MATRIX])
    assert taste.seen == set()
    assert torch.equal(taste.chance_seen(), fan(library, "Toy Story", "Matrix").chance_seen())


def test_somebody_else_is_a_number_or_a_list(library: Artifacts, tmp_path: Path) -> None:
    path = write(tmp_path / "theirs.txt", "title", [("Heat",)])
    assert another(str(user_id(3)), library).user == 3
    assert another(str(path), library).seen == {HEAT}
    for name in ("", "Bob", "-3", str(tmp_path)):
        with pytest.raises(
            UserError, match=f'^"{re.escape(name)}" is neither the number of a user nor a CSV'
        ):
            another(name, library)
    with pytest.raises(UserError, match=r"nowhere.csv does not exist"):
        another("nowhere.csv", library)
