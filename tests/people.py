"""People by their taste, and films by their companions, all written down before any result was seen.

    python -m tests.people            prints what they are recommended, in numbers
    python -m tests.people outside    the same of five groups of users hidden from training, in five minutes

They need the data and the page that `dvc repro` wrote, and the page needs Chromium.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

import pandas as pd
import torch
from playwright.sync_api import sync_playwright
from torch import Tensor

from stages.core.compute import threads_for
from stages.factorization.fit import fit, make_problem
from stages.factorization.fold_in import fold_in_users
from stages.factorization.model import Model
from stages.movielens.ratings import Ratings, SideInformation, concatenate
from stages.newcomers import GIVEN, NewcomersParameters, position, split_newcomers
from stages.ranking import ease
from stages.ranking.linear import LinearModel
from stages.ranking.metrics import Part, Score, measure, rating_rows
from stages.ranking.score import POWER, Ranker, fit_new, noise_deviation, score_users, shares, values
from stages.recommender import Recommender
from tests.page.test_explorer import CHROMIUM, compare, data_of
from tests.repository import DEFAULTS, ROOT

FOCUSED = {
    "Documentary": ["Bowling for Columbine", "Super Size Me", "Grizzly Man", "Hoop Dreams", "Man on Wire"],
    "Film-Noir": [
        "Double Indemnity",
        "The Maltese Falcon (1941)",
        "The Big Sleep (1946)",
        "Laura",
        "Touch of Evil",
    ],
    "Western": ["Unforgiven", "High Noon", "The Searchers", "Once Upon a Time in the West", "Tombstone"],
    "Horror": [
        "Halloween (1978)",
        "A Nightmare on Elm Street (1984)",
        "The Exorcist",
        "Scream (1996)",
        "Hellraiser",
    ],
    "Musical": [
        "Singin' in the Rain",
        "West Side Story",
        "The Sound of Music",
        "My Fair Lady",
        "Chicago (2002)",
    ],
    "War": ["Saving Private Ryan", "Platoon", "Full Metal Jacket", "Das Boot", "Paths of Glory"],
    "Animation": ["Toy Story", "Finding Nemo", "The Lion King", "Monsters, Inc.", "Aladdin (1992)"],
    "Romance": [
        "Notting Hill",
        "You've Got Mail",
        "When Harry Met Sally...",
        "Pretty Woman",
        "Sleepless in Seattle",
    ],
    "Sci-Fi": ["Alien", "Blade Runner", "The Terminator", "Total Recall (1990)", "RoboCop (1987)"],
}
"""Five films that somebody likes who came for one genre."""

MIXED = {
    "a bit of everything": ["Toy Story", "Heat", "Amelie", "Alien", "Bridget Jones's Diary"],
    "a family with teenagers": ["The Princess Bride", "Jurassic Park", "Mean Girls", "The Matrix", "Babe"],
    "whatever wins prizes": ["Gladiator", "The King's Speech", "American Beauty", "Rain Man", "Amadeus"],
    "a critic": ["Citizen Kane", "Pulp Fiction", "Spirited Away", "Annie Hall", "The Thing (1982)"],
    "laughs and tears": ["Airplane!", "Schindler's List", "Groundhog Day", "Titanic (1997)", "Die Hard"],
    "a student": ["Fight Club", "Lost in Translation", "Shaun of the Dead", "City of God", "Ratatouille"],
}
"""Films that people like who came for no genre."""

NICHE = {
    "slow cinema": ["Stalker", "Tokyo Story", "Wings of Desire", "Andrei Rublev"],
    "French new wave": ["The 400 Blows", "Breathless (1960)", "Jules and Jim", "Band of Outsiders"],
    "noir of the forties": ["Out of the Past", "The Killers (1946)", "Gilda", "Key Largo"],
    "activist documentaries": ["The Corporation", "Blackfish", "Food, Inc.", "The Cove"],
    "silent films": ["Metropolis (1927)", "The General (1926)", "Nosferatu (1922)", "City Lights"],
    "samurai": ["Seven Samurai", "Yojimbo", "Rashomon", "Harakiri"],
    "Studio Ghibli": [
        "My Neighbor Totoro",
        "Princess Mononoke",
        "Kiki's Delivery Service",
        "Grave of the Fireflies",
    ],
    "Korean revenge": ["Oldboy (2003)", "Lady Vengeance", "I Saw the Devil", "Memories of Murder"],
    "screwball comedies": ["Bringing Up Baby", "His Girl Friday", "The Philadelphia Story", "The Lady Eve"],
    "Hong Kong action": ["Hard Boiled", "Drunken Master", "Police Story", "The Killer (1989)"],
    "zombies and gore": ["Dawn of the Dead (1978)", "Dead Alive", "Re-Animator", "Suspiria (1977)"],
    "Bergman": ["Persona", "The Seventh Seal", "Wild Strawberries", "Cries and Whispers"],
    "British social realism": ["Secrets & Lies", "Vera Drake", "Naked (1993)", "Trainspotting"],
    "exploitation": ["Faster, Pussycat! Kill! Kill!", "Pink Flamingos", "Foxy Brown", "Death Proof"],
    "musicals of the thirties": ["Top Hat", "42nd Street", "The Wizard of Oz", "Swing Time"],
}
"""Four films that somebody likes whose taste is rare."""

PEOPLE = {**FOCUSED, **MIXED, **NICHE}

COMPANIONS = {
    "Spirited Away": [
        "My Neighbor Totoro",
        "Princess Mononoke",
        "Howl's Moving Castle",
        "Kiki's Delivery Service",
    ],
    "Toy Story": ["Toy Story 2", "Toy Story 3", "A Bug's Life", "Monsters, Inc."],
    "The Godfather": ["The Godfather: Part II", "Goodfellas", "The Godfather: Part III", "Casino"],
    "Alien": ["Aliens", "Blade Runner", "The Thing (1982)", "The Terminator"],
    "The Dark Knight": ["Batman Begins", "The Dark Knight Rises", "Inception", "Iron Man"],
    "Amelie": ["Run Lola Run", "City of God", "Delicatessen", "The City of Lost Children"],
    "Pulp Fiction": ["Reservoir Dogs", "Kill Bill: Vol. 1", "Jackie Brown", "Fargo"],
    "Notting Hill": ["Four Weddings and a Funeral", "You've Got Mail", "Love Actually", "Runaway Bride"],
    "Stalker": ["Solaris (1972)", "Andrei Rublev", "Persona", "The Seventh Seal"],
    "The Shining": ["Psycho (1960)", "The Exorcist", "Rosemary's Baby", "A Clockwork Orange"],
    "Casablanca": ["The Maltese Falcon (1941)", "The Third Man", "Citizen Kane", "The African Queen"],
    "Bowling for Columbine": ["Fahrenheit 9/11", "Super Size Me", "Roger & Me", "Sicko"],
    "Star Wars": ["The Empire Strikes Back", "Return of the Jedi", "Raiders of the Lost Ark", "Alien"],
    "The Matrix": ["The Matrix Reloaded", "The Matrix Revolutions", "Fight Club", "Minority Report"],
    "Harry Potter and the Sorcerer's Stone": [
        "Harry Potter and the Chamber of Secrets",
        "Harry Potter and the Goblet of Fire",
        "Harry Potter and the Prisoner of Azkaban",
        "Harry Potter and the Order of the Phoenix",
    ],
    "Seven Samurai": ["Yojimbo", "Rashomon", "Ran", "The Seventh Seal"],
    "Halloween (1978)": [
        "A Nightmare on Elm Street (1984)",
        "Friday the 13th (1980)",
        "Scream (1996)",
        "Carrie (1976)",
    ],
    "Airplane!": ["The Naked Gun", "Hot Shots!", "Blazing Saddles", "Top Secret!"],
    "The Lion King": ["Aladdin (1992)", "Beauty and the Beast (1991)", "The Little Mermaid", "Pocahontas"],
    "Shaun of the Dead": ["Hot Fuzz", "Zombieland", "28 Days Later", "The World's End"],
}
"""Films of which anybody would expect at least one among the eight most similar."""


def main(names: list[str]) -> None:
    """Print the rows about newcomers if asked for, else those about the people and films above."""
    rows = outside() if names == ["outside"] else inside(Recommender(ROOT / "data"))
    for name, value in rows:
        print(f"{name:60} {value}", flush=True)


def inside(recommender: Recommender) -> Iterator[tuple[str, str]]:
    """Films of their genre in ten; films shared with the page; companions among eight similar films."""
    lists = {
        taste: recommender.recommend(dict.fromkeys(titles, 4.5), count=10)["genres"].str.split("|")
        for taste, titles in PEOPLE.items()
    }
    hits = [sum(genre in genres for genres in lists[genre]) for genre in FOCUSED]
    yield "focused people: films of their genre in ten", f"mean {fmean(hits):.2f}, least {min(hits)}"
    common = [max(Counter(genre for each in lists[taste] for genre in each).values()) for taste in MIXED]
    yield "mixed people: films of the commonest genre in ten", f"mean {fmean(common):.2f}"
    titles = recommender.movies["title"]
    found = []
    for title, companions in COMPANIONS.items():
        wanted = {titles[recommender.titles.find(each)] for each in companions}
        if recommender.titles.find(title) in recommender.embeddings.movie:
            found.append(len(wanted & set(recommender.similar(title, count=8)["title"])))
    yield f"films with a companion among 8 similar ones, of {len(found)}", str(sum(map(bool, found)))
    yield from on_page(recommender)


def on_page(recommender: Recommender) -> Iterator[tuple[str, str]]:
    """How many of ten films the page and the terminal share."""
    path = ROOT / "plots" / "explorer.html"
    yield "page: size, MB", f"{path.stat().st_size / 1e6:.2f}"
    known = set(data_of(path.read_text(encoding="utf-8"))["movies"]["id"])
    ids = recommender.movies["movie_id"]
    liked = [[recommender.titles.find(each) for each in titles] for titles in PEOPLE.values()]
    people = [[(movie, 4.5) for movie in movies if ids[movie] in known] for movies in liked]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri())
        for adventurous in (0.0, 0.5, 1.0):
            shared, stars, _ = compare(page, recommender, people, adventurous)
            name = f"page and terminal, slider at {adventurous}: films shared of ten"
            yield name, f"{shared:.2f}, stars {stars:.3f} apart"


def outside() -> Iterator[tuple[str, str]]:
    """NDCG@10, plain and corrected, of five groups, and minus that of EASE × √P(like), paired.

    No constant was chosen on these groups.
    """
    parts = [Ratings.load(ROOT / "data" / "prepared" / f"{name}.pt") for name in ("train", "validation")]
    known = SideInformation.load(ROOT / "data" / "prepared" / "side_information.pt")
    both, groups = concatenate(*parts), []
    for seed in range(5):
        chosen = NewcomersParameters.parse({**DEFAULTS, "seed": seed})
        others, given, held_out = split_newcomers(both, chosen)
        with threads_for(0):
            model = fit(make_problem(chosen, others, both[:0], known, f"group {seed}"), chosen).model
            ranker = fit_new(others, known.genres)
        groups.append((model, ranker, others, given, held_out))
    for n in GIVEN:
        tables, overlaps = zip(*(measure_group(*group, n) for group in groups), strict=True)
        yield f"after {n}: films that two people share of ten", f"{10 * fmean(overlaps):.2f}"
        for metric in ("ndcg_at_10", "corrected_ndcg_at_10"):
            ours, theirs = (
                torch.cat([torch.tensor(table[metric].to_numpy()) for table in each])
                for each in zip(*tables, strict=True)
            )
            gain, error = (ours - theirs).nanmean(), (ours - theirs)[~ours.isnan()].std() / len(ours) ** 0.5
            yield f"after {n}: {metric}", f"{ours.nanmean():.3f}, {gain:+.4f} ± {error:.4f}"


def measure_group(
    model: Model, ranker: Ranker, others: Ratings, given: Ratings, held_out: Ratings, n: int
) -> tuple[list[pd.DataFrame], float]:
    """The metrics of each user, by the ranking score and by EASE × √P(like); and the overlap of lists."""
    first = given[position(given) < n]
    folded = fold_in_users(model, first, known=False)
    part = Part(f"after {n}", held_out, first, ranker.n_ratings.long(), others.scale())
    _, user = torch.unique(others.user, return_inverse=True)
    rows = replace(others, user=user, n_users=int(user.max()) + 1)
    plain = ease.fit(shares(rows), DEFAULTS["ease_regularization"], 0.3)
    scores = score_users(folded, ranker, first), plain_score(folded, plain, first)
    users = held_out.user.unique()
    seen = rating_rows(first.sorted_by_user(), users) > 0
    lists = scores[0](users).masked_fill(seen, -torch.inf).topk(10).indices
    listed = torch.zeros(seen.shape).scatter_(1, lists, 1)
    shared = (listed @ listed.T / 10).fill_diagonal_(0).sum().item() / (len(users) * (len(users) - 1))
    return [measure("", part, score=score) for score in scores], shared


def plain_score(model: Model, fitted: LinearModel, ratings: Ratings) -> Score:
    """EASE × √P(like)."""
    by_user = ratings.sorted_by_user()
    deviation = noise_deviation(model.noise.float())

    def score(user: Tensor) -> Tensor:
        given = rating_rows(by_user, user)
        liked: Tensor = torch.special.ndtr((model.score(user) - 3.75) / deviation[user, None])
        found: Tensor = fitted.score(values(given).where(given > 0, 0.0)).clamp(min=1e-6) * liked**POWER
        return found

    return score


if __name__ == "__main__":
    main(sys.argv[1:])
