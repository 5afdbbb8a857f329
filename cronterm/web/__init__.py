"""Show the screen in browsers, by the page of textual-serve (the extra `web`).

Rule: a tab is a process that attaches to the engine, and ends with its tab; nobody gets as far as
that who did not open an address that this program printed.
"""
