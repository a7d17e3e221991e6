// The demo chat: a page over parley.js. What people and agents wrote goes into the page as text only, never as HTML.

import { connect, randomId, Transcript } from "../parley.js";

/** @import { Status, TranscriptItem, TranscriptMessage, TranscriptHandoff } from "../parley.js" */

const FRAMES_KEPT = 100;
const FRAME_SHOWN = 2_000;
const NEAR_THE_END_PX = 60;
const NOTICE_MS = 8_000;

/** What conversations may be called: 1 to 128 printable ASCII characters without space, {, }, " and \. */
const ID = /^[!#-[\]-z|~]{1,128}$/;

/** @type {Record<string, string>} */
const NOTES = { sending: "Sending…", queued: "Kept until Redis is back", stopped: "Stopped" };

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const scroller = byId("scroller");
const list = byId("messages");
const input = /** @type {HTMLTextAreaElement} */ (byId("input"));
const sendButton = /** @type {HTMLButtonElement} */ (byId("send"));
const stopButton = /** @type {HTMLButtonElement} */ (byId("stop"));
const frames = /** @type {HTMLDetailsElement} */ (byId("frames"));

const conversation = conversationOfThisPage();
const transcript = new Transcript({ onChange: draw });
const client = connect({
  url: new URL("../v1/ws", location.href),
  onStatus: showStatus,
  onClose: ({ code, reason }) => notify(`The gateway closed the connection for good: ${reason} (${code}). Reload to try again.`, true),
  onError: (error) => notify(error.message),
  onFrame: keepFrame,
});
let subscribed = false;
client.subscribe(conversation, {
  ...transcript.handlers(),
  onSubscribed: () => {
    subscribed = true;
    draw();
  },
  onGap: ({ reason }) => notify(`Some events were missed (${reason}). This is how the conversation stands now.`),
  onError: (error) => notify(`This conversation can't be followed: ${error.message}`, !error.temporary),
});
byId("conversation").textContent = conversation;

/** The conversation is in the address, so that a reload, or another person with the link, follows the same one. */
function conversationOfThisPage() {
  const url = new URL(location.href);
  const given = url.searchParams.get("c");
  if (given !== null && ID.test(given)) {
    return given;
  }
  const made = randomId();
  url.searchParams.set("c", made);
  history.replaceState(null, "", url);
  return made;
}

// ---------------------------------------------------------------------------------------------------- writing

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const content = input.value.trim();
  if (content !== "") {
    input.value = "";
    inputChanged();
    send(content, randomId());
  }
});

input.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a character.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    /** @type {HTMLFormElement} */ (byId("composer")).requestSubmit();
  }
});

input.addEventListener("input", inputChanged);
stopButton.addEventListener("click", stop);
byId("latest").addEventListener("click", () => scrollToEnd());
scroller.addEventListener("scroll", () => {
  // Only who scrolls up wants to leave the end; it also moves away when the page grows.
  following = atEnd() || (following && scroller.scrollTop >= scrolledTo);
  scrolledTo = scroller.scrollTop;
  byId("latest").hidden = following;
});
new ResizeObserver(() => following && scrollToEnd()).observe(scroller);
frames.addEventListener("toggle", drawFrames);

function inputChanged() {
  sendButton.disabled = input.value.trim() === "";
  if (!CSS.supports("field-sizing", "content")) {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }
}

/**
 * @param {string} content
 * @param {string} messageId
 */
async function send(content, messageId) {
  transcript.show({ message_id: messageId, content });
  drawNow();
  scrollToEnd();
  try {
    transcript.settle(await client.send(conversation, content, { messageId }));
  } catch (error) {
    transcript.fail(messageId, /** @type {Error} */ (error));
  }
}

async function stop() {
  const runs = transcript.runs.map(({ run }) => run);
  const targets = runs.includes(undefined) ? [undefined] : runs;
  stopButton.disabled = true;
  try {
    await Promise.all(targets.map((run) => client.cancel(conversation, { run, reason: "stopped by the user" })));
  } catch (error) {
    notify(`It could not be stopped: ${/** @type {Error} */ (error).message}`);
  } finally {
    stopButton.disabled = false;
    input.focus();
  }
}

