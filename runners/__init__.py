"""Asks models, keeps what they say, and reads outcomes off it."""
