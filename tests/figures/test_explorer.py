"""The explorer's JavaScript says what theory.theorem1.forms says, in a real browser."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from figures.explorer import page, text_of
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms import FORMS
from theory.theorem1.forms.form import Pair, alpha_lower

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SLIDERS = {"sigma": 0.98, "R": 0.002, "p": 0.1, "spread": 0.2, "eps": 0.02, "wl": 0.95, "wk": 0.95, "cosine": 0.0}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="`make browser` installs chromium"),
]


def shown(text, folder):
    """What a browser makes of a page: its document after the scripts have run."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    words = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder / 'profile'}",
        "--dump-dom",
    ]
    done = subprocess.run([*words, path.as_uri()], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def random_pairs(count):
    """Shares, spreads and means of every kind: tiny, extreme, parallel, opposite."""
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(count):
        sigma, R, p = rng.choice([1.0, rng.uniform(0, 1)]), rng.choice([0.0, rng.uniform(0, 0.2)]), rng.uniform(0.01, 1)
        wl, wk = (rng.choice([1.0, rng.uniform(1e-3, 1)]) for _ in range(2))
        cosine = rng.choice([-1.0, 1.0, rng.uniform(-1, 1)])
        pairs.append(
            {
                "sigma": sigma,
                "q": R / p,
                "alpha": float(alpha_lower(sigma, R, p)),
                "s": rng.choice([0.0, 2.0, rng.uniform(0, 2.5)]),
                "ll": wl**2,
                "kk": wk**2,
                "lk": cosine * wl * wk,
                "shortfall": None if rng.random() < 0.5 else (1 - min(wl, wk) ** 2) / 2,
            }
        )
    return pairs


def python_pair(pair, share):
    return Pair(
        share=pair[share],
        s=pair["s"],
        ll=pair["ll"],
        kk=pair["kk"],
        lk=pair["lk"],
        q=pair["q"],
        shortfall=pair["shortfall"],
    )


def test_margins_and_costs_are_those_of_the_forms(tmp_path):
    pairs = random_pairs(200)
    script = (
        "document.body.textContent = JSON.stringify(PAIRS.map((pair) => Object.fromEntries(Object.keys(FORMS).map("
        "(form) => [form, [FORMS[form].margin(pair), FORMS[form].costs(pair)]]))))"
    )
    text = f"<body><script>{text_of('forms.js')}\nconst PAIRS = {json.dumps(pairs)};\n{script}</script></body>"
    (body,) = re.findall(r"<body>(.*)</body>", shown(text, tmp_path), re.DOTALL)
    computed = json.loads(html.unescape(body))
    positive = dict.fromkeys(FORMS, 0)
    for pair, by_form in zip(pairs, computed, strict=True):
        assert list(by_form) == list(FORMS)
        for name, form in FORMS.items():
            margin, costs = by_form[name]
            wanted = python_pair(pair, form.share)
            assert margin == pytest.approx(float(form.margin(wanted)), rel=0, abs=1e-9), (name, pair)
            assert costs == pytest.approx({k: float(v) for k, v in form.costs(wanted).items()}, rel=0, abs=1e-9)
            positive[name] += margin > 0
    assert all(0 < count < len(pairs) for count in positive.values()), positive


def test_the_page_shows_the_verdicts_at_its_sliders(tmp_path):
    document = shown(page(), tmp_path)
    for name, value in SLIDERS.items():
        (given,) = re.findall(rf'<input id="{name}"[^>]* value="([^"]*)"', page())
        assert float(given) == value
    q = SLIDERS["R"] / SLIDERS["p"]
    pair = {
        "sigma": SLIDERS["sigma"],
        "q": q,
        "alpha": SLIDERS["sigma"] - q,
        "s": SLIDERS["spread"] + 2 * SLIDERS["eps"],
        "ll": SLIDERS["wl"] ** 2,
        "kk": SLIDERS["wk"] ** 2,
        "lk": SLIDERS["cosine"] * SLIDERS["wl"] * SLIDERS["wk"],
        "shortfall": None,
    }
    (table,) = re.findall(r'<tbody id="verdicts">(.*?)</tbody>', document, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    assert len(rows) == len(FORMS)
    verdicts = set()
    for (name, form), row in zip(FORMS.items(), rows, strict=True):
        margin = float(form.margin(python_pair(pair, form.share)))
        verdicts.add(margin > ROUNDING)
        assert f'href="index.html#{form.claim}">{name}</a>' in row
        assert (">certifies<" in row) == (margin > ROUNDING)
        assert f"{margin:.3f}".replace("-", "\N{MINUS SIGN}") in row
    assert verdicts == {True, False}
    assert document.count("</polyline>") == len(FORMS)
