"""The simulated organism: what it takes to answer a prompt with known effects, and nothing that calls anything."""
