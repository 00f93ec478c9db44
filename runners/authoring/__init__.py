"""The calls that authoring documents makes, all through the cached sampler: what is kept is never asked again."""
