"""Metrics with their intervals, and methods that rank: baselines, neighbours, EASE, the ranking score."""
