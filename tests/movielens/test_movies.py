"""Titles as MovieLens writes them, and as a person says them."""

from pathlib import Path

import pytest

from stages.movielens.movies import read_movies, split_year, spoken


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


def test_a_film_called_na_keeps_its_title(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    path.write_text("title,year,x\nNA,,\nnull,1999,0.5\n")
    movies = read_movies(path)
    assert movies["title"].tolist() == ["NA", "null"]
    assert movies["year"].isna().tolist() == [True, False]
    assert movies["x"].isna().tolist() == [True, False]
