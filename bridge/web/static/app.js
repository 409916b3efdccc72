// What the page does beyond its forms: it stays live, and chimes. Without scripts everything still works. What people write
// is in writing.js, the keys are in keys.js. Forms and news come through htmx, one after the other, and are morphed into
// the page: what stays the same is not touched, so the focus, open menus and half-typed words stay. Here is what a morph
// cannot know: where hands are.
"use strict";

const SILENCE = 40_000;  // ms without a beat: not live any more
const POLL = 20_000;
const AGAIN = 10_000;
const SOON = 150;
const FEW = 8;  // rows at a time: more would hold up whoever types
const REST = 4;  // times as long as news took to fetch, a second at most: the office's machine has calls to watch
const page = { stream: null, heard: Date.now(), changed: new Set(), timer: 0, sent: new Set(), keys: [], mine: new Map(), held: false, unseen: false };

const said = document.body.dataset;
const skew = Date.parse(said.clock) - Date.now();  // between the office's clock and this browser's
const root = said.root;  // where a proxy shows us: "" or a path
const byId = (id) => document.getElementById(id);
const main = () => byId("main");
const toast = () => document.querySelector(".toast:not([hidden])");
const current = () => (document.querySelector(".row .menu[open]") ?? document.activeElement)?.closest?.(".row") ?? byId(`row-${main().dataset.row}`);

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
  said.heard = "";  // for tests, and for whoever looks: it hears
  byId("stale").hidden = true;
}

// ids: of rows; 0 stands for everything.
function noticed(ids, rest = SOON) {
  ids.forEach((id) => page.changed.add(id));
  page.timer ||= setTimeout(refresh, rest);
}

async function refresh() {
  const ids = page.changed.has(0) ? [0] : [...page.changed].slice(0, FEW), began = performance.now();
  (ids[0] ? ids : [...page.changed]).forEach((id) => page.changed.delete(id));
  try {
    await (isShown(ids) ? load(ids) : count());
  } finally {
    page.timer = 0;
    if (page.changed.size) noticed([], SOON + Math.min(REST * (performance.now() - began), 1000));
  }
}

function isShown(ids) {
  const { live, row } = main().dataset;
  return live !== undefined && !document.hidden && (!row || ids.includes(0) || ids.includes(Number(row)));
}

// wanted: somebody asked to see what is new, wherever their hands are.
function load(ids, wanted = false) {
  const address = new URL(location);
  if (!ids.includes(0)) address.searchParams.set("only", ids);
  return htmx.ajax("GET", address.pathname + address.search, { target: "#main", wanted });
}

async function count() {
  const now = await counted();
  if (!now) return;
  document.title = document.title.replace(/^(\(\d+\) )?/, now.to_call ? `(${now.to_call}) ` : "");
  heed(now.to_call, now.urgent_ids.map(String), now.given_ids.map(String));
}

setInterval(() => {
  if (document.hidden) return count();
  if (Date.now() - page.heard < SILENCE) return;
  byId("stale-at").textContent = new Date(page.heard).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  byId("stale").hidden = false;
  noticed([0]);
}, POLL);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return page.stream?.close();
  page.heard = Date.now();
  listen();
  noticed([0]);
});

setInterval(() => {
  for (const age of document.querySelectorAll("[data-since]")) age.textContent = ago((Date.now() + skew - Date.parse(age.dataset.since)) / 60_000);
}, 30_000);

