// What a platform does for the tool in its frame: keep data (LTI platform storage), fit the height, close.
const frame = document.getElementById("tool");
const kept = new Map();
const MOST = 100;

function reply(event, message) {
  event.source.postMessage({ ...message, message_id: event.data.message_id }, event.origin);
}

function store(event) {
  const { subject, key, value } = event.data;
  const name = `${event.origin} ${key}`;
  const fault = (code, message) => reply(event, { subject: `${subject}.response`, key, error: { code, message } });
  if (typeof key !== "string" || !key) return fault("bad_request", "key is missing");
  if (subject === "lti.get_data") return reply(event, { subject: "lti.get_data.response", key, value: kept.get(name) ?? null });
  if (value === null || value === undefined) kept.delete(name);
  else if (typeof value !== "string" || value.length > 4096) return fault("bad_request", "value must be a short text");
  else if (kept.size >= MOST && !kept.has(name)) return fault("storage_exhaustion", "no room is left");
  else kept.set(name, value);
  return reply(event, { subject: "lti.put_data.response", key, value: value ?? null });
}

function hear(event) {
  if (!frame || event.source !== frame.contentWindow || !event.data || typeof event.data !== "object") return;
  const { subject, height } = event.data;
  if (subject === "org.imsglobal.lti.close" && frame.dataset.close) location.assign(frame.dataset.close);
  if (subject === "lti.frameResize" && Number.isFinite(height)) frame.height = Math.min(Math.max(height, 300), 20000);
  if (!frame.dataset.storage) return;
  if (subject === "lti.capabilities") {
    const supported = ["lti.get_data", "lti.put_data", "lti.frameResize"];
    reply(event, { subject: "lti.capabilities.response", supported_messages: supported.map((name) => ({ subject: name })) });
  }
  if (subject === "lti.get_data" || subject === "lti.put_data") store(event);
}

window.addEventListener("message", hear);
