// Keys and menus. A letter stands beside what it presses (data-key): in the row that has the focus, else on the page.
"use strict";

const STEPS = { j: 1, k: -1 };

function press(target) {
  if (target.matches("[type=search]")) return target.focus();
  if (!target.matches("details")) return target.click();
  for (let menu = target; menu; menu = menu.parentElement.closest("details")) menu.open = true;
  target.querySelector("button, a")?.focus();
}

function step(by) {
  const all = [...document.querySelectorAll(".rows .row")], at = all.indexOf(current());
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event, typing = target.closest("input:not([type=checkbox]), textarea, select, dialog"), letter = key.toLowerCase();
  if (key === "Escape") { closeMenus(); byId("answer")?.remove(); if (typing) leave(target); }
  if (key === "Enter" && event.ctrlKey && target.matches("textarea")) target.form.requestSubmit();
  if (key === "Enter" && target.matches(".rows .row")) target.querySelector(".number").click();
  if (/^[1-9]$/.test(key) && event.altKey && target.matches("[name=text]")) { event.preventDefault(); pick(target, target.form.saved?.options[key]?.value); }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || localStorage.keys === "off") return;
  const meant = `[data-key="${CSS.escape(letter)}"]:not([hidden], [hidden] *)`;
  const beside = current()?.querySelector(meant) ?? document.querySelector(`${meant}:not(.row *)`);
  if (!beside && !STEPS[letter]) return;
  event.preventDefault();
  beside ? press(beside) : step(STEPS[letter]);
});

function closeMenus(except) {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (menu === except) continue;
    const held = menu.contains(document.activeElement);
    menu.open = false;
    if (held) menu.querySelector("summary").focus();
  }
}

document.addEventListener("click", (event) => {
  const { target } = event;
  const link = target.closest("[data-write]");
  if (event.isTrusted) closeMenus(link ? null : target.closest(".menu"));  // not for a key
  if (link) { event.preventDefault(); write(link.closest(".row"), link.dataset.write); }
  if (target.closest("#news")) load([0], true);
});
