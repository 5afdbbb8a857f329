"""What every test relies on: one time zone, whatever the machine has."""

import os
import time

os.environ["TZ"] = "UTC"
time.tzset()
