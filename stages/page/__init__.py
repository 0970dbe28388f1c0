"""The page: its HTML, CSS and JavaScript, and the model that it carries."""
