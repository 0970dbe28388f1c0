"""Titles as they are compared."""

import pytest

from stages.recommender.normalization import levelled, plain, runs


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Schindler's List", "schindlers list"),
        ("Schindler’s List", "schindlers list"),
        ("M*A*S*H", "mash"),
        ("WALL·E", "wall e"),
        ("If....", "if"),
        ("Sex, Lies...and Videotape", "sex lies and videotape"),
        ("Alien³", "alien3"),
        ("Ørsted & Łódź: Straße", "orsted and lodz strasse"),
        ("  two\tgaps\n", "two gaps"),
        ("Зеркало", "зеркало"),
        ("!!!", ""),
    ],
)
def test_what_people_write_differently_is_made_alike(name: str, words: str) -> None:
    assert plain([name, "next", name]) == [words, "next", words]


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("the matrix", "matrix"),
        ("a", "a"),
        ("x", "x"),
        ("rocky iv", "rocky 4"),
        ("the godfather part ii", "godfather 2"),
        ("kill bill vol 2", "kill bill 2"),
        ("star wars episode v the empire strikes back", "star wars 5 the empire strikes back"),
        ("part of your world", "part of your world"),
        ("doctor strangelove", "dr strangelove"),
    ],
)
def test_articles_and_numerals_are_levelled(name: str, level: str) -> None:
    assert levelled(name) == level


def test_the_parts_of_a_title_stand_between_colons_and_dashes() -> None:
    assert runs("Alien: The Director’s Cut") == {"alien", "directors cut"}
    assert runs("2001: A Space Odyssey") == {"2001", "space odyssey"}
    assert runs("The Godfather: Part II") == {"godfather"}
    assert runs("Spider-Man 2") == set()
