"""How much of each class lies within a spread s, and how much each form of Theorem 1 would need of that class."""

from collections.abc import Iterator

import numpy as np
from matplotlib.lines import Line2D

from figures.figure import Figure, Row
from figures.records import Measurement, Study
from figures.slack import local
from figures.study import SECTION
from figures.style import BLACK, FORM_COLOURS, FORM_LINES, GREY, Canvas, canvas, colour, plain, small
from theory.setting import Array
from theory.theorem1 import FORMS, margin

SHOWN = 10
"""Classes drawn, at most."""
BY_SHARE = tuple(name for name in FORMS if FORMS[name].share == "alpha")


def needed_alpha(form: str, s: Array, square: float, squares: Array, products: Array) -> Array:
    """(S,) least alpha at which `form` is met at every spread s, against every rival; NaN where none is enough.

    square   |mu_l|^2 of the class;  squares, products   (K - 1,) |mu_k|^2 and mu_l.mu_k of its rivals
    """
    alpha = np.linspace(0, 1, 401)[:, None]
    needs = []
    for other, product in zip(squares, products, strict=True):
        met = margin(form, alpha, s, square, other, product) > 0
        needs.append(np.where(met.any(axis=0), alpha[met.argmax(axis=0), 0], np.nan))
    return np.asarray(np.max(needs, axis=0))  # NaN wherever one of them is


def needs(measurement: Measurement, label: int, form: str, s: Array) -> Array:
    """(S,) the share of the class `label` that the form needs at each spread."""
    products = np.array(measurement["products"])
    rivals = np.arange(len(products)) != label
    return needed_alpha(form, s, products[label, label], products.diagonal()[rivals], products[label, rivals])


def reached(measurement: Measurement) -> tuple[Array, Array]:
    """(S,) spreads, and (S, K) the share of each class that lies within each, lever "local"."""
    best = next(f for f in measurement["frontiers"] if f["lever"] == "local")["best"]
    return np.array(best["s"]), np.array(best["alpha"])


def shown(study: Study) -> tuple[Measurement, list[int]]:
    """The measurement of which most classes are certified, the last of several, and the classes drawn."""
    measurement = max(reversed(study["measurements"]), key=lambda m: max(len(met(m, form)) for form in BY_SHARE))
    return measurement, list(range(min(SHOWN, measurement["classes"])))


def met(measurement: Measurement, form: str) -> list[int]:
    """The classes that the form certifies, lever "local", scope "class"."""
    return [c["label"] for of in local(measurement) if of["form"] == form for c in of["classes"] if c["met"]]


def draw(study: Study) -> Canvas:
    """One panel for each class. Grey: alpha(s). Coloured: what each form needs, against the rival that asks for most."""
    measurement, labels = shown(study)
    figure, panels = canvas(len(labels), 1.35, least=1.05, sharey=True, sharex=True)
    spread, share = reached(measurement)
    s = np.linspace(0, 1.4, 101)
    for axes, label in zip(panels, labels, strict=True):
        axes.step([*spread, 2], [*share[:, label], share[-1, label]], where="post", color=GREY, lw=2.2)
        for form in BY_SHARE:
            line = colour(FORM_COLOURS, form)
            axes.plot(s, needs(measurement, label, form, s), color=line, ls=FORM_LINES.get(form, "-"), lw=1.1)
        forms = [form for form in BY_SHARE if label in met(measurement, form)]
        verdict = f"met: {', '.join(forms)}" if 0 < len(forms) < len(BY_SHARE) else "met: all" if forms else "not met"
        axes.set(xlim=(0, 1.4), ylim=(0, 1.03), xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"])
        axes.set(xlabel="spread $s$", ylabel=r"share $\alpha$")
        axes.label_outer()
        axes.set_title(
            f"{plain(study['class_names'][label])}\n{verdict}", fontsize=small(), color=BLACK if forms else GREY
        )
    handles = [Line2D([], [], color=GREY, lw=2.2, label="the class has")]
    for form in BY_SHARE:
        line = colour(FORM_COLOURS, form)
        handles.append(Line2D([], [], color=line, ls=FORM_LINES.get(form, "-"), lw=1.1, label=f"{form} needs"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3 if len(handles) > 4 else 4)
    return figure


def caption(study: Study) -> str:
    """What the panels show, and how many classes each form certifies."""
    measurement, labels = shown(study)
    left = measurement["classes"] - len(labels)
    counts = ", ".join(f"{form} {len(met(measurement, form))}" for form in BY_SHARE)
    return (
        f"{study['config']['method']['name']} on {study['dataset']}: {measurement['layer']}, {measurement['views']}. Grey: "
        "the share of the class whose samples lie within a spread s of each other in feature space. Coloured: the share that "
        "each form of Theorem 1 needs of this class at that spread, against the rival that asks for most. The form certifies "
        f"the class where grey rises above its line. Of {measurement['classes']} classes are certified: {counts}."
        + (f" The first {len(labels)} classes are drawn, {left} are not." if left else "")
    )


def data(study: Study) -> Iterator[Row]:
    """One row for each class and each spread that is reached."""
    measurement, labels = shown(study)
    spread, share = reached(measurement)
    for label in labels:
        needed = {form: needs(measurement, label, form, spread) for form in BY_SHARE}
        for i, s in enumerate(spread):
            yield {
                "class": study["class_names"][label],
                "s": float(s),
                "alpha": float(share[i, label]),
                **{
                    f"{form}_needs": None if np.isnan(values[i]) else float(values[i])
                    for form, values in needed.items()
                },
            }


PART = Figure(
    name="reach",
    title="Share of each class within a spread, and the share it needs",
    section=SECTION,
    order=70,
    draw=draw,
    caption=caption,
    data=lambda study: list(data(study)),
    alt="for each class, the share within a spread and the share that each form of Theorem 1 needs",
)
