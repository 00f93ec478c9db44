"""Measures document sets, good ones and deliberately bad ones, to set the thresholds of the gates."""
