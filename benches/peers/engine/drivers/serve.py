"""Reads numbers of cases from the standard input, runs them, and answers with how many tasks were completed."""

import sys


def serve(run_case):
    for line in sys.stdin:
        completed = sum(run_case(number) for number in range(int(line)))
        print(completed, flush=True)
