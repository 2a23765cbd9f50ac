"""The formulas of statements and proofs become MathML, and nothing of the text around them is lost."""

import re
from html import unescape
from xml.dom.minidom import parseString

import pytest

from figures.mathematics import FUNCTIONS, GREEK, as_latex, formula, prose, statement
from theory.ledger import claims

CLAIMS = claims()


def words(text):
    """Words of prose; those inside formulas may become letters."""
    return set(re.findall(r"(?<![\w\\`])[A-Za-z]{4,}(?![\w`(])", text)) - GREEK.keys() - FUNCTIONS.keys() - {"sqrt"}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_statement_is_mathml(claim):
    made = statement(claim.statement)
    parsed = parseString(f"<p>{made}</p>")
    assert parsed.getElementsByTagName("math")
    assert "\\" not in made


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_proofs_keep_their_words_and_digits(claim):
    for text in (claim.title, claim.reduction, *claim.trusted, *claim.unchecked):
        made = str(prose(text))
        parseString(f"<p>{made}</p>")
        plain = unescape(re.sub(r"<[^>]+>", "", made))
        assert re.findall(r"\d", plain) == re.findall(r"\d", text)
        assert all(word in plain for word in words(text))


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("rho_max >= 2/9", r"\rho _{\max}  \geq  2 / 9"),
        ("||x1 - x2||^2 <= eps", r" \| x_{1}  -  x_{2} \| ^{2}  \leq  \varepsilon "),
        ("sqrt(2 rho)", r"\sqrt{2 \rho }"),
        ("C_ii", "C_{i i}"),
        ("L_align", r"L_{\mathrm{align}}"),
        ("mu_k.mu_l", r"\mu _{k}\cdot \mu _{l}"),
    ],
)
def test_plain_formulas_become_latex(text, latex):
    assert as_latex(text) == latex


@pytest.mark.parametrize(
    "text", ["a word", "I have a pair of views", "in Theorem 4, case 2, and so on", "e.g. 12 classes"]
)
def test_prose_without_a_formula_stays(text):
    assert prose(text) == text


def test_what_stands_around_a_formula_stays():
    made = prose("so alpha <= 1/2 (`step`) by theorem_1_sharp, a < b.")
    assert re.sub(r"<math.*?</math>", "M", made) == "so M (<code>step</code>) by <code>theorem_1_sharp</code>, M."
    assert formula(r"\alpha") in prose("of alpha")
