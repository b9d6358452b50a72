// What a person enters is not lost. Each change is first noted in this tab (sessionStorage), under the person and the
// form, and the note goes away only when the server has what was entered. A form with data-autosave="<name>" sends each
// change by itself; any other form that posts is filled in again when its page is next opened in this tab.
const { person, root = "", failed, forget } = document.body.dataset;
const PREFIX = "lmsb-kept:";
const TOO_OLD = 12 * 3600 * 1000;
const ENDED = new Set([401, 403, 410]);
const LATER = new Set([408, 425, 429]);
const TICKS = new Set(["checkbox", "radio"]);
const NEVER = new Set(["hidden", "password", "file", "submit", "button", "reset", "image"]);
const here = location.pathname.slice(root.length);

// ---- Notes: {page, title, at, auto, sent, fields: {name: {now, was}}}, values always as lists.
const spare = new Map();
const store = {
  read: (key) => { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return spare.get(key) ?? null; } },
  write: (key, note) => { try { sessionStorage.setItem(key, JSON.stringify(note)); } catch { spare.set(key, note); } },
  remove: (key) => { spare.delete(key); try { sessionStorage.removeItem(key); } catch { /* nothing was kept there */ } },
  keys: () => { try { return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)); } catch { return []; } },
};

const forms = () => [...document.querySelectorAll("main form[method=post]:not([data-keep=off])")];
const keyOf = (form) =>
  `${PREFIX}${person}:${form.dataset.autosave || form.dataset.keep || `${here}#${form.id || forms().indexOf(form)}`}`;
const isKept = (field) => field.name && !NEVER.has(field.type) && field.tagName !== "FIELDSET" && field.tagName !== "OUTPUT";
const named = (form, name) => [...form.elements].filter((field) => field.name === name && isKept(field));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function values(form, name, { initial = false } = {}) {
  return named(form, name).flatMap((field) => {
    if (TICKS.has(field.type)) return (initial ? field.defaultChecked : field.checked) ? [field.value] : [];
    if (field.tagName !== "SELECT") return [initial ? field.defaultValue : field.value];
    const chosen = [...field.options].filter((one) => (initial ? one.defaultSelected : one.selected));
    return (chosen.length || field.multiple ? chosen : [...field.options].slice(0, 1)).map((one) => one.value);
  });
}

// Fill in a field, or with initial tell it that this is what the server has.
function fill(form, name, list, { initial = false } = {}) {
  named(form, name).forEach((field, place) => {
    if (TICKS.has(field.type)) field[initial ? "defaultChecked" : "checked"] = list.includes(field.value);
    else if (field.tagName === "SELECT") for (const one of field.options) one[initial ? "defaultSelected" : "selected"] = list.includes(one.value);
    else field[initial ? "defaultValue" : "value"] = list[place] ?? "";
  });
}

function note(form, name) {
  const key = keyOf(form);
  const known = store.read(key) ?? { fields: {} };
  const was = known.fields[name]?.was ?? values(form, name, { initial: true });
  known.fields[name] = { now: values(form, name), was };
  const title = document.querySelector("h1")?.textContent.trim() ?? document.title;
  store.write(key, { ...known, page: here, title, at: Date.now(), auto: "autosave" in form.dataset, sent: false });
}

// Take from the note what the server now has, unless it was changed again meanwhile.
function settle(form, sent) {
  const key = keyOf(form);
  const known = store.read(key);
  for (const [name, { now }] of Object.entries(sent)) {
    fill(form, name, now, { initial: true });
    if (known?.fields[name] && same(known.fields[name].now, now)) delete known.fields[name];
  }
  if (known && Object.keys(known.fields).length) store.write(key, known); else store.remove(key);
}

// ---- What is said.
const status = document.getElementById("save-status");
function say(state, time = "") {
  if (!status) return;
  status.dataset.state = state;
  const words = status.dataset[state === "saved" && !time ? "kept" : state].replace("{time}", time);
  const place = status.querySelector(".lb-save-text");
  if (place.textContent !== words) place.textContent = words;
}

const notice = document.getElementById("notice");
function tell(words, ...more) {
  if (!notice) return;
  notice.lastElementChild.replaceChildren(words, ...more.flatMap((one) => [" ", one]));
  notice.hidden = false;
}
function tellEnded() {
  const { ended, course, courseWords } = notice?.dataset ?? {};
  tell(ended, ...(course ? [link(course, courseWords)] : []));
  notice?.scrollIntoView({ block: "nearest" });
}
function link(address, words) {
  return Object.assign(document.createElement("a"), { href: address, textContent: words });
}
function discardButton(discard) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "lb-link", textContent: notice.dataset.discard });
  button.addEventListener("click", () => { discard(); notice.hidden = true; });
  return button;
}

// ---- Sending by itself.
const waiting = new Map(); // form -> {timer, pause, busy}
const stateOf = (form) => { if (!waiting.has(form)) waiting.set(form, { pause: 4000 }); return waiting.get(form); };
function soon(form, delay) { const its = stateOf(form); clearTimeout(its.timer); its.timer = setTimeout(send, delay, form); }

async function send(form) {
  const its = stateOf(form);
  const fields = store.read(keyOf(form))?.fields ?? {};
  if (its.busy || its.over || !Object.keys(fields).length) return;
  its.busy = true;
  const slow = setTimeout(say, 300, "saving");
  try {
    await post(form, fields);
    its.pause = 4000;
  } catch (problem) {
    if (problem === ENDED) { its.over = true; say("ended"); tellEnded(); } else {
      say("failed");
      soon(form, its.pause);
      its.pause = Math.min(its.pause * 2, 60000);
    }
  } finally { its.busy = false; clearTimeout(slow); }
  if (!its.over && its.again) { its.again = false; soon(form, 0); }
}

