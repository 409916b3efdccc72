// Tells people who do not look: desktop notices, and the chimes of the duty desk. Loaded before app.js, which says what is new.
const CLAIM_WITHIN = 60_000;  // ms; then the duty desk chimes again
const unclaimed = new Map();  // row -> when the desk chimed for it last

const isDutyDesk = () => document.body.dataset.duty === "here";

async function counted() {
  const answer = await fetch(`${root}/count`);
  return answer.ok ? answer.json() : null;
}

document.addEventListener("urgent", notify);
document.addEventListener("chime", (event) => {
  if (!isDutyDesk()) return;
  event.preventDefault();
  chimeUnlessTalking();
});

async function chimeUnlessTalking() {
  const now = await counted();
  if (now && !now.talking) play();
}

setInterval(async () => {
  if (!isDutyDesk()) return;
  const now = await counted();
  if (!now) return;
  for (const id of unclaimed.keys()) if (!now.unclaimed_ids.includes(id)) unclaimed.delete(id);
  const late = now.unclaimed_ids.filter((id) => Date.now() - (unclaimed.get(id) ?? unclaimed.set(id, Date.now()).get(id)) >= CLAIM_WITHIN);
  if (!late.length || now.talking) return;
  late.forEach((id) => unclaimed.set(id, Date.now()));
  play();
}, CLAIM_WITHIN / 4);

async function notify() {
  if (localStorage.notices !== "on" || window.Notification?.permission !== "granted") return;
  const { business, notice } = document.body.dataset, words = { body: notice, tag: "urgent", renotify: true };
  const worker = await navigator.serviceWorker?.getRegistration(`${root}/`);
  if (worker) return worker.showNotification(business, words);
  new Notification(business, words).onclick = () => focus();
}

async function switchNotices(on) {
  if (!on) return;
  const answer = await Notification.requestPermission();
  document.getElementById("denied").hidden = answer === "granted";
  if (answer === "granted") await navigator.serviceWorker.register(`${root}/notices-worker.js`, { scope: `${root}/` });
}

const box = document.getElementById("notices-on");
if (box) {
  document.getElementById("insecure").hidden = isSecureContext;
  box.disabled = !isSecureContext;
  document.getElementById("denied").hidden = window.Notification?.permission !== "denied";
  box.addEventListener("change", () => switchNotices(box.checked));
}
