"""Decide: a pure state machine. It is told the time and never asks for it.

Rule: no clock, no await, no file; the only chance is a seed that is passed in. What it answers is
recorded before it is done, so it can be thrown away and built again from the store at any time.
"""
