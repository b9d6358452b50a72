"""What posts require: set by the analyst from a day on, for one post, for several, or for all posts of a level."""
