"""Rubrics as data: what a judge is told, which fields it answers, and the version of each; one TOML file a version."""
