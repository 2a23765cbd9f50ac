"use strict";
const [search, verdict, topic, shown] = ["search", "verdict", "topic", "shown"].map((id) => document.getElementById(id));
const claims = [...document.querySelectorAll(".claim")];
const texts = new Map(claims.map((claim) => [claim, claim.textContent.toLowerCase()]));
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const claim of claims) {
    claim.hidden = !((!verdict.value || claim.dataset.verdict === verdict.value)
      && (!topic.value || claim.dataset.topic === topic.value) && words.every((word) => texts.get(claim).includes(word)));
  }
  for (const group of document.querySelectorAll(".group")) {
    group.hidden = !group.querySelector(".claim:not([hidden])");
    for (const role of group.querySelectorAll(":scope > .role")) {
      let next = role.nextElementSibling;
      while (next && next.matches(".claim[hidden]")) next = next.nextElementSibling;
      role.hidden = !(next && next.matches(".claim"));
    }
  }
  shown.textContent = `${claims.filter((claim) => !claim.hidden).length} of ${claims.length} claims`;
}
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.matches("details")) {
    target.open = true;
    target.scrollIntoView();
  }
}
for (const control of [search, verdict, topic]) control.addEventListener("input", filter);
addEventListener("hashchange", unfold);
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of folded) one.open = false;
});
document.getElementById("filters").hidden = false;
filter();
unfold();
