"""Checks of patient files with Great Expectations, in a process of their own."""

import os

# Read once, when Great Expectations is imported: a practice's computer tells nobody what it checks.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
