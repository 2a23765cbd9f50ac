"""ArCL on test domains. Source: lecture, Performance on Augmented Datasets."""

from collections.abc import Iterator
from statistics import mean

from empirical.experiments.design import DOMAIN_METRICS
from figures.experiments import SECTIONS, Experiment, lecture, lecture_method, origin, spread, values
from figures.figure import Figure, Row
from figures.style import BLACK, BLUE, GREEN, GREY, Canvas, canvas, small

VIEWS = (4, 6)
THEIRS = (("CIFAR-10", "256", "o"), ("CIFAR-10", "512", "^"), ("CIFAR-100", "256", "s"), ("CIFAR-100", "512", "D"))
OURS = (("ArCL", BLUE, "o", -0.12), ("AAL", GREEN, "X", 0.12))


def gain(experiment: Experiment, row: str, domain: str) -> tuple[float, float]:
    """Points of accuracy above SimCLR, paired by seed: mean and standard deviation."""
    plain, changed = (values(experiment, "SimCLR", name, domain) for name in ("SimCLR", row))
    return spread([100 * (changed[seed] - plain[seed]) for seed in plain if seed in changed])


def lecture_gain(data: str, batch: str, row: str, domain: str) -> float:
    """The same in the lecture's table."""
    own, plain = (
        float(lecture("domains.csv", dataset=data, batch_size=batch, method=method, domain=domain)[0]["accuracy"])
        for method in (lecture_method(row), "SimCLR")
    )
    return own - plain


def draw(experiment: Experiment) -> Canvas:
    """One panel for each number of views: gain over SimCLR by test domain; ours filled, the lecture's hollow."""
    figure, panels = canvas(len(VIEWS), 0.85, least=2.4, sharey=True)
    for axes, views in zip(panels, VIEWS, strict=True):
        axes.axhline(0, color=BLACK, lw=0.8)
        for data, batch, mark in THEIRS:
            theirs = [lecture_gain(data, batch, f"ArCL, {views} views", domain) for domain in DOMAIN_METRICS]
            axes.plot(
                theirs, mark, mfc="none", mec=GREY, ms=4, ls="none", label=f"lecture, ArCL, {data}, batch {batch}"
            )
        for name, fill, mark, move in OURS:
            gains = [gain(experiment, f"{name}, {views} views", domain) for domain in DOMAIN_METRICS]
            at, deviation = zip(*gains, strict=True)
            x = [i + move for i in range(len(DOMAIN_METRICS))]
            axes.errorbar(x, at, deviation, fmt=mark, color=fill, ms=4.5, capsize=2, lw=0.9, label=f"here, {name}")
        axes.set_xticks(range(len(DOMAIN_METRICS)), DOMAIN_METRICS, rotation=35, ha="right", fontsize=small())
        axes.set(ylabel="gain over SimCLR, points", title=f"{views} views")
        axes.label_outer()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def caption(experiment: Experiment) -> str:
    """The mean gains."""
    rows = [f"{name}, {views} views" for views in VIEWS for name, *_ in OURS]
    shifted = DOMAIN_METRICS[:-1]
    gains = [f"{row} {mean(gain(experiment, row, d)[0] for d in shifted):+.2f}" for row in rows]
    theirs = [
        f"{data}, batch {batch} {mean(lecture_gain(data, batch, f'ArCL, {views} views', d) for d in shifted):+.2f}"
        for views in VIEWS
        for data, batch, _ in THEIRS
    ]
    return (
        "Linear accuracy on test images that were transformed, as gain over SimCLR on the same domain, paired by seed (mean "
        f"and standard deviation). {origin(experiment)} Mean gain over the five shifted domains here: {'; '.join(gains)}. In "
        f"the lecture, ArCL: {'; '.join(theirs[:4])} (4 views); {'; '.join(theirs[4:])} (6 views)."
    )


def data(experiment: Experiment) -> Iterator[Row]:
    """Gains, ours and the lecture's."""
    for views in VIEWS:
        for domain in DOMAIN_METRICS:
            for name, *_ in OURS:
                at, deviation = gain(experiment, f"{name}, {views} views", domain)
                yield {
                    "source": "here",
                    "method": name,
                    "views": views,
                    "domain": domain,
                    "gain": at,
                    "deviation": deviation,
                }
            for data, batch, _ in THEIRS:
                theirs = lecture_gain(data, batch, f"ArCL, {views} views", domain)
                source = f"lecture, {data}, batch {batch}"
                yield {"source": source, "method": "ArCL", "views": views, "domain": domain, "gain": theirs}


PART = Figure(
    name="domains",
    title="ArCL on test domains, as gain over SimCLR",
    section=SECTIONS["domains"],
    order=10,
    draw=draw,
    caption=caption,
    data=lambda experiment: list(data(experiment)),
    shows=lambda experiment: {run["row"] for run in experiment["runs"]} >= {"SimCLR", "ArCL, 4 views", "ArCL, 6 views"},
    alt="gain of ArCL over SimCLR by test domain",
)
