// The state ladder: keeps a login's secret in this frame, or at the platform, and proves it when the launch comes back.
const WAIT = 2000;
const page = document.getElementById("launch");
const { state, storageTarget, platformOrigin } = page.dataset;
const key = `lmsb:${state}`;

function platformFrame() {
  const opener = window.parent === window ? window.opener : window.parent;
  if (!opener || !storageTarget) return null;
  if (storageTarget === "_parent") return opener;
  try { return opener.frames[storageTarget] || opener; } catch { return opener; }
}

function ask(subject, more) {
  const frame = platformFrame();
  if (!frame) return Promise.resolve(null);
  return new Promise((resolve) => {
    const messageId = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const done = (value) => { window.removeEventListener("message", hear); clearTimeout(timer); resolve(value); };
    const hear = (event) => {
      const data = event.data;
      if (event.origin !== platformOrigin || event.source !== frame || !data) return;
      if (data.subject === `${subject}.response` && data.message_id === messageId) done(data.error ? null : data);
    };
    const timer = setTimeout(done, WAIT, null);
    window.addEventListener("message", hear);
    try { frame.postMessage({ subject, message_id: messageId, key, ...more }, platformOrigin); } catch { done(null); }
  });
}

function keep(value) {
  try { sessionStorage.setItem(key, value); } catch { /* storage is refused here; the next rung remains */ }
}

function kept() {
  try { const value = sessionStorage.getItem(key); sessionStorage.removeItem(key); return value; } catch { return null; }
}

async function login() {
  keep(page.dataset.proof);
  await ask("lti.put_data", { value: page.dataset.proof });
  location.replace(page.dataset.authorize);
}

async function prove() {
  const proof = kept() || (await ask("lti.get_data"))?.value;
  const form = document.getElementById("proof");
  if (typeof proof === "string" && proof) {
    form.elements.proof.value = proof;
    form.submit();
  } else {
    document.getElementById("waiting").hidden = true;
    document.getElementById("advice").hidden = false;
  }
}

if (page.dataset.authorize) login(); else prove();
