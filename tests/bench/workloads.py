"""What the bench runs: workloads W1 to W11, their peers and their goals."""

OURS = "futures"
# In the order of the tables: a program bench_NAME each.
PEERS = [OURS, "futures_help", "java_forkjoin", "java_fixed", "tbb_future",
         "openmp", "libomp", "tbb_group", "tbb_enqueue", "glib", "uv", "rayon",
         "apr", "cthreadpool"]
OPTIONAL = {"java_forkjoin": "Java", "java_fixed": "Java", "libomp": "libomp",
            "rayon": "rayon", "apr": "APR", "cthreadpool": "C-Thread-Pool"}

# Whose caller mostly runs the tasks itself, so that nothing is handed over:
# shown, but not what a workload of handing over compares with.
HANDS_NOTHING_OVER = {"W1": ("openmp", "libomp"), "W4": ("tbb_group",)}

TITLES = {
    "W1": "{tasks:,} trivial tasks, submitted one by one from outside, then "
          "gathered; results read in order",
    "W1b": "the same, submitted by one call",
    "W2": "{tasks:,} trivial items in a parallel loop, called from outside",
    "W3": "fib({fib}) without a cut-off: fork one call, make the other, join; "
          "inside one task of a worker",
    "W4": "one task to an idle pool and back, outside thread, blocking",
    "W5": "{callers} outside threads, {each:,} trivial tasks each; each "
          "gathers its own",
    "W6": "{busy:,} tasks that compute for i % 100 us",
    "W7": "memory per task, {queue:,} trivial tasks queued behind a blocked "
          "pool",
    "W8": "CPU of an idle pool that was just used, over {idle:,} ms",
    "W9": "futures_gather of futures that have ended",
    "W10": "growth with workers and with tasks",
    "W11": "{tasks:,} tasks that throw an error with a message, and that do "
           "not; each result or message read",
}

FULL = {"tasks": 1000000, "fib": 30, "trips": 3000, "idle": 2000,
        "paused_trips": 1000, "callers": 4, "each": 250000, "busy": 10000,
        "queue": 1000000, "errors": 1000000,
        "ended": [1000000, 1], "idle_workers": [1, 2, 64]}
SMOKE = {"tasks": 1000, "fib": 12, "trips": 20, "idle": 20,
         "paused_trips": 20, "callers": 4, "each": 250, "busy": 100,
         "queue": 1000, "errors": 1000,
         "ended": [1000, 1], "idle_workers": [2, 8]}

GROWTH_PEERS = [OURS, "java_forkjoin", "tbb_group", "tbb_enqueue", "glib",
                "rayon"]
GROWTH_WORKERS = [1, 2, 4, 8, 16, 64]
GROWTH_TASKS = [1000, 10000, 100000, 1000000, 10000000]
# Ten million tasks of every peer would take as long as all the rest.
GROWTH_TASK_PEERS = [OURS, "tbb_group", "glib"]

TASK = "ns per task"
ITEM = "ns per item"
SPAWN = "ns per spawn"


class Measure:
    """A figure that a sample gives: its name, unit, and whether a chart shows
    it."""

    def __init__(self, name, unit, drawn=False):
        self.name = name
        self.unit = unit
        self.drawn = drawn


class Case:
    """One command for some peers, and what its figures are called. A row is
    a program, or "program:word" where the command ends with a word."""

    def __init__(self, workload, workers, command, measures, rows, **more):
        self.workload = workload
        self.workers = workers
        self.command = [str(word) for word in command]
        self.measures = measures
        self.rows = rows
        self.rounds = more.get("rounds", 1000)    # at most
        self.together = more.get("together", False)  # idle ones do not disturb
        self.growth = more.get("growth")          # (line, x) of a growth chart
        self.samples = {}                         # (key, row) -> [float]
        self.about = {}                           # row -> its other lines

    def command_of(self, row):
        _, _, word = row.partition(":")
        return self.command + ([word] if word else [])


def program_of(row):
    return row.partition(":")[0]


