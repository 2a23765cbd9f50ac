"""Mathematics as MathML, made when a page is written: statements from LaTeX, and the formulas inside plain prose."""

import re
from collections.abc import Iterator
from functools import cache

from latex2mathml.converter import convert
from markupsafe import Markup, escape

GREEK = {
    name: rf"\{name}"
    for name in (
        *(
            "alpha",
            "beta",
            "gamma",
            "delta",
            "theta",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "pi",
            "rho",
            "sigma",
            "tau",
            "phi",
            "eta",
        ),
        *("Delta", "Gamma", "Lambda", "Sigma"),
    )
} | {"eps": r"\varepsilon"}
FUNCTIONS = (
    {
        name: rf"\{name}"
        for name in (
            *(
                "exp",
                "log",
                "ln",
                "min",
                "max",
                "inf",
                "sup",
                "arctan",
                "tan",
                "sin",
                "cos",
                "arg",
                "dim",
                "sum",
                "int",
            ),
        )
    }
    | {"oo": r"\infty"}
    | {name: rf"\mathrm{{{name}}}" for name in ("tr", "diag", "Err", "Var", "sim", "hull", "dist", "Unif", "Bin")}
)
OPERATORS = {
    "<=": r"\leq", ">=": r"\geq", "!=": r"\neq", "->": r"\to", "=>": r"\Rightarrow", ":=": ":=", "||": r"\|", "+/-": r"\pm",
    "+-": r"\pm",
    "+": "+", "-": "-", "*": r"\cdot", "/": "/", "=": "=", "<": "<", ">": ">",
}  # fmt: skip
"""Of the prose, and what LaTeX writes for them."""
NAMES = "|".join(sorted([*GREEK, *FUNCTIONS, "sqrt"], key=len, reverse=True))
WORD = r"(?:-?\d+n?|-?(?:[A-Za-z]+\d*'*)+|[*+])"
"""What stands below or above a letter without brackets."""
TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
    rf"|(?P<operator>{'|'.join(re.escape(o) for o in sorted(OPERATORS, key=len, reverse=True))})"
    rf"|(?P<name>(?:{NAMES})(?![A-Za-z])|L_[A-Za-z]+|[A-Za-z](?![A-Za-z]))(?P<index>\d*)"
    rf"|(?P<script>[_^](?:(?=[{{(])|{WORD}))"
    r"|(?P<prime>')|(?P<slot>(?<=\|)\.(?=\|))|(?P<dot>\.(?=[A-Za-z(])(?!g\.|e\.))|(?P<bracket>[()\[\]{}|,;])|(?P<space> )"
)
STRONG = re.compile(
    rf"<=|>=|!=|->|:=|[=<>^_]|\|\||\d\.\d|[A-Za-z]\(|\w[-+*/] ?\w|\w\.\w|\b(?:sqrt|{'|'.join(GREEK)})\b"
)
"""What makes a run a formula."""
ARTICLES = re.compile(r"\b[aAI]\b")
BREAKS = re.compile(r"(?<=[,;:])\\quad(?![A-Za-z])|(?<=[,;:])\\ |(?=\\Rightarrow)")
"""Where a line of a statement may break, outside brackets."""
CODE = re.compile(rf"`([^`]*)`|\b(?!(?:{NAMES})_)([a-z]{{4,}}(?:_[A-Za-z0-9]+)+)\b")
"""What stands in backticks, and names of theorems in Coq."""


@cache
def formula(latex: str) -> Markup:
    """LaTeX as MathML, in the line; a slash takes no room."""
    return Markup(
        convert(latex.replace(r"\arg", r"\mathrm{arg}")).replace(
            "<mo>&#x0002F;</mo>", '<mo lspace="0" rspace="0">/</mo>'
        )
    )


@cache
def statement(latex: str) -> Markup:
    """A statement in LaTeX as MathML, one formula for each of its parts, between which a line may break."""
    parts, start = list[str](), 0
    for place in BREAKS.finditer(latex):
        before = latex[start : place.start()]
        if before.count("{") == before.count("}") and len(re.findall(r"[(\[]", before)) == len(
            re.findall(r"[)\]]", before)
        ):
            parts.append(before)
            start = place.end()
    return Markup(" ").join(map(formula, [*parts, latex[start:]]))


@cache
def prose(text: str) -> Markup:
    """Plain text with its formulas as MathML and what stands in `backticks` as code."""
    parts, written = list[Markup](), 0
    for code in CODE.finditer(text):
        parts += [*_with_formulas(text[written : code.start()]), Markup("<code>{}</code>").format(code[1] or code[2])]
        written = code.end()
    return Markup("").join([*parts, *_with_formulas(text[written:])])


