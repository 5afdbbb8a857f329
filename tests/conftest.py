"""What every test relies on: one time zone, and programs that are compiled once."""

import os
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()

# Else every program that a test starts compiles the whole package again: a fifth of its time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
