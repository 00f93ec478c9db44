"""Calibration end to end: do intervals cover and tests keep their level when the truth is known?"""
