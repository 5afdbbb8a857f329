"""Far: the door as HTTP on a Unix socket, both sides of it.

Rule: the client side imports the standard library and msgspec only; commands start fast.
"""
