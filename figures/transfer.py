"""Transfer to another data set, linear and fine-tuned. Source: lecture, Performance on OOD Datasets."""

from collections.abc import Iterator

from figures.experiments import SECTIONS, Experiment, lecture, levels, origin, per_cent, values
from figures.figure import Figure, Row
from figures.style import BLUE, GREY, Canvas, canvas

PROTOCOLS = {"linear": "linear", "fine-tuned": "finetune"}
"""Our metric, and the lecture's protocol."""


def draw(experiment: Experiment) -> Canvas:
    """One panel for each protocol, one line for each method; ours filled, the lecture's nine targets and mean hollow."""
    rows = levels(experiment, "MoCo")
    figure, panels = canvas(len(PROTOCOLS), 0.62, least=2.4, sharey=True)
    for axes, (metric, protocol) in zip(panels, PROTOCOLS.items(), strict=True):
        for y, row in enumerate(rows):
            targets = lecture("transfer.csv", method=row, protocol=protocol)
            each = [float(t["accuracy"]) for t in targets if t["target"] != "Avg"]
            average = [float(t["accuracy"]) for t in targets if t["target"] == "Avg"]
            axes.plot(
                each,
                [y + 0.18] * len(each),
                "|",
                color=GREY,
                ms=6,
                ls="none",
                label=_once("lecture, each of nine targets", y),
            )
            axes.plot(
                average,
                [y + 0.18],
                "o",
                mfc="white",
                mec=GREY,
                ms=5,
                ls="none",
                label=_once("lecture, mean of nine", y),
            )
            at, deviation = per_cent(values(experiment, "MoCo", row, metric))
            axes.errorbar(
                [at],
                [y - 0.18],
                xerr=[deviation],
                fmt="D",
                color=BLUE,
                ms=4.5,
                capsize=2,
                lw=0.9,
                label=_once("here", y),
            )
        axes.set(yticks=range(len(rows)), yticklabels=rows, xlabel="accuracy, %", title=metric)
        axes.label_outer()
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _once(label: str, row: int) -> str | None:
    """The label in the first row alone, so that the legend has it once."""
    return label if row == 0 else None


def caption(experiment: Experiment) -> str:
    """What is compared."""
    verdicts = [c["verdict"] for c in experiment["comparisons"]]
    return (
        f"Transfer to another data set. {origin(experiment)} Filled: linear probe and fine-tuning on the target here, mean "
        "and standard deviation over seeds. Hollow: the lecture's mean over nine targets, which bars show one by one. Of "
        f"{len(verdicts)} asserted steps {verdicts.count('holds')} hold, {verdicts.count('open')} are open and "
        f"{verdicts.count('reversed')} are reversed here."
    )


def data(experiment: Experiment) -> Iterator[Row]:
    """Ours, then the lecture's."""
    for metric, protocol in PROTOCOLS.items():
        for row in levels(experiment, "MoCo"):
            at, deviation = per_cent(values(experiment, "MoCo", row, metric))
            yield {"source": "here", "protocol": metric, "method": row, "accuracy": at, "deviation": deviation}
            for theirs in lecture("transfer.csv", method=row, protocol=protocol):
                yield {
                    "source": "lecture",
                    "protocol": metric,
                    "method": row,
                    "target": theirs["target"],
                    "accuracy": theirs["accuracy"],
                }


PART = Figure(
    name="transfer",
    title="Transfer to another data set, linear and fine-tuned",
    section=SECTIONS["transfer"],
    order=10,
    draw=draw,
    caption=caption,
    data=lambda experiment: list(data(experiment)),
    alt="accuracy after transfer by method, linear and fine-tuned",
)
