"""The runner: a small process that holds the jobs and outlives the engine.

Rule: the standard library only, nothing from cronterm but this package.
"""
