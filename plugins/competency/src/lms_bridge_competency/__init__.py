"""Competency mapping: people rate themselves against the standard of their post, and see gap and Job Person Match."""
