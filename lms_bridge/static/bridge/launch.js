// The state ladder: keeps a login's proof in this frame, or at the platform, and shows it when the launch comes back.
const WAIT = 2000;
const page = document.getElementById("launch");
const { state, storageTarget, platformOrigin } = page.dataset;
const key = `lmsb:${state}`;

// The frame of the platform that stores for us, as lti_storage_target names it.
function platformFrame() {
  const outside = window.parent === window ? window.opener : window.parent;
  if (!outside || !storageTarget) return null;
  if (storageTarget === "_parent") return outside;
  try { return outside.frames[storageTarget] ?? null; } catch { return null; }
}

// Send one message of platform storage and return its answer, or null: refused, from elsewhere, or not within 2 s.
function ask(subject, more) {
  const frame = platformFrame();
  if (!frame) return Promise.resolve(null);
  return new Promise((resolve) => {
    const messageId = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const done = (answer) => { window.removeEventListener("message", hear); clearTimeout(timer); resolve(answer); };
    const hear = ({ data, origin, source }) => {
      if (origin !== platformOrigin || source !== frame || data?.message_id !== messageId) return;
      if (data.subject === `${subject}.response`) done(data.error ? null : data);
    };
    const timer = setTimeout(done, WAIT, null);
    window.addEventListener("message", hear);
    try { frame.postMessage({ subject, message_id: messageId, key, ...more }, platformOrigin); } catch { done(null); }
  });
}

function keep(value) {
  try { sessionStorage.setItem(key, value); } catch { /* storage is refused here; the platform's remains */ }
}

function kept() {
  try {
    const value = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return value;
  } catch { return null; }
}

async function login() {
  keep(page.dataset.proof);
  await ask("lti.put_data", { value: page.dataset.proof });
  location.replace(page.dataset.authorize);
}

async function prove() {
  const [waiting, advice] = [document.getElementById("waiting"), document.getElementById("advice")];
  waiting.hidden = false;
  advice.hidden = true;
  const proof = kept() || (await ask("lti.get_data"))?.value;
  if (typeof proof === "string" && proof) {
    const form = document.getElementById("proof");
    form.elements.proof.value = proof;
    form.submit();
  } else {
    waiting.hidden = true;
    advice.classList.remove("lb-late");
    advice.hidden = false;
  }
}

if (page.dataset.authorize) login(); else prove();
