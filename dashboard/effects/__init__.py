"""Turns scored samples into rates, contrasts and tests a scientist can defend: pure, seeded, no reading or writing."""
