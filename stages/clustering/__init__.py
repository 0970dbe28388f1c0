"""Clusters of movies: embeddings, k-means, cluster metrics, labels, and the 2-D map."""
