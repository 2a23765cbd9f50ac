"""What is read of one empirical-*.json: the record of a trained encoder and of its measurements."""

from typing import Any, NotRequired, TypedDict


class ClassRecord(TypedDict):
    """What a certificate says of one class; the paper's letters as in Theorem 1."""

    label: int
    rival: int
    met: bool
    margin: float
    product: float
    eps: float
    reach: float
    s: float
    sigma: float
    R: float
    costs: dict[str, float]


class CertificateRecord(TypedDict):
    """What one form of Theorem 1 certifies, under one lever and scope."""

    form: str
    lever: str
    scope: str
    met: bool
    error: float
    classes: list[ClassRecord]


class LossRecord(TypedDict):
    """Theorem 3 or 4 at the pair of classes for which its right side is least; see `empirical.evaluation.losses`."""

    loss: str
    value: float
    bound: float
    product: float
    informative: int


class Measurement(TypedDict):
    """One layer of the encoder under one set of views, held against every form of Theorem 1.

    products   (K, K) mu_k . mu_l of the class means
    frontiers  for each lever, the share alpha of each class that lies within each spread s
    says       one sentence: the certificate, and what stands in its way
    losses     what Theorems 3 and 4 say; older evidence lacks them
    """

    layer: str
    views: str
    samples: int
    views_per_sample: int
    classes: int
    mean_norms: list[float]
    products: list[list[float]]
    alignment: float
    robust_alignment: float
    lipschitz: float
    error: float
    error_any_view: float
    frontiers: list[dict[str, Any]]
    certificates: list[CertificateRecord]
    says: str
    losses: NotRequired[list[LossRecord]]


class Study(TypedDict):
    """One trained encoder: its training, its evaluation before and after, and its measurements."""

    dataset: str
    class_names: list[str]
    train_images: int
    test_images: int
    config: dict[str, Any]
    device: str
    weights_sha256: str
    evaluation: dict[str, Any]
    history: list[dict[str, float]]
    embedding: dict[str, Any]
    measurements: list[Measurement]


def best_certificate(measurement: Measurement) -> CertificateRecord:
    """The certificate with the least certified error; on ties the first, that of the weakest form."""
    return min(measurement["certificates"], key=lambda c: c["error"])


def certificate_of(measurement: Measurement, form: str, lever: str, scope: str) -> CertificateRecord:
    """The certificate of one form under one lever and scope."""
    return next(c for c in measurement["certificates"] if (c["form"], c["lever"], c["scope"]) == (form, lever, scope))


def drawn_measurements(study: Study) -> list[Measurement]:
    """The measurements drawn: the first (training views), the first under the other views, and the last."""
    measurements = study["measurements"]
    return [measurements[0], measurements[len(measurements) // 2], measurements[-1]]
