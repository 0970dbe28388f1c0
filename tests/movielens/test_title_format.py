"""Titles as MovieLens writes them, and as a person says them."""

import pytest

from stages.movielens.title_format import alternatives, split_year, spoken


@pytest.mark.parametrize(
    ("title", "name", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Assembly (Ji jie hao) (2007) ", "Assembly (Ji jie hao)", 2007),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("Death Note: Desu nôto (2006–2007)", "Death Note: Desu nôto", 2006),
        ("Big Bang Theory, The (2007-)", "Big Bang Theory, The", 2007),
        ("Babylon 5", "Babylon 5", None),
        ("1984", "1984", None),
    ],
)
def test_the_year_is_taken_from_behind_the_title(title: str, name: str, year: int | None) -> None:
    assert split_year(title) == (name, year)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Matrix, The", "The Matrix"),
        ("Misérables, Les", "Les Misérables"),
        ("Avventura, L' (Adventure, The)", "L'Avventura"),
        ("Léon: The Professional (a.k.a. The Professional) (Léon)", "Léon: The Professional"),
        (
            "Good, the Bad and the Ugly, The (Buono, il brutto, Il)",
            "The Good, the Bad and the Ugly",
        ),
        ("M*A*S*H", "M*A*S*H"),
        ("(500) Days of Summer", "(500) Days of Summer"),
        ("I, Robot", "I, Robot"),
    ],
)
def test_a_title_is_said_with_its_article_in_front(name: str, said: str) -> None:
    assert spoken(name) == said


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("Matrix, The", []),
        ("(500) Days of Summer", []),
        ("Seven (a.k.a. Se7en)", ["Se7en"]),
        ("Misérables, Les", ["Misérables"]),
        ("Léon: The Professional (a.k.a. The Professional) (Léon)", ["Léon", "The Professional"]),
        ("Avventura, L' (Adventure, The)", ["The Adventure", "Avventura"]),
        ("Song (not) Sung)", []),
    ],
)
def test_alternative_titles_are_told_from_the_title(name: str, others: list[str]) -> None:
    assert alternatives(name) == others
