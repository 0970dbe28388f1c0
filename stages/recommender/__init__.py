"""Recommendations for a person: who asks, what may be answered, and how it is shown."""

from stages.recommender.recommender import Recommender

__all__ = ["Recommender"]
