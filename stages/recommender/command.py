"""From the options of the command to its answer."""

import argparse
from pathlib import Path

from stages.core.cli import UserError
from stages.recommender import rendering as shown
from stages.recommender.artifacts import Artifacts, Movie
from stages.recommender.filters import Filters
from stages.recommender.profile import UserProfile
from stages.recommender.ranking import recommend, that_pass


def answer(asked: argparse.Namespace) -> None:
    """Print the recommendations, or the similar movies, that were asked for."""
    library = Artifacts(asked.data)
    asker = somebody(asked, library)
    filters = Filters(asked.genre, asked.exclude_genre, asked.years, asked.cluster, asked.min_ratings)
    company = [another(asked.company, library)] if asked.company is not None else []
    unwanted = set().union(*(another(each, library).seen for each in asked.unseen_by))
    if asked.similar is not None:
        seen = unwanted.union(*(each.seen for each in [asker, *company]))
        found = similar(asked.similar, filters, seen, library)[: asked.top]
        print(shown.similar_as_json(found)) if asked.json else shown.show_similar(found, library)
        return
    chosen = recommend([asker, *company], filters, unwanted, asked.top, asked.adventurous, asked.together)
    print(shown.as_json(chosen)) if asked.json else shown.show(chosen)


def somebody(asked: argparse.Namespace, library: Artifacts) -> UserProfile:
    """Who asks, by all that they tell of themselves."""
    asker = UserProfile(library)
    if asked.user is not None:
        asker.add_user(asked.user)
    if asked.watched:
        asker.add_list(asked.watched)
    for title in asked.like:
        asker.add_liked(title)
    for text in asked.rate:
        asker.add_rated(text)
    return asker


def another(name: str, library: Artifacts) -> UserProfile:
    """Somebody by their number in the dataset, or by a list of films in a CSV file."""
    asker = UserProfile(library)
    if name.isdecimal():
        asker.add_user(int(name))
    elif Path(name).suffix.lower() == ".csv" or Path(name).is_file():
        asker.add_list(Path(name))
    else:
        raise UserError(f'"{name}" is neither the number of a user nor a CSV file')
    return asker


def similar(title: str, filters: Filters, seen: set[int], library: Artifacts) -> list[tuple[Movie, float]]:
    """The movies most like one, with their similarity, among those that pass the filters and are not seen."""
    movie = library.titles.find(title)
    passing = {each.movie for each in filters.passing(library)} - seen
    try:
        others, similarity = library.nearness.nearest(movie)
    except KeyError:
        name, count = library.movies[movie], library.movies[movie].n_ratings
        raise UserError(f"{name} has {count} ratings, too few to tell what is like it") from None
    nearest = zip(others.tolist(), similarity.tolist(), strict=True)
    found = [(library.movies[other], alike) for other, alike in nearest if other in passing]
    if not found:
        name = library.movies[movie]
        raise UserError(f"of the movies {that_pass(filters)}none like {name} is left that was not seen")
    return found
