#!/usr/bin/env python3
"""Figures of libfutures against its peers.

Each sample is a fresh process, so that no run inherits another's threads or
memory. The peers take turns within each round and each round starts with
another one, so that a machine that is slow for a while is slow for all; only
ratios within one run say anything. Prints one table per workload and writes
the samples as JSON. It never judges a time; a wrong result or a crash ends it
with status 1.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

OURS = "futures"
PEERS = [OURS, "futures_help", "openmp", "tbb_group", "tbb_enqueue", "glib",
         "uv"]
GROWTH = [1, 2, 4, 8, 16]
SAMPLE_SECONDS = 60

TITLES = {
    "W1": "{tasks:,} trivial tasks, submitted one by one from outside, then "
          "gathered; results read in order",
    "W3": "fib({fib}) without a cut-off: submit one child, call the other, "
          "gather",
    "W4": "one task to an idle pool and back, outside thread, blocking; "
          "{trips:,} times",
    "W8": "CPU of an idle pool that was just used, over {idle:,} ms",
}

FULL = {"tasks": 1000000, "fib": 30, "trips": 3000, "idle": 2000,
        "idle_workers": [1, 2, 64]}
SMOKE = {"tasks": 1000, "fib": 12, "trips": 20, "idle": 20,
         "idle_workers": [1, 2, 8]}


class BenchError(Exception):
    """A sample that gave no figures."""


class Case:
    """One command for every peer, and what its lines are called."""

    def __init__(self, workload, workers, command, measures, peers,
                 together=False):
        self.workload = workload
        self.workers = workers
        self.command = [str(word) for word in command]
        self.measures = measures
        self.peers = peers
        self.together = together  # idle peers do not disturb each other
        self.samples = {}         # (key, peer) -> list of float
        self.about = {}           # peer -> its other lines

    def table_rows(self, key):
        """(peer, samples) in the order of PEERS, those that have any."""
        for peer in self.peers:
            yield peer, self.samples.get((key, peer), [])


def stream_case(size, workers, measures):
    return Case("W1", workers, ["stream", workers, size["tasks"]], measures,
                PEERS)


def fib_case(size, workers, measures):
    # A helping caller would be one thread more than workers.
    return Case("W3", workers, ["fib", workers, size["fib"]], measures,
                [peer for peer in PEERS if peer != "futures_help"])


def trip_case(size, workers, pause, how):
    return Case("W4", workers, ["trip", workers, size["trips"], pause],
                {"median": (how + ", median", "us"),
                 "p99": (how + ", 99th percentile", "us"),
                 "cpu": (how + ", CPU of all", "s")}, PEERS)


def idle_case(size, workers):
    return Case("W8", workers, ["idle", workers, size["idle"]],
                {"cpu": ("CPU", "ms")},
                [peer for peer in PEERS if peer != "futures_help"],
                together=True)


def make_cases(options, size):
    task = "ns per task"
    spawn = "ns per spawn"
    if options.growth:
        cases = [stream_case(size, n, {"steady": ("growth", task)})
                 for n in GROWTH]
        cases += [fib_case(size, n, {"steady": ("growth", spawn)})
                  for n in GROWTH]
    else:
        n = options.workers
        cases = [
            stream_case(size, n, {"steady": ("steady state", task),
                                  "first": ("first pass", task),
                                  "cpu": ("CPU, steady state", task)}),
            fib_case(size, n, {"steady": ("steady state", spawn),
                               "cpu": ("CPU, steady state", spawn)}),
            trip_case(size, n, 0, "back to back"),
            trip_case(size, n, 400, "400 us pause between"),
        ]
        cases += [idle_case(size, n) for n in size["idle_workers"]]
    for case in cases:
        case.peers = [peer for peer in case.peers
                      if not options.peer or peer in options.peer]
    return [case for case in cases if case.peers and
            (not options.only or case.workload in options.only)]


def clean_environment():
    """The peers' own settings would change what is compared."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("OMP_", "GOMP_", "KMP_", "UV_", "TBB_"))}


def start(options, case, peer):
    program = os.path.join(options.bin, "bench_" + peer)
    try:
        return subprocess.Popen([program] + case.command, text=True,
                                stdout=subprocess.PIPE,
                                env=clean_environment())
    except OSError as error:
        raise BenchError(f"{program}: {error.strerror}") from error