def _with_formulas(text: str) -> Iterator[Markup]:
    """The text, escaped, with each run of mathematics replaced by MathML."""
    written = 0
    for start, end in _runs(text):
        yield escape(text[written:start])
        yield formula(as_latex(text[start:end]))
        written = end
    yield escape(text[written:])


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of the longest runs of mathematical tokens that hold a formula and balance their brackets."""
    position = 0
    while position < len(text):
        if position and (text[position - 1].isalnum() or text[position] in "_^'"):
            position += 1
            continue
        end = position
        while (token := TOKEN.match(text, end)) is not None:
            end = token.end()
        start, stop = _trimmed(text, position, end)
        if start < stop and _is_formula(text[start:stop]):
            yield start, stop
        position = max(end, position + 1)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The run without what belongs to the prose around it: blanks, commas, articles, brackets that it does not close."""
    while start < end:
        run = text[start:end]
        if run[0] in " ,;.)]}_^'":
            start += 1
        elif run[-1] in " ,;([{_^" or (run[-1] == "." and not run[-2:-1].isdigit()):
            end -= 1
        elif (listed := re.match(r"\d+, ", run)) is not None:
            start += listed.end()
        elif ARTICLES.match(run) and run[1:2] == " " and not re.match(r". (?:[-+*/=<>^_:!]|\|\|)", run):
            start += 2
        elif re.search(r"(?<![-+*/=<>^_(,|.]) [aAI]$", run):
            end -= 2
        elif run.endswith(("sqrt", "_", "^")):
            end -= 4 if run.endswith("sqrt") else 1
        elif run.count("||") % 2:
            end = start + run.rindex("||")
        elif (first := _unmatched(run)) is not None:
            if run[first] in "([{":
                if first > len(run) / 2:
                    end = start + first
                else:
                    start += first + 1
            else:
                end = start + first
        else:
            break
    return start, end


def _unmatched(run: str) -> int | None:
    """The index of the first bracket without its partner."""
    waiting: list[int] = []
    for i, character in enumerate(run):
        if character in "([{":
            waiting.append(i)
        elif character in ")]}":
            if not waiting:
                return i
            waiting.pop()
    return waiting[0] if waiting else None


def _is_formula(run: str) -> bool:
    """Whether a run says more than a number, a letter or a list of them; a Greek name alone does."""
    return bool(STRONG.search(run) and re.search(r"\w", run))


def as_latex(run: str) -> str:
    """A run of the prose's mathematics in LaTeX: names in words become letters, `x_ij` and `e^(a b)` scripts."""
    pieces: list[str] = []
    position = 0
    while position < len(run):
        token = TOKEN.match(run, position)
        if token is None:
            pieces.append(run[position])
            position += 1
            continue
        position = token.end()
        kind, word = ("name" if token["name"] else str(token.lastgroup)), token[0]
        if (
            word == "*"
            and run[token.start() - 1 : token.start()].strip()
            and not run[position : position + 1].isalnum()
        ):
            pieces[-1] = rf"{{{pieces[-1]}^{{\ast}}}}"
        elif kind == "operator":
            pieces.append(f" {OPERATORS[word]} ")
        elif kind == "name" and word == "sqrt":
            content, position = _argument(run, position)
            pieces.append(rf"\sqrt{{{content}}}")
        elif kind == "name":
            pieces.append(_name(token["name"]) + (f"_{{{token['index']}}}" if token["index"] else ""))
        elif kind == "script":
            content, position = _argument(run, position) if len(word) == 1 else (_script(word[1:]), position)
            pieces.append(f"{word[0]}{{{content}}}")
        elif kind in ("dot", "slot"):
            pieces.append(r"\cdot ")
        elif kind == "bracket":
            pieces.append({"{": r"\{", "}": r"\}", ",": ","}.get(word, word))
        elif kind == "space":
            pieces.append(r"\ " if pieces and pieces[-1] in (",", ";") else " ")
        else:
            pieces.append(word)
    return "".join(pieces)


def _name(word: str) -> str:
    if word.startswith("L_"):
        return rf"L_{{\mathrm{{{word[2:]}}}}}"
    return {**GREEK, **FUNCTIONS}.get(word, word) + (" " if word in GREEK or word in FUNCTIONS else "")


def _script(word: str) -> str:
    """What stands below or above without brackets: a name, letters, a number."""
    if word in GREEK or word in FUNCTIONS or len(word) == 1:
        return {**GREEK, **FUNCTIONS, "*": r"\ast"}.get(word, word)
    return (
        rf"\mathrm{{{word}}}"
        if word.isalpha() and len(word) > 2
        else as_latex(" ".join(word) if word.isalpha() else word)
    )


def _argument(run: str, position: int) -> tuple[str, int]:
    """What a root or a script is of, in LaTeX, with where it ends: what stands in brackets, or else the next token."""
    position += run[position : position + 1] == " "
    depth = 0
    for end in range(position, len(run)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(run[end], 0)
        if depth == 0:
            break
    else:
        end = len(run) - 1
    inner = run[position + 1 : end] if run[position] in "({" else run[position : end + 1]
    return as_latex(inner), end + 1
