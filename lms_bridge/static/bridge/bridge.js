// Small helps for every page. Everything works without them.

// A form is sent once, however often its button is pressed. htmx, which prevents the default, looks after its own.
const sentForms = new Set();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.target === "_blank") return;
  if (sentForms.has(form)) { event.preventDefault(); return; }
  sentForms.add(form);
  form.setAttribute("aria-busy", "true");
  setTimeout(release, 8000, form);
});
function release(form) { sentForms.delete(form); form.removeAttribute("aria-busy"); }
window.addEventListener("pageshow", () => { for (const form of [...sentForms]) release(form); });

// Copy buttons: data-copy names the element to copy. Most frames refuse the clipboard API, so the old way remains.
async function copy(source) {
  const text = source.value ?? source.textContent.trim();
  try { await navigator.clipboard.writeText(text); return true; } catch { /* refused in this frame, or not https */ }
  if (source.select) source.select(); else getSelection().selectAllChildren(source);
  return document.execCommand("copy");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-print], [data-back]");
  if (!button) return;
  if (button.hasAttribute("data-print")) window.print();
  else if (button.hasAttribute("data-back")) history.back();
  else if (await copy(document.getElementById(button.dataset.copy))) {
    const words = button.querySelector("span");
    words.setAttribute("role", "status");
    words.textContent = button.dataset.copied;
  }
});
if (history.length > 1) for (const button of document.querySelectorAll("[data-back]")) button.hidden = false;

// The summary of faults is read out first.
document.querySelector("[data-focus]")?.focus();

// The person's menu closes like any other.
const menu = document.querySelector(".lb-me");
if (menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("focusout", (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
}

// Paper has no folds.
window.addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("main details")) one.open = true; });

// Ask a platform that listens to fit the frame to the page.
if (window.parent !== window) {
  let timer;
  let told;
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const height = Math.ceil(document.body.getBoundingClientRect().height);
      if (height === told) return;
      told = height;
      window.parent.postMessage({ subject: "lti.frameResize", height }, "*");
    }, 200);
  }).observe(document.body);
}
