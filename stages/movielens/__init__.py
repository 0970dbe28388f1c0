"""What is known of the data itself: the releases, their layouts, and ratings generated to resemble them."""
