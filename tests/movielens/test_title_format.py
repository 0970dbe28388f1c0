"""Titles in MovieLens's format are split into name, alternatives and year."""

import pytest

from stages.movielens.title_format import alternatives, split_year, spoken


@pytest.mark.parametrize(
    ("title", "name", "year"),
    [
        ("Assembly (Ji jie hao) (2007) ", "Assembly (Ji jie hao)", 2007),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("Death Note: Desu nôto (2006–2007)", "Death Note: Desu nôto", 2006),
        ("Big Bang Theory, The (2007-)", "Big Bang Theory, The", 2007),
        ("Babylon 5", "Babylon 5", None),
        ("1984", "1984", None),
    ],
)
def test_the_year_is_split_from_the_title(title: str, name: str, year: int | None) -> None:
    assert split_year(title) == (name, year)


@pytest.mark.parametrize(
    ("name", "displayed", "others"),
    [
        ("Matrix, The", "The Matrix", []),
        ("Misérables, Les", "Les Misérables", ["Misérables"]),
        ("Avventura, L' (Adventure, The)", "L'Avventura", ["The Adventure", "Avventura"]),
        ("Seven (a.k.a. Se7en)", "Seven", ["Se7en"]),
        ("Léon: The Professional (a.k.a. B) (Léon)", "Léon: The Professional", ["Léon", "B"]),
        ("(500) Days of Summer", "(500) Days of Summer", []),
        ("I, Robot", "I, Robot", []),
        ("Song (not) Sung)", "Song (not) Sung)", []),
        ("untitled (id 7)", "untitled (id 7)", []),
    ],
)
def test_a_title_has_a_name_to_display_and_alternatives(name: str, displayed: str, others: list[str]) -> None:
    assert spoken(name) == displayed
    assert alternatives(name) == others