// ---------------------------------------------------------------------------------------------------- drawing

/** @type {Map<number, {element: HTMLLIElement, version: number}>} */
const drawn = new Map();
let drawing = 0;
/** Whether the end is in view, and is to stay so. */
let following = true;
let scrolledTo = 0;

/** However many events come, the page is drawn once a frame. */
function draw() {
  drawing ||= requestAnimationFrame(drawNow);
}

function drawNow() {
  cancelAnimationFrame(drawing);
  drawing = 0;
  drawItems();
  stopButton.hidden = transcript.runs.length === 0;
  byId("empty").hidden = !subscribed || transcript.items.length > 0;
  drawFrames();
  if (following) {
    scrollToEnd();
  }
}

function drawItems() {
  const gone = new Set(drawn.keys());
  /** @type {Element | null} */
  let next = list.firstElementChild;
  for (const item of transcript.items) {
    gone.delete(item.key);
    const element = drawItem(item);
    if (element === next) {
      next = next.nextElementSibling;
    } else {
      list.insertBefore(element, next);
    }
  }
  for (const key of gone) {
    drawn.get(key)?.element.remove();
    drawn.delete(key);
  }
}

/** @param {TranscriptItem} item */
function drawItem(item) {
  const before = drawn.get(item.key);
  if (before?.version === item.version) {
    return before.element;
  }
  const element = before?.element ?? (item.kind === "message" ? newMessage() : newHandoff(item));
  if (item.kind === "message") {
    const wasStreaming = element.dataset["state"] === "streaming";
    drawMessage(element, item);
    if (wasStreaming && item.state !== "streaming") {
      announce(`${item.agent ?? "Agent"}: ${item.text}`);
    }
  }
  drawn.set(item.key, { element, version: item.version });
  return element;
}

function newMessage() {
  const element = node("li", "message");
  const meta = node("div", "meta");
  meta.append(node("span", "agent"), node("time"), node("span", "note"));
  const bubble = node("div", "bubble");
  bubble.append(node("ul", "tools"), node("div", "text"));
  element.append(meta, bubble);
  return element;
}

/** @param {TranscriptHandoff} handoff */
function newHandoff({ from, to }) {
  const element = node("li", "handoff");
  element.append(node("span", "", from ? `${from} → ${to}` : `→ ${to}`));
  element.dataset["to"] = to;
  announce(`Handed over to ${to}`);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {TranscriptMessage} message
 */
function drawMessage(element, message) {
  const { role, state, agent, user, at, run, message_id, text } = message;
  Object.assign(element.dataset, { role, state, messageId: message_id ?? "", run: run ?? "" });
  const name = part(element, ".agent");
  name.textContent = role === "assistant" ? (agent ?? "agent") : (user ?? "");
  name.hidden = name.textContent === "";
  name.style.setProperty("--hue", String(hue(name.textContent)));
  drawTime(/** @type {HTMLTimeElement} */ (part(element, "time")), at);
  part(element, ".note").textContent = NOTES[message.cancelled && state !== "streaming" ? "stopped" : state] ?? "";
  drawTools(part(element, ".tools"), message);
  drawText(part(element, ".text"), text);
  drawError(element, message);
}

/**
 * A growing answer only gets its new end: the page does not lay out what is there already, and a selection in it stays.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
function drawText(element, text) {
  const shown = element.firstChild;
  if (shown instanceof Text && text.startsWith(shown.data)) {
    shown.appendData(text.slice(shown.length));
  } else {
    element.textContent = text;
  }
}

/**
 * @param {HTMLTimeElement} element
 * @param {string | undefined} at
 */
function drawTime(element, at) {
  const time = at === undefined ? NaN : Date.parse(at);
  element.hidden = Number.isNaN(time);
  if (!element.hidden) {
    element.dateTime = new Date(time).toISOString();
    element.textContent = new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }
}

/**
 * @param {HTMLElement} element
 * @param {TranscriptMessage} message
 */
function drawTools(element, { tools }) {
  element.hidden = tools.length === 0;
  element.replaceChildren(
    ...tools.map(({ tool, tool_call_id, state }) => {
      const chip = node("li", "tool", tool);
      chip.dataset["state"] = state;
      chip.dataset["toolCallId"] = tool_call_id ?? "";
      chip.append(node("span", "hidden", ` (${state})`));
      return chip;
    }),
  );
}

/**
 * @param {HTMLElement} element
 * @param {TranscriptMessage} message
 */
function drawError(element, { role, state, error, text, message_id }) {
  element.querySelector(".error")?.remove();
  if (state !== "failed") {
    return;
  }
  const line = node("div", "error");
  element.append(line);
  if (role === "assistant") {
    line.textContent = error ? `The answer broke off: ${error}` : "The answer broke off.";
    return;
  }
  line.textContent = `Not sent: ${error}`;
  const again = node("button", "", "Try again");
  again.type = "button";
  again.addEventListener("click", () => {
    transcript.remove(message_id ?? "");
    send(text, message_id ?? randomId());
  });
  line.append(again);
}

function atEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_THE_END_PX;
}

