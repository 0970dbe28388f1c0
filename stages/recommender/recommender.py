"""Recommendations as tables, for notebooks and programs; the command prints those of the same object."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import torch
from jaxtyping import Bool
from torch import Tensor

from stages.core.cli import UserError
from stages.ranking.score import EVIDENCE
from stages.recommender.artifacts import Artifacts
from stages.recommender.filters import passing
from stages.recommender.profile import UserProfile
from stages.recommender.ranking import recommend


class Recommender(Artifacts):
    """What `dvc repro` wrote into a folder: `Recommender("data")`. Titles may be as people write them."""

    def predict(self, user_id: int, titles: str | Iterable[str]) -> pd.DataFrame:
        """Predicted stars of a user of the dataset for these movies, and their standard deviations."""
        profile = UserProfile(self)
        profile.add_user(user_id)
        named = [titles] if isinstance(titles, str) else titles
        movie, person = torch.tensor([*map(self.titles.find, named)]), profile.posterior()
        stars, deviation = person.stars()[movie].numpy(), person.deviation(movie).numpy()
        return self._table(movie, stars=stars, deviation=deviation)

    def recommend(
        self,
        ratings: Mapping[str, float] | None = None,
        user_id: int | None = None,
        count: int = 10,
        adventurous: float = 0.0,
        **filters: Any,
    ) -> pd.DataFrame:
        """Movies for somebody with these ratings by title (stars), or for a user of the dataset, or both.

        `adventurous` is from 0 to 1, `filters` are those of `filters.passing`. The column because says how
        much each film adds to the estimate of the ranking score.
        """
        profile = UserProfile(self)
        if user_id is not None:
            profile.add_user(user_id)
        profile.add_titles([], [f"{title}={stars}" for title, stars in (ratings or {}).items()])
        if not profile.seen:
            raise UserError('nobody to recommend to: give ratings such as {"Alien": 5}, or a user_id')
        candidates = self.candidates([profile], adventurous, **filters)
        found = recommend([profile], candidates, count, adventurous)
        names = "stars", "deviation", "because"
        stars, deviation, because = ([each[0] for each in found[name]] for name in names)
        added = [{film["title"]: round(film["added"], 3) for film in each["ratings"]} for each in because]
        return self._table(found.index, stars=stars, deviation=deviation, because=added)

    def candidates(
        self, seen_by: Sequence[UserProfile], adventurous: float = 0.0, **filters: Any
    ) -> Bool[Tensor, " n_movies"]:
        """Movies that pass the filters and that none of these people have seen; UserError if none is left."""
        filters["min_ratings"] = max(filters.get("min_ratings", 0), int(EVIDENCE * adventurous))
        left = torch.tensor(passing(self.movies, **filters).to_numpy())
        left[[movie for profile in seen_by for movie in profile.seen]] = False
        if not left.any():
            raise UserError("no movie is left: all those that pass the filters have been seen")
        return left

    def similar(
        self, title: str, count: int = 10, seen_by: Sequence[UserProfile] = (), **filters: Any
    ) -> pd.DataFrame:
        """The unseen movies that are most similar to one, with their cosine similarity (-1 to 1)."""
        candidates, movie = self.candidates(seen_by, **filters), self.titles.find(title)
        name = self.titles.labels[movie]
        try:
            others, cosines = self.embeddings.nearest(movie, self.ridge.right.T.numpy())
        except KeyError:
            n_ratings = self.movies["n_ratings"][movie]
            raise UserError(f"{name} has {n_ratings} ratings, too few to find similar movies") from None
        rows = candidates[others].nonzero().flatten()[:count].tolist()
        if not rows:
            raise UserError(f"no movie similar to {name} is left; leave one of the filters out")
        return self._table(others[rows], similarity=cosines[rows])

    def _table(self, movies: Any, **columns: Any) -> pd.DataFrame:
        rows: pd.DataFrame = self.movies.drop(columns="full_title").iloc[movies]
        return rows.assign(**columns)
