"""Quality of predictions and rankings, and the methods that rank: EASE, neighbours, the ranking score."""
