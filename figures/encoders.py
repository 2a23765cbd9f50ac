"""What Theorem 1 certifies of every encoder at hand, beside the measured error."""

from typing import Any

from figures.audits import AUDITS
from figures.audits import SECTION as AUDITED
from figures.evidence import Documents
from figures.figure import Figure, Row
from figures.records import best_certificate
from figures.study import STUDIES
from figures.style import BLACK, BLUE, GREEN, PINK, Canvas, canvas, plain

NAME = 34
"""Letters of an encoder's name, about."""


def subject(documents: Documents) -> list[Row] | None:
    """One row for each audit and for each measurement of a trained encoder, the least certified error first."""
    rows = [_audited(audit) for audit in documents[AUDITS].values()]
    rows += [
        {
            "encoder": f"{study['config']['method']['name']}, {m['layer']}",
            "data": f"{study['dataset']}, {m['views']}",
            "measured": m["error_any_view"],
            "printed": next(c["error"] for c in m["certificates"] if (c["form"], c["scope"]) == ("printed", "world")),
            "best": best_certificate(m)["error"],
            "form": best_certificate(m)["form"],
            "population": None,
        }
        for study in documents[STUDIES].values()
        for m in study["measurements"]
    ]
    return sorted(rows, key=lambda row: (row["best"], row["measured"])) or None


def _audited(audit: dict[str, Any]) -> Row:
    form, best = min(audit["exact"].items(), key=lambda item: item[1]["error"])
    return {
        "encoder": audit["encoder"].rpartition(":")[0].rpartition(".")[2] + ":" + audit["encoder"].rpartition(":")[2],
        "data": f"{audit['data']}, audited",
        "measured": audit["true_error_any_view"],
        "printed": audit["exact"]["printed"]["error"],
        "best": best["error"],
        "form": form,
        "population": min(c["error"] for c in audit["population"].values()),
    }


def draw(rows: list[Row]) -> Canvas:
    """One line for each encoder and set of views; a bound of 1 certifies nothing."""
    figure, (axes,) = canvas(1, 0.1 + 0.036 * len(rows), least=3)
    marks = (
        ("measured", "measured, any view", BLACK, "|", 9),
        ("best", "best form", BLUE, "o", 5),
        ("printed", "printed form", PINK, "x", 5),
        ("population", "population, 95%", GREEN, "D", 4.5),
    )
    for y, row in enumerate(rows):
        axes.plot(
            [row["measured"], row["best"]], [y, y], color=BLUE, lw=1, alpha=0.5, ls="-" if row["best"] < 1 else ":"
        )
    for key, name, fill, mark, size in marks:
        shown = [(row[key], y) for y, row in enumerate(rows) if row[key] is not None]
        if shown:
            axes.plot(*zip(*shown, strict=True), mark, color=fill, ms=size, mfc="none", ls="none", label=name)
    axes.set_yticks(range(len(rows)), [plain(f"{row['encoder']} ({row['data']})") for row in rows])
    axes.invert_yaxis()
    axes.set(xlim=(-0.02, 1.04), xlabel="share of samples misclassified")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def caption(rows: list[Row]) -> str:
    """What is certified of how many."""
    certified = [row for row in rows if row["best"] < 1]
    return (
        "Certified error of each encoder by the best form of Theorem 1 and by the printed one, beside the measured error of "
        f"any view; where 1 is certified, nothing is. Of {len(rows)} worlds of trained encoders the best form certifies "
        f"{len(certified)}, the printed form {sum(row['printed'] < 1 for row in rows)}; for those audited with a second half "
        "of the data also the population's error at 95%."
    )


PART = Figure(
    name="certificates",
    title="What Theorem 1 certifies, over encoders",
    section=AUDITED,
    order=90,
    draw=draw,
    caption=caption,
    data=list,
    inputs=(STUDIES,),
    subject=subject,
    alt="certified errors of encoders beside the measured ones",
)
