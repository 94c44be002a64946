"""The run report: rows of records → tables of numbers and samples → one self-contained HTML page.

Nothing here reads a run or keeps more than a sample: collectors are given rows one by one and hold counters, a few
bytes per problem, and a sample of records.
"""