async function post(form, fields) {
  const body = new URLSearchParams();
  for (const [name, { now }] of Object.entries(fields)) for (const value of now.length ? now : [""]) body.append(name, value);
  // A page that is being left may still finish a small request.
  const keepalive = String(body).length < 60000;
  const answer = await fetch(form.getAttribute("action") || location.href, { method: "POST", body, keepalive, headers: { Accept: "application/json" } });
  const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
  if (ENDED.has(answer.status)) throw ENDED;
  if (answer.status >= 500 || LATER.has(answer.status)) throw new Error(String(answer.status));
  const names = Object.keys(fields);
  if (!answer.ok && names.length > 1) {
    // One of them was refused; the others shall be saved all the same.
    for (const name of names) await post(form, { [name]: fields[name] });
    return;
  }
  settle(form, fields);
  if (answer.ok) say("saved", told.at ?? "");
  else { say("refused"); tell([told.title, told.detail].filter(Boolean).join(". ") || status?.dataset.refused || ""); }
}

// ---- What the person does.
function changed({ target }) {
  const form = target.form;
  if (!person || !form || !isKept(target) || !forms().includes(form)) return;
  note(form, target.name);
  if (!("autosave" in form.dataset)) return;
  const its = stateOf(form);
  its.again = its.busy;
  soon(form, TICKS.has(target.type) || target.tagName === "SELECT" ? 50 : 1200);
}
document.addEventListener("input", changed);
document.addEventListener("change", changed);

document.addEventListener("submit", ({ target, defaultPrevented }) => {
  const known = person && !defaultPrevented && forms().includes(target) ? store.read(keyOf(target)) : null;
  if (known) store.write(keyOf(target), { ...known, sent: true });
});

const sendAll = () => { for (const form of waiting.keys()) send(form); };
window.addEventListener("online", sendAll);
document.addEventListener("visibilitychange", sendAll);

// A page that is left sends what it still has, and cannot wait for the answer: the next page of the session tells.
window.addEventListener("pagehide", () => {
  for (const [form, its] of waiting) {
    const known = store.read(keyOf(form));
    if (!known || known.sent || its.over) continue;
    store.write(keyOf(form), { ...known, sent: true });
    post(form, known.fields).catch(() => { /* nobody is left to tell */ });
  }
});
window.addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  for (const form of forms()) {
    const known = store.read(keyOf(form));
    if (known?.sent) store.write(keyOf(form), { ...known, sent: false });
  }
  sendAll();
});

// ---- htmx: an error page never replaces what was typed.
document.addEventListener("htmx:before:response", (event) => {
  const { status: code } = event.detail.ctx.response;
  if (code < 400 || code === 422) return;
  event.preventDefault();
  if (ENDED.has(code)) tellEnded(); else tell(notice?.dataset.broken ?? "");
});
document.addEventListener("htmx:error", () => tell(notice?.dataset.broken ?? ""));
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("form");
  if (form && event.detail.ctx.response.status < 400) store.remove(keyOf(form));
});

// ---- When a page opens.
function restore(form) {
  const known = store.read(keyOf(form));
  if (!known) return 0;
  for (const [name, { now, was }] of Object.entries(known.fields)) {
    // Only where the server still has what this page had; what was changed elsewhere is newer.
    if (same(values(form, name, { initial: true }), was) && named(form, name).length && !same(now, was)) fill(form, name, now);
    else delete known.fields[name];
  }
  const count = Object.keys(known.fields).length;
  if (count) store.write(keyOf(form), known); else store.remove(keyOf(form));
  return count;
}

function openPage() {
  const again = ["back_forward", "reload"].includes(performance.getEntriesByType("navigation")[0]?.type);
  for (const key of store.keys().filter((one) => one.startsWith(`${PREFIX}${person}:`))) {
    const known = store.read(key);
    // A page of the session came after the form was sent, so it was taken; unless this is still the form's own page.
    if (known.sent && !(again && known.page === here)) store.remove(key);
    else if (known.sent) store.write(key, { ...known, sent: false });
  }
  const filled = forms().filter(restore);
  for (const form of filled.filter((one) => "autosave" in one.dataset)) send(form);
  const typed = filled.filter((one) => !("autosave" in one.dataset));
  const elsewhere = store.keys().map((key) => [key, store.read(key)])
    .filter(([key, one]) => key.startsWith(`${PREFIX}${person}:`) && one.auto && one.page !== here);
  if (typed.length) {
    tell(notice.dataset.restored, discardButton(() => { for (const form of typed) { store.remove(keyOf(form)); form.reset(); } }));
  } else if (elsewhere.length) {
    tell(notice.dataset.elsewhere, ...elsewhere.map(([, one]) => link(root + one.page, one.title)),
      discardButton(() => { for (const [key] of elsewhere) store.remove(key); }));
  }
}

for (const key of store.keys()) {
  const known = store.read(key);
  if (forget !== undefined || !known?.fields || Date.now() - known.at > TOO_OLD) store.remove(key);
  else if (failed !== undefined && known.sent) store.write(key, { ...known, sent: false });
}
if (person) openPage();
else if (failed !== undefined && store.keys().length) document.getElementById("kept").hidden = false;
