"""Documents written by a model: the prompts as data, what is asked next, and what is made of the replies; no calls."""
