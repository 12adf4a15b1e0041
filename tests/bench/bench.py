#!/usr/bin/env python3
"""Figures of libfutures against its peers.

Each sample is a fresh process, so that no run inherits another's threads or
memory. The peers take turns within each round and each round starts with
another one, so that a machine that is slow for a while is slow for all; only
ratios within one run say anything. Prints one table per workload and a summary
against the goals, writes the samples as JSON and draws charts of them. It
never judges a time; a wrong result or a crash ends it with status 1.
"""

import argparse
import json
import os
import re
import subprocess
import sys

import chart
import report
from workloads import (FULL, OPTIONAL, PEERS, SMOKE, TITLES, default_cases,
                       growth_cases, program_of)

SAMPLE_SECONDS = 60


class BenchError(Exception):
    """A sample that gave no figures."""


def program_path(options, peer):
    return os.path.join(options.bin, "bench_" + peer)


def left_out(options):
    """The peers that are not installed here; says so."""
    missing = [peer for peer in OPTIONAL
               if not os.access(program_path(options, peer), os.X_OK)]
    for name in sorted({OPTIONAL[peer] for peer in missing}):
        print(f"{name} is left out: not found when the bench was configured",
              file=sys.stderr)
    return missing


def make_cases(options, size):
    missing = left_out(options)
    wanted = [peer for peer in options.peer or PEERS if peer not in missing]
    make = growth_cases if options.growth else default_cases
    cases = make(size, options.workers)
    for case in cases:
        case.rows = [row for row in case.rows if program_of(row) in wanted]
    return [case for case in cases if case.rows and
            (not options.only or case.workload in options.only)]


def clean_environment():
    """The peers' own settings would change what is compared."""
    foreign = ("OMP_", "GOMP_", "KMP_", "UV_", "TBB_", "RAYON_", "JAVA_",
               "JDK_JAVA_", "_JAVA_", "G_SLICE", "MALLOC_")
    return {name: value for name, value in os.environ.items()
            if not name.startswith(foreign)}


def start(options, case, row):
    program = program_path(options, program_of(row))
    try:
        return subprocess.Popen([program] + case.command_of(row), text=True,
                                stdout=subprocess.PIPE,
                                env=clean_environment())
    except OSError as error:
        raise BenchError(f"{program}: {error.strerror}") from error


def finish(options, case, row, process):
    """The lines of one sample as a dictionary."""
    try:
        output, _ = process.communicate(timeout=SAMPLE_SECONDS)
    except subprocess.TimeoutExpired as error:
        too_long = f"not within {SAMPLE_SECONDS} s"
        if options.smoke:
            raise BenchError(f"bench_{row}: {too_long}") from error
        return {"name": program_of(row), "cannot": too_long}
    if process.returncode != 0:
        raise BenchError(f"bench_{row} {' '.join(case.command)}: "
                         f"exit status {process.returncode}")
    return dict(line.split(" ", 1) for line in output.splitlines())


def keep(case, row, lines):
    about = case.about.setdefault(row, {})
    about.update((key, text) for key, text in lines.items()
                 if key in ("name", "note", "threads", "cannot"))
    if "cannot" in lines:
        return
    for key in case.measures:
        if key not in lines:
            raise BenchError(f"bench_{row}: no '{key}' in its output")
        case.samples.setdefault((key, row), []).append(float(lines[key]))


def run_together(options, case, rows):
    running = []
    try:
        for row in rows:
            running.append((row, start(options, case, row)))
        for row, process in running:
            keep(case, row, finish(options, case, row, process))
    finally:
        for _, process in running:
            process.kill()
            process.communicate()


def run_round(options, cases, number):
    for case in cases:
        if number >= case.rounds:
            continue
        first = number % len(case.rows)
        order = case.rows[first:] + case.rows[:first]
        order = [row for row in order
                 if "cannot" not in case.about.get(row, {})]
        if case.together:
            run_together(options, case, order)
            continue
        for row in order:
            run_together(options, case, [row])


def processor():
    """The processor's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            found = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.M)
    except OSError:
        found = None
    return found.group(1) if found else "unknown"


def write_json(options, size, records, lines):
    machine = os.uname()
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"rounds": options.rounds,
                   "machine": {"system": machine.sysname,
                               "release": machine.release,
                               "architecture": machine.machine,
                               "processor": processor(),
                               "cpus": len(os.sched_getaffinity(0))},
                   "titles": {name: title.format(**size)
                              for name, title in TITLES.items()},
                   "summary": lines,
                   "results": records}, file, indent=1)
        file.write("\n")


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", required=True, metavar="DIR",
                        help="where the bench_* programs are")
    parser.add_argument("--rounds", type=positive, metavar="N",
                        help="samples of each, at most (7; with --growth 3)")
    parser.add_argument("--workers", type=positive, default=2, metavar="N",
                        help="threads of each pool but in W8 (2)")
    parser.add_argument("--only", action="append", choices=list(TITLES),
                        help="this workload; may be repeated")
    parser.add_argument("--peer", action="append", choices=PEERS,
                        help="this peer; may be repeated")
    parser.add_argument("--growth", action="store_true",
                        help="W10 instead of the others")
    parser.add_argument("--smoke", action="store_true",
                        help="tiny sizes, one round: are results right?")
    parser.add_argument("--json", default="bench.json", metavar="FILE",
                        help="where the samples go (bench.json)")
    parser.add_argument("--charts", metavar="DIR",
                        help="where an SVG per workload goes (none)")
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = 3 if options.growth else 7
    if options.smoke:
        options.rounds = 1
    return options


def run(options):
    size = SMOKE if options.smoke else FULL
    cases = make_cases(options, size)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}",
              file=sys.stderr, flush=True)
        run_round(options, cases, number)
    records = list(report.results(cases))
    lines = report.summaries(records)
    report.print_tables(records, size)
    print("\nratio: the median over that of the first line; above 1 the peer "
          "is slower")
    report.print_summary(lines)
    write_json(options, size, records, lines)
    print(f"\nsamples: {options.json}")
    if options.charts:
        for path in chart.draw_file(options.json, options.charts):
            print(f"chart: {path}")


def main():
    try:
        run(parse_options())
    except (BenchError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