def without(*names):
    return [peer for peer in PEERS if peer not in names]


def with_word(word, *peers):
    return [f"{peer}:{word}" for peer in peers]


def stream_measures():
    return {"steady": Measure("steady state", TASK, True),
            "first": Measure("first pass", TASK),
            "cpu": Measure("CPU, steady state", TASK)}


def stream_case(size, workers):
    return Case("W1", workers, ["stream", workers, size["tasks"]],
                stream_measures(), PEERS)


def batch_case(size, workers):
    return Case("W1b", workers, ["batch", workers, size["tasks"]],
                stream_measures(),
                [OURS, "futures_help", "java_forkjoin", "java_fixed"])


def loop_case(size, workers, name, rows):
    return Case("W2", workers, ["loop", workers, size["tasks"]],
                {"steady": Measure(name, ITEM, True),
                 "cpu": Measure(name + ", CPU", ITEM)}, rows)


def loop_cases(size, workers):
    fine = (with_word("fine", OURS) + with_word("map", OURS) +
            with_word("fine", "openmp", "libomp", "tbb_group", "rayon") +
            with_word("dynamic", "openmp", "libomp"))
    coarse = with_word("coarse", OURS, "openmp", "libomp", "tbb_group",
                       "rayon")
    return [loop_case(size, workers, "grain 1", fine),
            loop_case(size, workers, "grain chosen", coarse)]


def fib_rows():
    peers = ["java_forkjoin", "openmp", "libomp", "tbb_group", "rayon"]
    others = without(OURS, "futures_help", *peers)
    return (with_word("join", OURS) + with_word("spawn", OURS) +
            with_word("spawn", *peers) +
            with_word("join", "tbb_group", "rayon") +
            with_word("spawn", *others))


def fib_case(size, workers, rows=None):
    return Case("W3", workers, ["fib", workers, size["fib"]],
                {"steady": Measure("steady state", SPAWN, True),
                 "cpu": Measure("CPU, steady state", SPAWN)},
                rows or fib_rows())


def trip_case(size, workers, trips, pause, how):
    return Case("W4", workers, ["trip", workers, size[trips], pause],
                {"median": Measure(how + ", median", "us", True),
                 "p99": Measure(how + ", 99th percentile", "us"),
                 "cpu": Measure(how + ", CPU of all", "s")}, PEERS)


def shared_case(size, workers):
    return Case("W5", workers,
                ["shared", workers, size["each"], size["callers"]],
                {"steady": Measure("steady state", TASK, True),
                 "cpu": Measure("CPU, steady state", TASK)},
                # APR walks along its queue: half a minute a sample
                without("futures_help", "apr"))


def busy_case(size, workers):
    return Case("W6", workers, ["busy", workers, size["busy"]],
                {"over": Measure("time over ideal", "x", True)},
                without("futures_help"), rounds=3)


def memory_case(size, workers):
    return Case("W7", workers, ["memory", workers, size["queue"]],
                {"queued": Measure("queued", "bytes per task", True),
                 "left": Measure("left after release", "bytes per task"),
                 "again": Measure("queued once more, with what was left",
                                  "bytes per task")},
                without("futures_help"), rounds=3)


def idle_case(size, workers):
    return Case("W8", workers, ["idle", workers, size["idle"]],
                {"cpu": Measure("CPU", "ms", True)},
                without("futures_help"), together=True, rounds=3)


def ended_cases(size, workers):
    return [Case("W9", workers, ["ended", workers, count],
                 {"each": Measure(f"{count:,} in one call", "ns per future",
                                  True)}, [OURS])
            for count in size["ended"]]


def error_case(size, workers):
    return Case("W11", workers, ["errors", workers, size["errors"]],
                {"thrown": Measure("thrown", TASK, True),
                 "plain": Measure("not thrown", TASK, True)},
                [OURS, "java_forkjoin", "java_fixed", "tbb_future"], rounds=3)


