// What the page does beyond its forms: it stays live, speaks keys, chimes. Without this file everything still works.
"use strict";

const SILENCE = 40_000;  // ms without a beat: not live any more
const POLL = 20_000;
const AGAIN = 10_000;
const page = { stream: null, heard: Date.now(), waiting: new Set(), timer: null, urgent: urgentIds(), unseen: false, wanted: false };

const root = document.body.dataset.root;  // where a proxy shows us: "" or a path
const byId = (id) => document.getElementById(id);
const rows = () => [...document.querySelectorAll(".rows .row")];
const current = () => document.activeElement?.closest?.(".row") ?? null;

function urgentIds() {
  return new Set([...document.querySelectorAll(".row.urgent")].map((row) => row.id));
}

// --- live -----------------------------------------------------------------------------------------------------------

function listen() {
  page.stream?.close();
  page.stream = new EventSource(`${root}/events`);
  page.stream.addEventListener("beat", heard);
  page.stream.addEventListener("changed", (event) => { heard(); noticed(JSON.parse(event.data)); });
}

function heard() {
  if (!byId("stale").hidden) noticed([0]);
  page.heard = Date.now();
  document.body.dataset.heard = "";  // for tests, and for whoever looks: it hears
  byId("stale").hidden = true;
}

function noticed(ids) {
  ids.forEach((id) => page.waiting.add(id));
  clearTimeout(page.timer);
  page.timer = setTimeout(document.hidden ? count : refresh, 150);
}

// Nobody is in the middle of something: no row has the focus, no menu is open, nothing is half typed.
const calm = () => !current() && !isWorkedIn(byId("main"));

function isWorkedIn(part) {
  const typed = [...part.querySelectorAll("textarea, input:not([type=hidden])")];
  return part.querySelector(".menu[open]") !== null || typed.some((field) => field.value !== field.defaultValue);
}

async function refresh() {
  if (!document.querySelector("[data-live]") && !document.querySelector(".empty")) return;
  if (calm()) return reload();
  const ids = [...page.waiting];
  page.waiting.clear();
  let fresh = 0;
  for (const id of ids) fresh += await refreshRow(id);
  if (fresh) announce(fresh);
}

// wanted: somebody asked for it, whatever they are in the middle of.
function reload(wanted = false) {
  page.waiting.clear();
  page.wanted = wanted;
  const address = new URL(location), toast = document.querySelector(".toast");
  if (toast) address.searchParams.set(...toast.dataset.query.split("="));  // so that undo stays on offer
  return htmx.ajax("GET", address.pathname + address.search, { target: "#main", select: "#main", swap: "outerHTML show:none" });
}

// Rows stay where they are and are shown as they are now, but for one that somebody works in. Returns 1 for one not shown.
async function refreshRow(id) {
  const row = byId(`row-${id}`);
  if (!row) return 1;
  if (isWorkedIn(row)) return later(row);
  const answer = await fetch(`${root}/rows/${id}?tab=${byId("main").dataset.tab}`), html = await answer.text();
  if (isWorkedIn(row)) return later(row);  // somebody began while it was fetched
  if (answer.status === 204) row.classList.add("gone");
  else if (answer.ok) replace(row, html);
  return 0;
}

function later(row) {
  row.classList.add("gone");
  return 1;
}

function replace(row, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".row");
  const held = row.contains(document.activeElement) ? document.activeElement : null;
  row.replaceWith(fresh);
  htmx.process(fresh);
  if (held) sameIn(fresh, held).focus();
  chimeForNew();
}

// What had the focus, as it is in the row now; the row itself where it is gone.
function sameIn(row, held) {
  const key = held.closest("[data-key]")?.dataset.key, now = key && row.querySelector(`[data-key="${key}"]`);
  return (now?.matches("details") ? now.querySelector("summary") : now) ?? row;
}

function announce(fresh) {
  const button = byId("new");
  if (!button) return;
  const total = Number(button.dataset.count ?? 0) + fresh;
  button.dataset.count = total;
  button.textContent = `${total} ${document.body.dataset.changed}`;
  button.hidden = false;
}

async function count() {
  const answer = await fetch(`${root}/count`);
  if (!answer.ok) return;
  const now = await answer.json();
  document.title = document.title.replace(/^(\(\d+\) )?/, now.to_call ? `(${now.to_call}) ` : "");
  showIcon(now.to_call, now.urgent);
  if (now.urgent > page.urgent.size) ring();
}

function showIcon(waiting, urgent) {
  const icon = byId("icon");
  const wanted = urgent ? icon.dataset.urgent : waiting ? icon.dataset.waiting : icon.dataset.calm;
  if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}

