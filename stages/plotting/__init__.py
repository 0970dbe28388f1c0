"""Charts, the map, the listing and the tables of results."""