def default_cases(size, workers):
    return ([stream_case(size, workers), batch_case(size, workers)] +
            loop_cases(size, workers) +
            [fib_case(size, workers),
             trip_case(size, workers, "trips", 0, "back to back"),
             trip_case(size, workers, "paused_trips", 400,
                       "400 us pause between"),
             shared_case(size, workers), busy_case(size, workers),
             memory_case(size, workers)] +
            [idle_case(size, n) for n in size["idle_workers"]] +
            ended_cases(size, workers) + [error_case(size, workers)])


def grown(case, line, x, unit, rows):
    case.workload = "W10"
    case.measures = {"steady": Measure(line, unit, True)}
    case.rows = rows
    case.growth = (line, x)
    return case


def growth_cases(size, workers):
    forks = (with_word("spawn", OURS) + with_word("join", OURS) +
             with_word("spawn", "java_forkjoin", "tbb_group") +
             with_word("join", "rayon"))
    cases = []
    for count in GROWTH_WORKERS:
        cases += [
            grown(stream_case(size, count), "W1 by workers", count, TASK,
                  GROWTH_PEERS),
            grown(fib_case(size, count), "W3 by workers", count, SPAWN,
                  forks),
            grown(shared_case(size, count), "W5 by workers", count, TASK,
                  GROWTH_PEERS)]
    for tasks in GROWTH_TASKS:
        cases.append(grown(stream_case({**size, "tasks": tasks}, workers),
                           "W1 by tasks", tasks, TASK, GROWTH_TASK_PEERS))
    return cases


class Goal:
    """A figure of ours, the most that it may be, and of which peers' figures
    it may be which part."""

    def __init__(self, name, workload, measure, row, **more):
        self.name = name
        self.workload = workload
        self.measure = measure
        self.row = row
        self.workers = more.get("workers")  # None: the run's
        self.most = more.get("most")
        self.below = more.get("below", {})  # row -> factor
        self.beside = more.get("beside")    # (workload, measure) of ours


GOALS = [
    Goal("one by one", "W1", "steady state", OURS, most=70,
         below={"tbb_group": 0.4}),
    Goal("in one call", "W1b", "steady state", OURS, most=30),
    Goal("for, grain 1", "W2", "grain 1", OURS + ":fine", most=10),
    Goal("map", "W2", "grain 1", OURS + ":map", most=15),
    Goal("for, grain chosen", "W2", "grain chosen", OURS + ":coarse", most=1),
    Goal("with futures", "W3", "steady state", OURS + ":spawn", most=25),
    Goal("join", "W3", "steady state", OURS + ":join", most=9),
    Goal("back to back", "W4", "back to back, median", OURS, most=3.9),
    Goal("with a pause", "W4", "400 us pause between, median", OURS, most=7),
    Goal("with a pause, p99", "W4", "400 us pause between, 99th percentile",
         OURS, most=31),
    Goal("with a pause, CPU", "W4", "400 us pause between, CPU of all", OURS,
         below={"glib": 1}),
    Goal("helping caller", "W4", "back to back, median", "futures_help",
         most=0.3),
    Goal("four callers", "W5", "steady state", OURS, most=80,
         beside=("W1", "steady state")),
    Goal("over ideal", "W6", "time over ideal", OURS, most=1.01),
    Goal("queued", "W7", "queued", OURS, most=128),
    Goal("idle, 1 worker", "W8", "CPU", OURS, most=1, workers=1),
    Goal("idle, 2 workers", "W8", "CPU", OURS, most=1, workers=2),
    Goal("idle, 64 workers", "W8", "CPU", OURS, most=1, workers=64),
    Goal("gather, a million", "W9", "1,000,000 in one call", OURS, most=8),
    Goal("gather, one", "W9", "1 in one call", OURS, most=60),
    Goal("thrown", "W11", "thrown", OURS, most=300),
]
# Largest over smallest figure of ours along a growth line, from x on.
GROWTH_GOALS = [("W1 by workers", 2, 1.5), ("W3 by workers", 2, 1.5),
                ("W5 by workers", 2, 1.5), ("W1 by tasks", 1000, 1.5)]