function showCounts() {
  const { waiting, urgent } = byId("main").dataset;
  if (waiting !== undefined) showIcon(Number(waiting), Number(urgent));
}

setInterval(() => {
  if (document.hidden) return count();
  if (Date.now() - page.heard < SILENCE) return;
  byId("stale-at").textContent = new Date(page.heard).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  byId("stale").hidden = false;
  refresh();
}, POLL);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) { page.stream?.close(); return; }
  page.heard = Date.now();
  listen();
  noticed([0]);
});

setInterval(() => {
  for (const age of document.querySelectorAll("[data-since]")) age.textContent = words(Date.now() - Date.parse(age.dataset.since));
}, 30_000);

function words(gone) {
  const minutes = Math.max(Math.floor(gone / 60_000), 0);
  if (minutes < 1) return document.body.dataset.now;
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

// --- after every swap -------------------------------------------------------------------------------------------------

document.addEventListener("htmx:beforeSwap", (event) => {
  const asked = event.detail.requestConfig.verb !== "get" || page.wanted;
  if (!asked && !calm()) {  // somebody began to type, or opened a row, while it was fetched
    event.detail.shouldSwap = false;
    announce(1);
  }
  page.focused = current()?.id;
});
document.addEventListener("htmx:afterSettle", () => {
  const lost = document.activeElement === document.body;  // else somebody has moved on meanwhile
  if (page.focused && lost) byId(page.focused)?.focus();
  chimeForNew();
  showCounts();
  hideToast();
});

function hideToast() {
  const toast = document.querySelector(".toast");
  if (toast) setTimeout(() => toast.remove(), Number(toast.dataset.left));
}

function chimeForNew() {
  const now = urgentIds();
  if ([...now].some((id) => !page.urgent.has(id))) ring();
  page.urgent = now;
}

// --- sound ------------------------------------------------------------------------------------------------------------

// What is urgent and new sounds again and again, until somebody at this browser moves.
function ring() {
  page.unseen = true;
  chime();
}

setInterval(() => { if (page.unseen) chime(); }, AGAIN);
for (const sign of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(sign, () => { page.unseen = false; });

function chime() {
  if (localStorage.sound !== "on") return;
  const audio = (page.audio ??= new AudioContext());
  [660, 880].forEach((pitch, n) => {
    const tone = audio.createOscillator(), volume = audio.createGain(), start = audio.currentTime + n * 0.18;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.2, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.5);
  });
}

function showSound() {
  const on = localStorage.sound === "on";
  byId("sound").textContent = on ? document.body.dataset.soundOn : document.body.dataset.soundOff;
  byId("sound").setAttribute("aria-pressed", String(on));
}

// --- keys -------------------------------------------------------------------------------------------------------------

const press = (key) => {
  const target = current()?.querySelector(`[data-key="${key}"]`);
  if (!target) return;
  if (target.matches("details")) { target.open = true; target.querySelector(".panel button")?.focus(); } else target.click();
};
const KEYS = {
  j: () => step(1), k: () => step(-1),
  c: () => press("c"), m: () => press("m"), d: () => press("d"), s: () => press("s"), n: () => press("n"), t: () => press("t"),
  z: () => document.querySelector('.toast [data-key="z"]')?.click(),
  "/": () => byId("q").focus(),
  "?": () => byId("help").showModal(),
};

function step(by) {
  const all = rows(), at = all.indexOf(current());
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return closeMenus();
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || localStorage.keys === "off") return;
  const act = KEYS[event.key.toLowerCase()];
  if (act) { event.preventDefault(); act(); }
});

// --- menus and the rest -----------------------------------------------------------------------------------------------

function closeMenus(except) {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (menu === except) continue;
    const held = menu.contains(document.activeElement);
    menu.open = false;
    if (held) menu.querySelector("summary").focus();
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest(".menu"));
  if (event.target.id === "new") reload(true);
  if (event.target.id === "keys") byId("help").showModal();
  if (event.target.id === "sound") { localStorage.sound = localStorage.sound === "on" ? "off" : "on"; showSound(); chime(); }
});

const me = byId("me");  // only where nobody signs in
if (me) {
  me.addEventListener("change", () => me.form.requestSubmit());
  me.form.querySelector("button").hidden = true;
}
document.querySelector(".tools").hidden = false;
byId("keys-on").checked = localStorage.keys !== "off";
byId("keys-on").addEventListener("change", (event) => { localStorage.keys = event.target.checked ? "on" : "off"; });
showSound();
showCounts();
hideToast();
listen();
