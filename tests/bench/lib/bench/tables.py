"""Tables in Markdown of what was measured."""

from bench import report, sizes


def rows(results):
    """The table that the benchmark itself prints; of several that have the same, one."""
    columns = results[0]["tables"][0]
    return table([heading for _, heading in columns],
                 [[row.get(field) for field, _ in columns] for result in results for row in result["rows"]])


def targets(results):
    return table(["command", "what", "figure", "target", ""],
                 [[f"`bench {result['command']}`", target["name"], target["figure"], bound(target), verdict(target)]
                  for result in results for target in result["targets"]], n_texts=2)


def bound(target):
    word, value = ("at most", target["most"]) if "most" in target else ("at least", target["least"])
    return f"{word} {cell(value)}"


def verdict(target):
    return "met" if target["met"] else "missed"


def runs(results):
    return table(["command", "date", "processor", "cores", "load"],
                 [[f"`bench {result['command']}`", result["date"], result["processor"], result["cores"], result["load"]]
                  for result in results], n_texts=3)


def clusters(results):
    return table(*sizes.table(results))


def table(headings, lines, n_texts=1):
    """The first n_texts columns are text."""
    marks = ["---" if i < n_texts else "---:" for i in range(len(headings))]
    return [line(headings), "|" + "|".join(marks) + "|", *[line(map(cell, cells)) for cells in lines]]


def line(cells):
    return f"| {' | '.join(cells)} |"


def cell(value):
    """As the benchmarks print it, but that large numbers have commas, and what does not count is 0 in them."""
    if value is None:
        return ""
    if isinstance(value, float) and abs(value) >= 1000:
        value = int(float(f"{value:.4g}"))
    return f"{value:,}" if isinstance(value, int) else report.number(value)


KINDS = {"rows": rows, "targets": targets, "runs": runs, "clusters": clusters}
