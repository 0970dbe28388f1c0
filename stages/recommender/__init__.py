"""Recommendations for a person: who asks, what may be answered, and how it is shown."""