function scrollToEnd() {
  following = true;
  scroller.scrollTop = scroller.scrollHeight;
  byId("latest").hidden = true;
}

/**
 * For screen readers: whole answers, not each piece of them.
 *
 * @param {string} text
 */
function announce(text) {
  byId("announcer").textContent = text;
}

// ---------------------------------------------------------------------------------------------------- connection and frames

/** @param {Status} status */
function showStatus({ state, redis, queued, reason }) {
  const degraded = state === "connected" && redis === "degraded";
  const element = byId("connection");
  element.dataset["state"] = degraded ? "degraded" : state;
  element.title = reason ?? "";
  /** @type {Record<string, string>} */
  const labels = { connecting: "Connecting…", connected: "Connected", reconnecting: "Reconnecting…", closed: "Closed" };
  const label = degraded ? `Redis degraded${queued > 0 ? `, ${queued} queued` : ""}` : (labels[state] ?? state);
  if (part(element, ".label").textContent !== label) {
    part(element, ".label").textContent = label;
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let noticeTimer;

/**
 * @param {string} text
 * @param {boolean} [stays]
 */
function notify(text, stays = false) {
  const notice = byId("notice");
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(noticeTimer);
  if (!stays) {
    noticeTimer = setTimeout(() => (notice.hidden = true), NOTICE_MS);
  }
}

/** @type {{number: number, direction: string, json: string}[]} */
let kept = [];
let frameCount = 0;

/**
 * @param {"in" | "out"} direction
 * @param {any} frame
 */
function keepFrame(direction, frame) {
  const json = JSON.stringify(frame);
  kept.push({ number: ++frameCount, direction, json: json.length > FRAME_SHOWN ? `${json.slice(0, FRAME_SHOWN)}…` : json });
  if (kept.length > FRAMES_KEPT) {
    kept = kept.slice(-FRAMES_KEPT);
  }
  draw();
}

function drawFrames() {
  byId("frame-count").textContent = String(frameCount);
  if (!frames.open) {
    return;
  }
  const lines = byId("frame-list");
  const follow = lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR_THE_END_PX;
  const shown = Number(/** @type {HTMLElement | null} */ (lines.lastElementChild)?.dataset["number"] ?? 0);
  for (const { number, direction, json } of kept) {
    if (number > shown) {
      const line = node("li", "", json);
      Object.assign(line.dataset, { direction, number });
      lines.append(line);
    }
  }
  while (lines.childElementCount > FRAMES_KEPT) {
    lines.firstElementChild?.remove();
  }
  if (follow) {
    lines.scrollTop = lines.scrollHeight;
  }
}

// ---------------------------------------------------------------------------------------------------- nodes

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text]
 */
function node(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * @param {Element} element
 * @param {string} selector
 */
function part(element, selector) {
  return /** @type {HTMLElement} */ (element.querySelector(selector));
}

/**
 * A colour for each agent, the same on every page.
 *
 * @param {string} name
 */
function hue(name) {
  let hash = 7;
  for (const character of name) {
    hash = (hash * 31 + /** @type {number} */ (character.codePointAt(0))) % 360;
  }
  return hash;
}
