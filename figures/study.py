"""A trained encoder: the section of the report, once for each data set, and its opening with the evaluation."""

from collections.abc import Sequence
from html import escape

from empirical.rounding import shown
from figures.evidence import EvidenceFiles
from figures.figure import Passage, Section
from figures.markup import table
from figures.records import Study, best_certificate


def html(study: Study) -> str:
    """What was trained, and the accuracy on test images before and after."""
    config, evaluation = study["config"], study["evaluation"]
    accuracy = table(
        "Accuracy on test images before and after training",
        ["test images, unit norm", f"kNN({evaluation['k']}) untrained", "trained", "nearest mean untrained", "trained"],
        [
            [b["layer"], *(f"{x:.3f}" for x in (b["knn"], a["knn"], b["nearest_mean"], a["nearest_mean"]))]
            for b, a in zip(evaluation["before"], evaluation["after"], strict=True)
        ],
        1,
    )
    return (
        f"<h2>A trained encoder: {config['method']['name']} on {escape(study['dataset'])}</h2>"
        f"<p>{study['train_images']} training and {study['test_images']} test images, views "
        f"{escape(config['letters'])}, {config['epochs']} epochs, seed {config['seed']}, {study['device']}; the last "
        f"epoch is reported, kNN temperature {evaluation['temperature']}, weights "
        f"<code>{study['weights_sha256'][:16]}</code>.</p>{accuracy}"
    )


def sentence(study: Study) -> str:
    """What Theorem 1 says of one trained encoder."""
    plain = study["measurements"][0]
    before, after = study["evaluation"]["before"][0], study["evaluation"]["after"][0]
    opening = (
        f"{study['config']['method']['name']} on {study['dataset']} (kNN {before['knn']:.3f} untrained, "
        f"{after['knn']:.3f} trained): its own head under its training views, true error {shown(plain['error'], 'exact')}, "
    )
    own = best_certificate(plain)["error"]
    opening += f"is certified to {shown(own, 'upper')}; " if own < 1 else "is certified by no form of Theorem 1; "
    closest = min(study["measurements"], key=lambda m: best_certificate(m)["error"])
    certificate = best_certificate(closest)
    met = sum(c["met"] for c in certificate["classes"])
    if not met:
        return opening + f"nor is any other of the {len(study['measurements'])} measurements of this encoder."
    return opening + (
        f"the measurement that is certified best ({closest['layer']}, {closest['views']}; {certificate['form']} form, "
        f"lever {certificate['lever']}, scope {certificate['scope']}) has certified error "
        f"{shown(certificate['error'], 'upper')} against a true {shown(closest['error'], 'exact')}, and {met} of "
        f"{closest['classes']} classes met."
    )


def _points(studies: Sequence[Study]) -> list[str]:
    return [sentence(study) for study in studies]


STUDIES = EvidenceFiles(pattern="empirical-*.json", command="python -m empirical", descending=True)
SECTION = Section(order=40, inputs=STUDIES, points=_points)
PART = Passage(section=SECTION, order=10, html=html)
