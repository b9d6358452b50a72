"""Objections: somebody disagrees with a level of their result, and their superior or an analyst decides."""