function ago(minutes) {
  if (minutes < 60) return minutes < 1 ? said.now : `${Math.floor(minutes)} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

// --- presses, and what comes back -------------------------------------------------------------------------------------

const isPress = (ctx) => ctx.request.method === "POST";
const pressedIn = ({ action, body }) => [action.match(/\/callbacks\/(\d+)\//)?.[1], ...body.getAll("rows").map((one) => one.split(".")[0])];
const rowsOf = (ctx) => isPress(ctx) ? pressedIn(ctx.request).filter(Boolean).map((id) => `row-${id}`) : [];
const rowOf = (ctx) => rowsOf(ctx)[0];

document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (!isPress(ctx) || ctx.target.id !== "main") return;
  if (page.sent.has(ctx.request.action)) return event.preventDefault();  // pressed twice is pressed once
  page.sent.add(ctx.request.action);
  toast()?.toggleAttribute("hidden", true);  // what it takes back is not the last thing any more
  if (ctx.sourceElement.matches(".box")) ctx.request.body.set("version", byId(rowOf(ctx)).dataset.version);
  closeMenus();
});

// What one did oneself while this waited its turn is no conflict, also where it took the row off the list.
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const mine = page.mine.get(rowOf(ctx)), version = byId(rowOf(ctx))?.dataset.version ?? mine;
  if (version && mine === version) ctx.request.body.set("version", version);
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks: [task] } = event.detail, mine = isPress(ctx), row = rowOf(ctx);
  if (ctx.target.id !== "main") return;
  const fresh = task?.fragment.querySelector("#main"), ok = ctx.response.status < 400;
  if (mine) byId("unsent").hidden = !!fresh;
  if (!fresh || !(ok || mine || !isWorkedIn(main()))) return event.preventDefault();  // no page of ours, or one to sign in
  if (mine && ok) taken(ctx.sourceElement, ctx.request.body);
  if (mine) page.mine.set(row, fresh.querySelector(".toast")?.dataset.version);
  keep(fresh, mine ? ".box" : ".box, #answer, .toast:not([hidden])", ok && ctx.sourceElement);
  if (ctx.sourceElement.matches(".box")) fresh.querySelector(".row #answer form")?.remove();  // the box has the words
  fresh.querySelector("#answer")?.removeAttribute("autofocus");  // that is for browsers that load the page anew
  page.next = [row, "typed", ...(byId(row) ? [byId(row).nextElementSibling?.id, byId(row).previousElementSibling?.id] : [])];
  page.anchor = document.querySelector(".row:hover") ?? current();
  page.top = page.anchor?.getBoundingClientRect().top;
  if (fresh.dataset.tab === main().dataset.tab) arrange(fresh.querySelector(".rows"), rowsOf(ctx), ctx.wanted);
  heed(fresh.dataset.waiting, idsOn(fresh, "urgent"), idsOn(fresh, "given"), rowsOf(ctx));
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target.id !== "main") return;
  if (page.anchor?.isConnected) scrollBy(0, page.anchor.getBoundingClientRect().top - page.top);
  restoreDrafts();
  hideToast();
  if (!isPress(ctx)) return;
  if (document.activeElement === document.body || page.next.length === 2) page.next.map(byId).find(Boolean)?.focus();
  byId("answer")?.scrollIntoView({ block: "nearest" });
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  page.sent.delete(ctx.request.action);
  while (!page.sent.size && page.keys.length && !pressed(...page.keys.shift()));
});
document.addEventListener("htmx:error", ({ detail: { ctx } }) => { if (ctx && isPress(ctx)) byId("unsent").hidden = false; });

// What only this page knows stays: a box to write in until it is sent; a refusal and an undo until something else is done.
function keep(fresh, which, sent) {
  for (const old of main().querySelectorAll(which)) {
    if (old !== sent) fresh.querySelector(`#${old.parentElement.id}:not([data-same])`)?.append(old.cloneNode(true));
  }
}

function hideToast() {
  const shown = toast();
  if (shown) setTimeout(() => shown.remove(), Number(shown.dataset.left));
}

// --- hands ------------------------------------------------------------------------------------------------------------

const isChanged = (field) => field.matches("textarea, input:not([type=hidden])") && field.value !== field.defaultValue;
const isWorkedIn = (part) => [...part.querySelectorAll("textarea, input, .menu[open]")].some((one) => one.open || isChanged(one));
const isInHand = (list) => list?.matches(":hover") || list?.contains(document.activeElement) || isWorkedIn(list ?? main());

htmx.registerExtension("hands", {
  htmx_before_morph_node: (_, { newNode }) => newNode.dataset.same === undefined,
  htmx_before_morph_attr: (old, { attrName, newValue }) =>
    !(attrName === "open" && newValue === null) && !(attrName === "class" && old.matches(".panel")) && !(attrName === "value" && isChanged(old)),
});

