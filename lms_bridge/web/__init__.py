"""Views and the web shell."""
