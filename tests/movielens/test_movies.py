"""The table of movies as it was written."""

from pathlib import Path

from stages.movielens.movies import read_movies


def test_a_film_called_na_keeps_its_title(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    path.write_text("title,year,x\nNA,,\nnull,1999,0.5\n")
    movies = read_movies(path)
    assert movies["title"].tolist() == ["NA", "null"]
    assert movies["year"].isna().tolist() == [True, False]
    assert movies["x"].isna().tolist() == [True, False]
