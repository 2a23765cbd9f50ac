"use strict";
const SETTINGS = JSON.parse(document.getElementById("settings").textContent);
const NAMES = SETTINGS.forms.map((form) => form.name);
const COLOURS = { printed: "--pink", corrected: "--blue", sharp: "--green", chord: "--red", cap: "--orange", exact: "--ink" };
const DASHES = { printed: "7 3", corrected: "2 2", sharp: "9 3 2 3", chord: "5 5", cap: "12 3", exact: "" };
const INPUTS = ["sigma", "R", "p", "spread", "eps", "wl", "wk", "cosine"];
const WIDTH = 640, HEIGHT = 380, LEFT = 52, BOTTOM = 42, TOP = 12, RIGHT = 82, MOST_S = 1.2;

const value = (name) => Number(document.getElementById(name).value);
const PRODUCT = "μ<sub><i>l</i></sub>·μ<sub><i>k</i></sub>";
// A cost as it is read: the forms name it in plain letters.
const SIGNS = [[/sqrt\(([^)]*)\)/g, "√($1)"], [/Delta_mu/g, "Δ<sub>μ</sub>"], [/mu_(\w)/g, "μ<sub><i>$1</i></sub>"],
  [/\bsigma\b/g, "σ"], [/\balpha\b/g, "α"], [/\brho\b/g, "ρ"], [/\^2/g, "²"], [/\|/g, "‖"], [/ - /g, " − "],
  [/(\d) (?=[αρσD])/g, "$1"]];
const formula = (name) => SIGNS.reduce((text, [plain, sign]) => text.replace(plain, sign), name);
const number = (x) => (Math.abs(x) < 5e-4 ? 0 : x).toFixed(3).replace("-", "\u2212");

// The factors as the forms take them; R_eps/p_l may exceed 1, then nothing of the class is aligned for sure.
function pairOf(at) {
  const q = at.R / at.p, ll = at.wl ** 2, kk = at.wk ** 2;
  return { sigma: at.sigma, alpha: alphaLower(at.sigma, q), q, s: at.spread + 2 * at.eps, ll, kk,
    lk: at.cosine * at.wl * at.wk, shortfall: null };
}

const factors = () => Object.fromEntries(INPUTS.map((name) => [name, value(name)]));
const met = (margin) => margin > SETTINGS.rounding;

// The largest mu_l.mu_k at which a form certifies at spread s, norms as they are; null where it does not at any.
function largestProduct(form, pair, s) {
  const most = Math.sqrt(pair.ll * pair.kk);
  const at = (lk) => FORMS[form].margin({ ...pair, s, lk });
  if (!met(at(-most))) return null;
  if (met(at(most))) return most;
  let low = -most, high = most;
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (met(at(middle))) low = middle; else high = middle;
  }
  return low;
}

const xOf = (s) => LEFT + (WIDTH - LEFT - RIGHT) * s / MOST_S;
const yOf = (lk) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - lk) / 2;

function map(pair) {
  const parts = [];
  for (const tick of [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2]) {
    parts.push(`<line class="grid" x1="${xOf(tick)}" x2="${xOf(tick)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text x="${xOf(tick)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick.toFixed(1)}</text>`);
  }
  for (const tick of [-1, -0.5, 0, 0.5, 1]) {
    parts.push(`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${yOf(tick)}" y2="${yOf(tick)}"/>`,
      `<text x="${LEFT - 8}" y="${yOf(tick) + 4}" text-anchor="end">${String(tick).replace("-", "\u2212")}</text>`);
  }
  const ends = [];
  for (const form of NAMES) {
    const points = [];
    for (let step = 0; step <= 120; step += 1) {
      const s = MOST_S * step / 120, lk = largestProduct(form, pair, s);
      if (lk === null) break;
      points.push([xOf(s), yOf(lk)]);
    }
    if (!points.length) continue;
    const line = points.map((point) => point.map((x) => x.toFixed(1)).join(",")).join(" ");
    parts.push(`<polyline points="${line}" style="stroke: var(${COLOURS[form]})" stroke-dasharray="${DASHES[form]}"/>`);
    ends.push([form, ...points[points.length - 1]]);
  }
  ends.sort((a, b) => b[2] - a[2]); // names from the lowest up, each above those beside it
  const placed = [];
  for (const [form, x, y] of ends) {
    let height = Math.min(y + 4, HEIGHT - BOTTOM - 4);
    for (const [otherX, otherY] of placed) if (Math.abs(otherX - x) < 70) height = Math.min(height, otherY - 13);
    placed.push([x, height]);
    parts.push(`<text class="name" x="${x + 6}" y="${height}" style="fill: var(${COLOURS[form]})">${form}</text>`);
  }
  const x = xOf(Math.min(pair.s, MOST_S)), y = yOf(pair.lk);
  parts.push(`<circle cx="${x}" cy="${y}" r="6"/>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">spread s = Lδ + 2ε</text>`,
    `<text transform="rotate(-90)" x="${-(TOP + HEIGHT - BOTTOM) / 2}" y="13" text-anchor="middle">μₗ · μₖ</text>`);
  return parts.join("");
}

// What a form says: its verdict, by how much, and the cost that takes most where it is not met.
function row(form, pair) {
  const described = FORMS[form.name], margin = described.margin(pair), costs = Object.entries(described.costs(pair));
  const [name, cost] = costs.reduce((a, b) => (b[1] > a[1] ? b : a));
  const why = met(margin) ? "" : `most is taken by ${formula(name)} = ${number(cost)}, out of 1 − ${PRODUCT} = ${number(1 - pair.lk)}`;
  return `<tr><th scope="row"><a href="index.html#${form.claim}">${form.name}</a></th>` +
    `<td><span class="badge ${met(margin) ? "proved" : "undecided"}">${met(margin) ? "certifies" : "silent"}</span></td>` +
    `<td class="n">${number(margin)}</td><td>${why}</td></tr>`;
}

function update() {
  const at = factors(), pair = pairOf(at);
  for (const name of INPUTS) document.getElementById(`${name}-value`).textContent = number(at[name]);
  document.getElementById("derived").innerHTML =
    `<i>s</i> = ${number(pair.s)}, α<sub><i>l</i></sub> ≥ ${number(pair.alpha)}, ${PRODUCT} = ${number(pair.lk)}`;
  document.getElementById("verdicts").innerHTML = SETTINGS.forms.map((form) => row(form, pair)).join("");
  const withShortfall = { ...pair, shortfall: (1 - Math.min(pair.ll, pair.kk)) / 2 };
  const printed = FORMS.printed.margin(withShortfall);
  document.getElementById("charged").innerHTML =
    `As the paper prints it, with Δ<sub>μ</sub>/2 = ${number(withShortfall.shortfall)} charged as well, the margin is ` +
    `${number(printed)}: ${met(printed) ? "met" : "not met"}.`;
  document.getElementById("map").innerHTML = map(pair);
}

for (const name of INPUTS) document.getElementById(name).addEventListener("input", update);
update();
