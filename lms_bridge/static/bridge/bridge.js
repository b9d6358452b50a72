// Small helps for every page. Everything works without them.

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.hasAttribute("data-autosave") || form.target === "_blank") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 4000);
});

// Copy buttons: data-copy names the element whose text is copied. The clipboard API is refused inside most frames.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const range = document.createRange();
  range.selectNodeContents(document.getElementById(button.dataset.copy));
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  document.execCommand("copy");
  button.querySelector("span").textContent = button.dataset.copied;
});

// Autosave: each answer of a form with data-autosave is posted by itself. What could not be sent is kept in this tab
// and sent again when the page is next opened or the network is back.
const status = document.getElementById("save-status");
const say = (word, extra = "") => { if (status) status.textContent = status.dataset[word] + extra; };
const storeKey = (form) => `lmsb-unsent:${form.dataset.autosave}`;
const waiting = new WeakMap();
// Memory first: some browsers refuse storage in a frame, and then only closing the tab loses what could not be sent.
const store = {
  open(form) {
    let kept = {};
    try { kept = JSON.parse(sessionStorage.getItem(storeKey(form)) || "{}"); } catch { /* refused or damaged */ }
    waiting.set(form, kept);
  },
  read: (form) => waiting.get(form),
  write(form, unsent) {
    waiting.set(form, unsent);
    try {
      if (Object.keys(unsent).length) sessionStorage.setItem(storeKey(form), JSON.stringify(unsent));
      else sessionStorage.removeItem(storeKey(form));
    } catch { /* refused */ }
  },
};

async function send(form) {
  const unsent = store.read(form);
  if (!Object.keys(unsent).length || form.dataset.sending) return;
  form.dataset.sending = "1";
  say("saving");
  try {
    const body = new URLSearchParams(unsent);
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 403) { say("ended"); return; }
    if (!response.ok) throw new Error(String(response.status));
    const now = { ...store.read(form) };
    for (const [name, value] of Object.entries(unsent)) if (now[name] === value) delete now[name];
    store.write(form, now);
    say("saved", (await response.json()).at || "");
    if (Object.keys(now).length) setTimeout(send, 0, form);
  } catch { say("failed"); setTimeout(send, 5000, form); } finally { delete form.dataset.sending; }
}

for (const form of document.querySelectorAll("form[data-autosave]")) {
  store.open(form);
  for (const [name, value] of Object.entries(store.read(form))) {
    const field = form.elements[name];
    if (field instanceof RadioNodeList) field.value = value; else if (field) field.value = value;
  }
  send(form);
  window.addEventListener("online", () => send(form));
  form.addEventListener("change", (event) => {
    const { name, value } = event.target;
    if (!name) return;
    store.write(form, { ...store.read(form), [name]: value });
    send(form);
  });
}

// Ask a platform that listens to fit the frame to the page.
if (window.parent !== window) {
  let timer;
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      window.parent.postMessage({ subject: "lti.frameResize", height: document.documentElement.scrollHeight }, "*");
    }, 200);
  }).observe(document.body);
}
