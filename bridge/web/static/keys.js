// Keys and menus. A letter stands beside what it presses (data-key): in the row that has the focus, else on the page.
"use strict";

const STEPS = { j: 1, k: -1 };
const ONCE = "ch";  // what rings a phone waits for nothing

const isVerb = (button) => button.matches("button") && button.form?.method === "post";

function press(target) {
  if (target.matches("[type=search]")) return target.focus();
  if (target.matches("form")) return target.querySelector("button").focus();
  if (target.matches("a.call")) target.focus();  // which says why it rings no desk phone
  if (!target.matches("details, .asks")) return target.click();
  closeMenus(target.closest(".menu"));
  for (let menu = target.closest("details"); menu; menu = menu.parentElement.closest("details")) menu.open = true;
  (target.querySelector("button, a") ?? target).focus();
}

function step(by) {
  const all = [...document.querySelectorAll(".rows .row")], at = all.indexOf(current());
  closeMenus();
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event, typing = target.closest("input:not([type=checkbox]), textarea, select, dialog"), letter = key.toLowerCase();
  if (key === "Escape") { closeMenus(); byId("answer")?.remove(); if (typing) leave(target); }
  if (key === "Enter" && event.ctrlKey && target.matches("textarea")) target.form.requestSubmit();
  if (key === "Enter" && target.matches(".rows .row")) target.querySelector(".number").click();
  if (/^[1-9]$/.test(key) && event.altKey && target.matches("[name=text]")) { event.preventDefault(); pick(target, target.form.saved?.options[key]?.value); }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || localStorage.keys === "off") return;
  const row = current(), beside = meant(row, letter);
  const waits = page.sent.size && !STEPS[letter] && !ONCE.includes(letter) && (!beside || isVerb(beside));
  if (!beside && !STEPS[letter] && !waits) return;
  event.preventDefault();
  if (waits) return event.repeat || page.keys.push([row?.id, letter]);
  beside ? press(beside) : step(STEPS[letter]);
});

function meant(row, letter) {
  const key = `[data-key="${CSS.escape(letter)}"]:not([hidden], [hidden] *)`;
  return row?.querySelector(key) ?? document.querySelector(`${key}:not(.row *)`);
}

// A key that waited until what was pressed before it is answered: the row has its button only now, or is gone.
function pressed(id, letter) {
  const beside = id && !byId(id) ? null : meant(byId(id), letter);
  beside && press(beside);
  return beside && isVerb(beside);
}

// A menu that would end below the fold opens upwards.
document.addEventListener("toggle", ({ target }) => {
  const panel = target.open && target.closest(".row .menu")?.querySelector(".panel");
  if (!panel) return;
  panel.classList.remove("up");
  const { bottom, height } = panel.getBoundingClientRect(), { top } = panel.parentElement.getBoundingClientRect();
  panel.classList.toggle("up", bottom > innerHeight && top > height);
}, true);

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
  if (event.isTrusted && !target.closest("#answer")) document.querySelector(".row #answer, #answers > :not(:has(form))")?.remove();
  if (event.isTrusted) closeMenus(link ? null : target.closest(".menu"));  // not for a key
  if (link) { event.preventDefault(); write(link.closest(".row"), link.dataset.write); }
  if (target.closest("#news")) load([0], true);
});
