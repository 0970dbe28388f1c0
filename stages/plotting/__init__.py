"""Charts, the map, the listing and the explorer page."""
