"""The listing says of each cluster what the tables say, in the order that a reader expects."""

import pandas as pd

from stages.plotting.listing import BEST_KNOWN, CENTRAL, GEM, page, representatives

WORDS = pd.DataFrame(
    {
        "cluster": [0, 0, 1],
        "word": ["Western", "spa*ghetti", "Musical"],
        "share": [0.5, 0.25, 1.0],
        "elsewhere": [0.1, 0.0, 0.2],
    }
)


def clustered(n_clusters: int = 2, each: int = 20) -> pd.DataFrame:
    """In each cluster movie i has i + 1 ratings, and lies the nearer to the centre the larger i is."""
    place = list(range(each)) * n_clusters
    cluster = [number for number in range(n_clusters) for _ in range(each)]
    return pd.DataFrame(
        {
            "movie": range(100, 100 + len(place)),
            "title": [f"Movie {c}{i:02}, The" for c, i in zip(cluster, place, strict=True)],
            "year": pd.array([1950 + i if i else None for i in place], dtype="Int64"),
            "genres": "Comedy|Western",
            "n_ratings": [i + 1 for i in place],
            "mean_rating": 3.0,
            "cluster": cluster,
            "name": [f"Kind {c}" for c in cluster],
            "expected": [4.0 + 0.01 * i for i in place],
            "deviation": 0.1,
            "distance": [each - i for i in place],
        }
    )


def chosen(table: pd.DataFrame, kind: str, cluster: int = 0) -> list[str]:
    found = representatives(table, top_movies=3)
    movies = found.loc[(found["kind"] == kind) & (found["cluster"] == cluster), "movie"]
    titles: list[str] = table.set_index("movie").loc[movies, "title"].tolist()
    return titles


def test_the_best_known_have_the_most_ratings_and_the_central_the_least_distance() -> None:
    assert chosen(clustered(), BEST_KNOWN) == ["Movie 019, The", "Movie 018, The", "Movie 017, The"]
    table = clustered().assign(distance=clustered()["n_ratings"])
    assert chosen(table, CENTRAL, cluster=1) == [f"Movie 10{i}, The" for i in range(5)]


def test_gems_are_the_best_of_the_little_known_that_are_not_at_the_edge() -> None:
    # 20 movies: the five farthest (0 to 4) are at the edge, ten (0 to 9) are little known
    assert chosen(clustered(), GEM) == [f"Movie 00{i}, The" for i in (9, 8, 7, 6, 5)]


def test_a_gem_is_expected_to_please_more_than_movies_do_and_for_sure() -> None:
    table = clustered()
    table.loc[table["title"] == "Movie 009, The", "expected"] = 2.9
    table.loc[table["title"] == "Movie 008, The", "deviation"] = 0.9
    assert chosen(table, GEM) == [f"Movie 00{i}, The" for i in (7, 6, 5, 8)]


def test_a_movie_is_listed_as_a_gem_only_where_it_is_not_listed_already() -> None:
    table = clustered(each=4)
    found = representatives(table, top_movies=2)
    gems = found.loc[found["kind"] == GEM, "movie"]
    assert not gems.isin(found.loc[found["kind"] != GEM, "movie"]).any()


def listing(table: pd.DataFrame) -> str:
    return page(table, representatives(table, 2), WORDS, n_movies=75, label="a dataset")


def test_each_cluster_has_its_name_its_words_and_its_movies() -> None:
    text = listing(clustered())
    assert text.startswith("# 2 clusters of movies in a dataset\n")
    assert "40 of 75 rated movies" in text
    sections = text.split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections] == ["0. Kind 0", "1. Kind 1"]
    first = sections[0]
    apart = "Western 50% (elsewhere 10%), spa\\*ghetti 25% (elsewhere 0%)"
    assert f"20 movies. What sets them apart: {apart}." in first
    assert "| The Movie 019 | 1969 | Comedy, Western | 20 | 3.00 |" in first
    assert "Most central: *The Movie 019* (1969), *The Movie 018* (1968)" in first
    assert "Hidden gems: *The Movie 009* (1959) 4.1 stars from 10 ratings, " in first


def test_a_cluster_without_words_or_gems_says_so() -> None:
    text = page(clustered(), representatives(clustered(), 20), WORDS.iloc[:0], n_movies=75, label="x")
    assert "\n\n20 movies.\n\n|" in text
    assert "Hidden gems: none." in text


def test_titles_are_shown_as_they_are() -> None:
    table = clustered().assign(title="M*A*S*H (a.k.a. MASH) | <b>")
    assert "| M\\*A\\*S\\*H (a.k.a. MASH) \\| \\<b> |" in listing(table)
