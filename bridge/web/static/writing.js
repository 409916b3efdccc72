// What somebody writes on the page: boxes in a row, saved replies, and drafts, kept by this tab until they are sent,
// through reloads and a session that ends.
"use strict";

const DRAFTS = "form[method=post] :is([name=note], [name=text])";
const keyOf = (action, name) => `${said.who} ${action} ${name}`;
const draftOf = (field) => keyOf(field.form.getAttribute("action"), field.name);

document.addEventListener("input", ({ target }) => { if (target.matches(DRAFTS)) sessionStorage[draftOf(target)] = target.value; });

function restoreDrafts() {
  for (const field of main().querySelectorAll(DRAFTS)) field.value ||= sessionStorage[draftOf(field)] ?? "";
  for (const mark of main().querySelectorAll(".draft")) {
    const { pathname, dataset: { write: kind } } = mark.firstElementChild;
    mark.toggleAttribute("hidden", !sessionStorage[keyOf(`${pathname}/${kind}`, kind)] || !!byId(`${kind}-${mark.closest(".row").id}`));
  }
}

// A note or a text to the row's customer: in the row, or where the conversation has its form.
function write(row, kind) {
  const id = main().dataset.row ? kind : `${kind}-${row.id}`;
  if (!byId(id)) {
    const form = byId(`box-${kind}`).content.firstElementChild.cloneNode(true);
    form.id = id;
    form.setAttribute("action", `${root}/callbacks/${row.id.slice(4)}/${kind}`);
    row.append(form);
    htmx.process(form);
    restoreDrafts();
  }
  byId(id).querySelector("textarea").focus();
}

function taken(form, body) {
  const typed = [...form.elements].filter((field) => field.matches(DRAFTS));
  if (typed.some((field) => field.value !== body.get(field.name))) return;  // more was typed since
  typed.forEach((field) => delete sessionStorage[draftOf(field)]);
  form.reset();
}

function leave(field) {
  const box = field.closest(".box");
  if (!box) return field.blur();
  box.closest(".row").focus();
  box.remove();
  restoreDrafts();
}

// A saved reply goes where the cursor is: to be read, and sent by a person.
function pick(field, words = "") {
  field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".saved")) return;
  pick(target.form.elements.text, target.value);
  target.value = "";
});