// Under somebody's hands nothing moves: rows stay where they are, also one that left the list, and new ones wait.
// pressed: the rows that they did something with, which come and go as they should.
function arrange(incoming, pressed, wanted) {
  const list = main().querySelector(".rows");
  if (!list || !incoming) return;
  const fresh = [...incoming.children], now = new Map(fresh.map((row) => [row.id, row]));
  const unknown = fresh.filter((row) => !byId(row.id) && !pressed.includes(row.id));
  const back = pressed.some((id) => now.has(id) && !byId(id));
  page.held = !wanted && !back && isInHand(list);
  if (page.held) {
    const stay = [...list.children].filter((row) => !pressed.includes(row.id) || now.has(row.id));
    incoming.replaceChildren(...stay.map((row) => now.get(row.id) ?? row.cloneNode(true)));
    const left = [...incoming.children].filter((row) => !now.has(row.id));
    left.forEach((row) => row.classList.add("gone"));
    return tell(unknown, left);
  }
  const stubs = unknown.filter((row) => row.dataset.same !== undefined);  // they waited, and are not sent yet
  stubs.forEach((row) => row.remove());
  if (stubs.length) noticed([0]);
  tell([], []);
}

function tell(news, left) {
  const told = [[said.new, news], [said.newUrgent, news.filter((row) => row.matches(".urgent"))], [said.gone, left]];
  const words = told.filter(([, which]) => which.length).map(([forms, { length }]) => forms.split("|")[length === 1 ? 0 : 1].replace("{n}", length));
  byId("news").firstElementChild.textContent = words.join(", ");
  byId("news").hidden = words.length === 0;
}

// Hands may have left: what waited comes in by itself.
for (const sign of ["pointerout", "focusout", "toggle"]) document.addEventListener(sign, () => {
  page.eased ||= page.held && setTimeout(() => {
    page.eased = 0;
    if (!isInHand(main().querySelector(".rows"))) noticed([0]);
  }, SOON);
}, true);

// --- sound and the tab ------------------------------------------------------------------------------------------------

const idsOn = (shown, which) => shown.dataset[which]?.split(" ").filter(Boolean) ?? [];

// given: rows that a colleague gave to whoever sits here. own: what they just did something with needs no chime.
function heed(waiting, urgent, given, own = []) {
  const news = [...urgent, ...given], known = sessionStorage.alarms?.split(" ") ?? news, { calm, waiting: some, urgent: red } = byId("icon").dataset;
  sessionStorage.alarms = news.join(" ");
  const wanted = urgent.length ? red : Number(waiting) ? some : calm;
  if (byId("icon").getAttribute("href") !== wanted) byId("icon").setAttribute("href", wanted);
  page.unseen ||= news.some((id) => !known.includes(id) && !own.includes(`row-${id}`) && (document.dispatchEvent(new Event("urgent")), chime(), true));
}

// What is urgent and new sounds again and again, until somebody at this browser moves.
setInterval(() => { if (page.unseen) chime(); }, AGAIN);
for (const sign of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(sign, () => { page.unseen = false; });

function chime() {  // notices.js may know better
  if (document.dispatchEvent(new Event("chime", { cancelable: true })) && localStorage.sound === "on") play();
}

function play() {
  byId("chime").play().catch(() => {});  // a browser is silent until somebody pressed something in it
}

document.addEventListener("change", ({ target }) => {
  if (target.id === "me") target.form.requestSubmit();
  if (!target.dataset.kept) return;
  localStorage[target.dataset.kept] = target.checked ? "on" : "off";
  chime();
});

document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll("[data-kept]")) box.checked = (localStorage[box.dataset.kept] ?? box.value) === "on";  // sound, keys
  document.documentElement.classList.add("scripted");
  if (toast()) for (const name of ["note", "text"]) delete sessionStorage[keyOf(toast().dataset.sent, name)];
  if (!main().dataset.row) byId(sessionStorage.from)?.focus();  // back from a conversation
  sessionStorage.from = `row-${main().dataset.row}`;
  heed(main().dataset.waiting, idsOn(main(), "urgent"), idsOn(main(), "given"));
  restoreDrafts();
  hideToast();
  listen();
});
