"""The engine: the only loop. Wait, step, record, act, publish.

Rule: it decides nothing (`core` does) and shows nothing (faces do). Whatever it performs or
publishes has been committed before.
"""
