"""What can be said about the world, how loudly, and to whom."""
