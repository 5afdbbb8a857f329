"""For programs that have jobs: define them in code, host the engine, read the history.

It may know every room below, as `main` may; `cronterm/__init__.py` names what is public.
"""
