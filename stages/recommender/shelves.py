"""Asks somebody whom nothing is known of for shelves that they like, and takes these for their taste.

People who chose among groups of movies got to good recommendations in half the time of rating fifteen movies:
Chang, Harper & Terveen 2015, "Using Groups of Items for Preference Elicitation in Recommender Systems".
"""

import shutil
import textwrap

from stages.command import UserError
from stages.recommender.asker import Asker
from stages.recommender.library import Cluster, Library, Movie

NAMED = 4
"""Best-known movies that are named for a shelf."""
TAKEN = 5
"""Best-known movies of a shelf that stand for it as if they were liked."""
INDENT = 5 * " "


def ask(asker: Asker) -> None:
    """Show the shelves, ask until it is clear which are liked, and add the taste that they stand for."""
    shelves = best_known(asker.library)
    print("Some shelves, and what stands on them:\n")
    width = shutil.get_terminal_size().columns
    for cluster, movies in shelves.items():
        print(f"{cluster.number:>3}  {cluster.name}")
        named = ", ".join(map(str, movies[:NAMED]))
        print(textwrap.fill(named, width, initial_indent=INDENT, subsequent_indent=INDENT))
    chosen: list[Cluster] = []
    while not chosen:
        try:
            chosen = choose(input("\nWhich do you like? Numbers, such as 1 4: "), shelves)
        except UserError as error:
            print(error)
    asker.add_taste([movie.movie for cluster in chosen for movie in shelves[cluster][:TAKEN]])
    print()


def best_known(library: Library) -> dict[Cluster, list[Movie]]:
    """The movies of each cluster, those with the most ratings first."""
    shelves: dict[Cluster, list[Movie]] = {cluster: [] for cluster in sorted(set(library.clusters.values()))}
    for movie, cluster in library.clusters.items():
        shelves[cluster].append(library.movies[movie])
    return {
        cluster: sorted(movies, key=lambda movie: -movie.n_ratings) for cluster, movies in shelves.items()
    }


def choose(answer: str, shelves: dict[Cluster, list[Movie]]) -> list[Cluster]:
    """The shelves whose numbers are in the answer; raises UserError where these are none, or another's."""
    by_number = {str(cluster.number): cluster for cluster in shelves}
    words = answer.replace(",", " ").split()
    for word in words:
        if word not in by_number:
            raise UserError(f'there is no shelf "{word}"; there are the numbers {", ".join(by_number)}')
    if not words:
        raise UserError("no shelf was chosen; give at least one number")
    return list(dict.fromkeys(by_number[word] for word in words))
