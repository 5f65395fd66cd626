"""Scoring spotted intervals: one video watched, the MEGC rule, tables, a report and its curves."""