def finish(options, case, peer, process):
    """The lines of one sample as a dictionary."""
    try:
        output, _ = process.communicate(timeout=SAMPLE_SECONDS)
    except subprocess.TimeoutExpired as error:
        too_long = f"not within {SAMPLE_SECONDS} s"
        if options.smoke:
            raise BenchError(f"bench_{peer}: {too_long}") from error
        return {"name": peer, "cannot": too_long}
    if process.returncode != 0:
        raise BenchError(f"bench_{peer} {' '.join(case.command)}: "
                         f"exit status {process.returncode}")
    return dict(line.split(" ", 1) for line in output.splitlines())


def keep(case, peer, lines):
    about = case.about.setdefault(peer, {})
    about.update((key, text) for key, text in lines.items()
                 if key in ("name", "note", "threads", "cannot"))
    if "cannot" in lines:
        return
    for key in case.measures:
        if key not in lines:
            raise BenchError(f"bench_{peer}: no '{key}' in its output")
        case.samples.setdefault((key, peer), []).append(float(lines[key]))


def run_together(options, case, peers):
    running = []
    try:
        for peer in peers:
            running.append((peer, start(options, case, peer)))
        for peer, process in running:
            keep(case, peer, finish(options, case, peer, process))
    finally:
        for _, process in running:
            process.kill()
            process.communicate()


def run_round(options, cases, number):
    for case in cases:
        first = number % len(case.peers)
        order = case.peers[first:] + case.peers[:first]
        order = [peer for peer in order
                 if "cannot" not in case.about.get(peer, {})]
        if case.together:
            run_together(options, case, order)
            continue
        for peer in order:
            run_together(options, case, [peer])


def results(cases):
    """One record per workload, measure, number of workers and peer."""
    for case in cases:
        for key, (measure, unit) in case.measures.items():
            ours = case.samples.get((key, OURS))
            for peer, samples in case.table_rows(key):
                about = case.about[peer]
                median = statistics.median(samples) if samples else None
                base = statistics.median(ours) if ours else 0
                yield {"workload": case.workload, "measure": measure,
                       "workers": case.workers, "unit": unit,
                       "peer": about["name"],
                       "samples": samples,
                       "min": min(samples) if samples else None,
                       "median": median,
                       "ratio": median / base if samples and base else None,
                       "threads": int(about.get("threads", 0)),
                       "note": about.get("cannot", about.get("note", ""))}


def figure(number):
    if number is None:
        return "-"
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.3g}" if number >= 0.01 else f"{number:.4f}"


def print_tables(records, size):
    workload = group = None
    for record in records:
        if record["workload"] != workload:
            workload = record["workload"]
            print(f"\n{workload}  {TITLES[workload].format(**size)}")
        if group != (workload, record["measure"], record["workers"]):
            group = (workload, record["measure"], record["workers"])
            plural = "s" if record["workers"] > 1 else ""
            head = (f"{record['measure']}, {record['workers']} "
                    f"worker{plural}, {record['unit']}")
            print(f"\n  {head:52}{'min':>9}{'median':>9}{'ratio':>8}  note")
        threads = record["threads"]
        note = [record["note"]] if record["note"] else []
        note += [f"threads: {threads}"] if threads else []
        print(f"    {record['peer']:50}{figure(record['min']):>9}"
              f"{figure(record['median']):>9}{figure(record['ratio']):>8}"
              f"  {'; '.join(note)}")


def write_json(path, records, rounds):
    machine = os.uname()
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"rounds": rounds,
                   "machine": {"system": machine.sysname,
                               "release": machine.release,
                               "architecture": machine.machine,
                               "cpus": len(os.sched_getaffinity(0))},
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
                        help="samples of each (7; with --growth 3)")
    parser.add_argument("--workers", type=positive, default=2, metavar="N",
                        help="threads of each pool in W1, W3, W4 (2)")
    parser.add_argument("--only", action="append", choices=sorted(TITLES),
                        help="this workload; may be repeated")
    parser.add_argument("--peer", action="append", choices=PEERS,
                        help="this peer; may be repeated")
    parser.add_argument("--growth", action="store_true",
                        help=f"W1 and W3 with {GROWTH} workers instead")
    parser.add_argument("--smoke", action="store_true",
                        help="tiny sizes, one round: are results right?")
    parser.add_argument("--json", default="bench.json", metavar="FILE",
                        help="where the samples go (bench.json)")
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = 3 if options.growth else 7
    if options.smoke:
        options.rounds = 1
    return options


def main():
    options = parse_options()
    size = SMOKE if options.smoke else FULL
    cases = make_cases(options, size)
    try:
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}",
                  file=sys.stderr, flush=True)
            run_round(options, cases, number)
        records = list(results(cases))
        print_tables(records, size)
        write_json(options.json, records, options.rounds)
    except (BenchError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print("\nratio: the median over that of libfutures; above 1 the peer is "
          f"slower\nsamples: {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
