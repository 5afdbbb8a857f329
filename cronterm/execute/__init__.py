"""Do: hands attempts to the runner and tells what the runner tells.

Rule: of the runner's package it knows the protocol side only; it decides nothing and records
nothing.
"""
