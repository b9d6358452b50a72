"""Dictionaries of competencies: their pages, and the files by which they come and go."""
