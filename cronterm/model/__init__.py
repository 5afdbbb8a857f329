"""The words of the house: frozen values that every room may pass to every other.

Rule: no behaviour beyond what a value says about itself. Instants and durations are
microseconds (`cronterm.clock`).
"""
