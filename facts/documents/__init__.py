"""Document sets: seeded scaffolds of many genres, filled with neutral sentences that facts displace."""
