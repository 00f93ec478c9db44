"""Calls made by worker processes, on this machine or others; retries, pace, budget and store stay with the driver."""
