"""The tables of the bench: what was measured, and which goals are met."""

import statistics

from workloads import (GOALS, GROWTH_GOALS, HANDS_NOTHING_OVER, OURS, TITLES,
                       program_of)


def base_of(case, key):
    """What the ratios of a table are to: the first of ours with samples."""
    for row in case.rows:
        samples = case.samples.get((key, row))
        if samples and program_of(row) == OURS:
            return statistics.median(samples)
    return 0


def results(cases):
    """One record per workload, measure, number of workers and row."""
    for case in cases:
        for key, measure in case.measures.items():
            base = base_of(case, key)
            for row in case.rows:
                samples = case.samples.get((key, row), [])
                about = case.about.get(row, {})
                if not about:
                    continue
                median = statistics.median(samples) if samples else None
                yield {"workload": case.workload, "measure": measure.name,
                       "workers": case.workers, "unit": measure.unit,
                       "drawn": measure.drawn, "growth": case.growth,
                       "row": row, "peer": about["name"],
                       "ours": program_of(row).startswith(OURS),
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
        return f"{number:,.0f}"
    return f"{number:.3g}" if number >= 0.01 else f"{number:.4f}"


def group_of(record):
    return (record["workload"], record["measure"], record["workers"],
            tuple(record["growth"] or ()))


def groups(records):
    """The records of each table, in order."""
    table = []
    for record in records:
        if table and group_of(record) != group_of(table[0]):
            yield table
            table = []
        table.append(record)
    if table:
        yield table


def can_rival(record, helping):
    alone = HANDS_NOTHING_OVER.get(record["workload"], ())
    return (record["median"] is not None and not record["ours"] and
            (helping or program_of(record["row"]) not in alone))


def best_peer(table, helping=False):
    """The quickest peer that does the same; None if nobody does."""
    rivals = [record for record in table if can_rival(record, helping)]
    return min(rivals, key=lambda record: record["median"], default=None)


def quotient(ours, peer):
    return ours / peer if peer else float("inf")


def print_table(table):
    head = table[0]
    plural = "s" if head["workers"] > 1 else ""
    where = f"{head['workers']} worker{plural}"
    if head["growth"]:
        where = f"{head['growth'][1]:,}"
    title = f"{head['measure']}, {where}, {head['unit']}"
    print(f"\n  {title:50}{'min':>9}{'median':>9}{'ratio':>8}  note")
    for record in table:
        note = [record["note"]] if record["note"] else []
        if record["threads"]:
            note.append(f"threads: {record['threads']}")
        print(f"    {record['peer']:48}{figure(record['min']):>9}"
              f"{figure(record['median']):>9}{figure(record['ratio']):>8}"
              f"  {'; '.join(note)}")
    best = best_peer(table)
    first = next((record for record in table if record["ours"] and
                  record["median"] is not None), None)
    if best and first:
        print(f"    {first['peer']} / best peer: "
              f"{figure(quotient(first['median'], best['median']))} "
              f"({best['peer']})")


def print_tables(records, size):
    workload = None
    for table in groups(records):
        if table[0]["workload"] != workload:
            workload = table[0]["workload"]
            print(f"\n{workload}  {TITLES[workload].format(**size)}")
        print_table(table)


def find(records, workload, measure, row, workers=None):
    for record in records:
        if (record["workload"], record["measure"], record["row"]) == \
                (workload, measure, row) and \
                workers in (None, record["workers"]):
            return record if record["median"] is not None else None
    return None


def limits_of(goal, records):
    """(what it says, the most that ours may be) for each part of a goal."""
    if goal.most is not None:
        yield f"<= {goal.most:g}", goal.most
    for row, factor in goal.below.items():
        peer = find(records, goal.workload, goal.measure, row, goal.workers)
        if peer:
            times = "" if factor == 1 else f"{factor:g}x "
            yield f"<= {times}{peer['peer']}", factor * peer["median"]
    if goal.beside:
        other = find(records, *goal.beside, OURS)
        if other:
            yield f"<= {goal.beside[0]}", other["median"]


def summary_of(goal, records):
    ours = find(records, goal.workload, goal.measure, goal.row, goal.workers)
    if ours is None:
        return None
    table = [record for record in records
             if group_of(record) == group_of(ours)]
    best = best_peer(table, goal.row == "futures_help")
    limits = list(limits_of(goal, records))
    return {"workload": goal.workload, "what": goal.name,
            "ours": ours["median"], "unit": ours["unit"],
            "best": best["median"] if best else None,
            "best_peer": best["peer"] if best else "-",
            "ratio": quotient(ours["median"], best["median"]) if best
            else None,
            "goal": ", ".join(text for text, _ in limits),
            "reached": all(ours["median"] <= most for _, most in limits)}


def growth_summary(records):
    for line, least, most in GROWTH_GOALS:
        rows = {record["row"]: record["peer"] for record in records
                if record["ours"] and (record["growth"] or [""])[0] == line}
        for row, peer in rows.items():
            values = [record["median"] for record in records
                      if record["row"] == row and record["growth"] and
                      record["growth"][0] == line and
                      record["growth"][1] >= least and record["median"]]
            if len(values) > 1:
                worst = max(values) / min(values)
                yield {"workload": "W10", "what": f"{line}, {peer}",
                       "ours": worst, "unit": "largest / smallest",
                       "best": None, "best_peer": "-", "ratio": None,
                       "goal": f"<= {most:g}", "reached": worst <= most}


def summaries(records):
    lines = [summary_of(goal, records) for goal in GOALS]
    return [line for line in lines if line] + list(growth_summary(records))


def print_summary(lines):
    print(f"\n{'':5}{'medians':36}{'ours':>8}{'best peer':>11}  {'':24}"
          f"{'ratio':>6}  goal")
    for line in lines:
        name = f"{line['what']}, {line['unit']}"
        print(f"{line['workload']:5}{name:36}{figure(line['ours']):>8}"
              f"{figure(line['best']):>11}  {line['best_peer']:24}"
              f"{figure(line['ratio']):>6}  {line['goal']}: "
              f"{'reached' if line['reached'] else 'NOT reached'}")
