"use strict";
// The margins of theory/theorem1/forms, file by file under the same names, in units of r. tests/figures/test_explorer.py
// evaluates both on the same factors in a browser.
// A pair: sigma, alpha, q = R_eps/p_l, s, ll = |mu_l|^2, kk = |mu_k|^2, lk = mu_l.mu_k, shortfall = Delta_mu/2 or null.

const TINY = 1e-150;
const sum = (terms) => Object.values(terms).reduce((a, b) => a + b, 0);
const clip = (x, low, high) => Math.min(Math.max(x, low), high);
const threshold = (rho) => 1 - rho - Math.sqrt(2 * rho);
const alphaLower = (sigma, q) => Math.max(sigma - q, 0);

const withRoot = (terms) => ({ ...terms, "sqrt(2 rho)": Math.sqrt(2 * sum(terms)) });
const normCost = (pair) => ({ "1 - (|mu_l|^2 + |mu_k|^2) / 2": 1 - (pair.ll + pair.kk) / 2 });

// printed.py, corrected.py, sharp.py
const printedTerms = (pair) => ({
  "2 (1 - sigma)": 2 * (1 - pair.sigma), "R / min p": pair.q, "sigma s": pair.sigma * pair.s });
const correctedTerms = (pair) => ({ "2 (1 - alpha)": 2 * (1 - pair.alpha), "alpha s": pair.alpha * pair.s });
const sharpTerms = (pair) => ({ "2 (1 - alpha)": 2 * (1 - pair.alpha), "alpha s^2 / 2": pair.alpha * pair.s ** 2 / 2 });
const rhoSharp = (alpha, s) => 2 * (1 - alpha) + alpha * s ** 2 / 2;

// chord.py
const chordBound = (alpha, s) => (1 - alpha) + Math.sqrt((1 - alpha) ** 2 + alpha * s ** 2);

// caps.py
const halfAngle = (sineSquare) => 2 * Math.asin(Math.sqrt(clip(sineSquare, 0, 1)));
function capMargin(angle, ll, kk, lk) {
  const w = Math.max(Math.sqrt(ll), TINY);
  const along = (ll - lk) / w;
  const size = Math.sqrt(Math.max(ll + kk - 2 * lk, 0));
  const across = Math.sqrt(Math.max(size ** 2 - along ** 2, 0));
  const opposite = Math.atan2(across, -along);
  const least = opposite <= angle ? -size : along * Math.cos(angle) - across * Math.sin(angle);
  return least - (ll - kk) / 2;
}

// cap.py
function capAngle(alpha, s, norm) {
  const w = Math.max(norm, TINY), D = chordBound(alpha, s);
  const byChord = (D - (1 - w)) * (D + (1 - w)) / 2, bySplit = rhoSharp(alpha, s) - (1 - w);
  return halfAngle(Math.min(byChord, bySplit) / (2 * w));
}

// exact.py
function exactAngle(alpha, s, norm) {
  const w = Math.max(norm, TINY);
  const theta = 2 * Math.asin(clip(s / 2, 0, 1));
  const turned = (1 - w) * (1 + w - 2 * alpha) / (4 * w * Math.max(alpha, TINY));
  const edge = theta + halfAngle(turned);
  const face = halfAngle((rhoSharp(alpha, s) - (1 - w)) / (2 * w));
  const atEdge = alpha > 0 && turned <= 1 && edge <= Math.PI && w * Math.sin(edge) >= alpha * Math.sin(theta);
  return atEdge ? edge : face;
}

const byThreshold = (terms) => ({
  margin: (pair) => threshold(sum(terms(pair))) - pair.lk,
  costs: (pair) => withRoot(terms(pair)) });

function byCap(angle) {
  const at = (alpha, pair) => capMargin(angle(alpha, pair.s, Math.sqrt(pair.ll)), pair.ll, pair.kk, pair.lk);
  return {
    margin: (pair) => at(pair.alpha, pair),
    costs: (pair) => {
      const whole = at(1, pair), value = at(pair.alpha, pair), halfSquare = (pair.ll + pair.kk) / 2 - pair.lk;
      const spread = Math.max(halfSquare - whole, 0);
      return { ...normCost(pair), "spread s": spread, "1 - alpha": halfSquare - spread - value };
    } };
}

const FORMS = {
  printed: {
    margin: (pair) => threshold(sum(printedTerms(pair))) - (pair.shortfall === null ? pair.lk : pair.lk + pair.shortfall),
    costs: (pair) => pair.shortfall === null ? withRoot(printedTerms(pair))
      : { ...withRoot(printedTerms(pair)), "Delta_mu / 2": pair.shortfall } },
  corrected: byThreshold(correctedTerms),
  sharp: byThreshold(sharpTerms),
  chord: {
    margin: (pair) => (pair.ll + pair.kk) / 2 - pair.lk - 2 * chordBound(pair.alpha, pair.s) ** 2,
    costs: (pair) => ({ ...normCost(pair), "2 D^2": 2 * chordBound(pair.alpha, pair.s) ** 2 }) },
  cap: byCap(capAngle),
  exact: byCap(exactAngle),
};
