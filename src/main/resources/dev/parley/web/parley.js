/**
 * Parley's client: follows conversations over one WebSocket, in browsers and in Node 22 or later, and loses nothing when the
 * network or the gateway is unavailable for a while. One file, no dependencies.
 *
 *     import { connect, Transcript } from "/parley.js";
 *
 *     const client = connect({ url: "wss://example.org/v1/ws", token: () => fetchToken() });
 *     const transcript = new Transcript({ onChange: () => draw(transcript.items) });
 *     client.subscribe("c-1", transcript.handlers());
 *     await client.send("c-1", "Where is my order?");
 *
 * @module parley
 */

// ---------------------------------------------------------------------------------------------------- frames of the gateway

/**
 * An agent's event as the agent wrote it.
 *
 * @typedef {object} AgentEvent
 * @property {string} event its name, such as `agent.tool.started`
 * @property {{conversation_id: string, [field: string]: any}} payload
 * @property {string} [timestamp]
 * @property {string} [event_id]
 */

/**
 * @typedef {object} GatewayStatus
 * @property {"up" | "degraded"} redis
 * @property {number} queued events that wait in the gateway until Redis is back
 */

/**
 * @typedef {object} WelcomeFrame
 * @property {"welcome"} type
 * @property {string} connection
 * @property {string} node
 * @property {string} version
 * @property {number} heartbeat_ms
 * @property {number} max_frame_bytes
 * @property {GatewayStatus} status
 */

/**
 * @typedef {object} Gap
 * @property {"malformed" | "trimmed" | "future" | "lost" | "limit" | "archive" | "stream_trimmed" | "slow"} reason
 * @property {string} [requested] the position that was asked for
 * @property {string} [first] the log's first position
 * @property {string} [last] the log's last position
 */

/**
 * @typedef {object} SubscribedFrame
 * @property {"subscribed"} type
 * @property {number} [ref]
 * @property {string} conversation
 * @property {string} [position]
 * @property {boolean} resumed true: the missed events follow; false: a snapshot follows
 * @property {Gap} [gap]
 */

/**
 * @typedef {object} SnapshotSession
 * @property {string} tenant_id
 * @property {string} current_agent
 * @property {string} status
 * @property {number} turn_count
 * @property {number} message_count
 * @property {number} token_count
 * @property {string} started_at RFC 3339
 * @property {string} last_activity RFC 3339
 */

/**
 * @typedef {object} SnapshotMessage
 * @property {number} seq
 * @property {"user" | "assistant" | "system" | "tool"} role
 * @property {string | {type: string, text?: string}[]} content
 * @property {string} [agent]
 * @property {string} [message_id]
 * @property {boolean} [failed]
 * @property {string} at RFC 3339
 */

/**
 * @typedef {object} SnapshotTool
 * @property {string} tool
 * @property {string} [tool_call_id]
 */

/**
 * A run in progress. The implicit run of an agent that names none has no `run`.
 *
 * @typedef {object} SnapshotRun
 * @property {string} [run]
 * @property {string} [message_id]
 * @property {string} [agent]
 * @property {string} text so far
 * @property {SnapshotTool[]} tools in progress
 * @property {string} [handed_to] the agent that this one has handed the conversation to
 */

/**
 * @typedef {object} SnapshotFrame
 * @property {"snapshot"} type
 * @property {string} conversation
 * @property {string} [position] absent when the gateway could not ask Redis
 * @property {SnapshotSession | null} session
 * @property {SnapshotMessage[]} messages the newest, oldest first
 * @property {SnapshotRun[]} runs
 */

/**
 * @typedef {object} EventFrame
 * @property {"event"} type
 * @property {string} conversation
 * @property {string} [position] absent: ephemeral or pending
 * @property {string} [event_id]
 * @property {boolean} [pending] shown while Redis is down; not yet in the log
 * @property {boolean} [late] it comes after the end of its run, and changes nothing of it
 * @property {string} [from] first position of joined chunks
 * @property {AgentEvent} event
 */

/**
 * @typedef {object} PlacedFrame
 * @property {"placed"} type
 * @property {string} conversation
 * @property {string} event_id
 * @property {string} position
 * @property {boolean} [late] as of an event
 */

/**
 * @typedef {object} OkFrame
 * @property {"ok"} type
 * @property {number} [ref]
 * @property {boolean} [stored]
 * @property {boolean} [queued]
 * @property {string} [position]
 * @property {string} [message_id]
 * @property {string} [event_id]
 * @property {any} [result]
 */

/**
 * @typedef {object} ErrorFrame
 * @property {"error"} type
 * @property {number} [ref]
 * @property {string} code
 * @property {string} message
 * @property {boolean} temporary
 * @property {number} [retry_ms]
 */

/** @typedef {{type: "status"} & GatewayStatus} StatusFrame */
/** @typedef {{type: "ping"}} PingFrame */
/** @typedef {{type: "pong", ref?: number}} PongFrame */

/**
 * @typedef {object} GoodbyeFrame
 * @property {"goodbye"} type
 * @property {number} code
 * @property {string} reason
 * @property {[number, number]} [retry_ms] come back after a random time between these
 */

/**
 * @typedef {WelcomeFrame | SubscribedFrame | SnapshotFrame | EventFrame | PlacedFrame | OkFrame | ErrorFrame | StatusFrame
 *     | PingFrame | PongFrame | GoodbyeFrame} ServerFrame
 */

// ---------------------------------------------------------------------------------------------------- frames of the client

/** @typedef {{type: "auth", ref?: number, token: string}} AuthFrame */
/** @typedef {{type: "subscribe", ref?: number, conversation: string, since?: string}} SubscribeFrame */
/** @typedef {{type: "unsubscribe", ref?: number, conversation: string}} UnsubscribeFrame */

/**
 * @typedef {object} SendFrame
 * @property {"send"} type
 * @property {number} [ref]
 * @property {string} conversation
 * @property {string} content
 * @property {string} message_id
 * @property {object} [metadata]
 * @property {any} [cache]
 */

/**
 * @typedef {object} PublishFrame
 * @property {"publish"} type
 * @property {number} [ref]
 * @property {string} conversation
 * @property {string} event
 * @property {object} payload
 * @property {string} event_id
 * @property {boolean} [durable]
 */

/** @typedef {{type: "cancel", ref?: number, conversation: string, run?: string, reason?: string}} CancelFrame */
/** @typedef {{type: "call", ref?: number, method: string, params?: object}} CallFrame */

/**
 * @typedef {AuthFrame | SubscribeFrame | UnsubscribeFrame | SendFrame | PublishFrame | CancelFrame | CallFrame | PingFrame
 *     | PongFrame} ClientFrame
 */

// ---------------------------------------------------------------------------------------------------- what users pass and get

/**
 * @typedef {object} Status
 * @property {"connecting" | "connected" | "reconnecting" | "closed"} state
 * @property {"up" | "degraded"} redis as the gateway last said
 * @property {number} queued events that wait in the gateway until Redis is back
 * @property {number} attempt tries to connect since the last connection; 0 when connected
 * @property {number} [retryInMs] when the next try comes
 * @property {string} [reason] why the connection was lost or closed
 */

/**
 * @typedef {object} CloseInfo
 * @property {number} code the WebSocket close code; 0 when there was no socket
 * @property {string} reason
 */

/**
 * @typedef {object} Options
 * @property {string | URL} url such as `wss://example.org/v1/ws`
 * @property {string | (() => string | Promise<string>)} [token] a JWT, or a function that is asked for one before each connect. When
 *     it fails, or returns none, `onError` is called with the code `no_token` and it is asked again after a while
 * @property {(status: Status) => void} [onStatus] each change of the connection's or of Redis' state
 * @property {(info: CloseInfo) => void} [onClose] once, when the client will not come back: see {@link FINAL_CLOSE_CODES}
 * @property {(error: ParleyError) => void} [onError] errors that belong to no request, and those of `token()`
 * @property {(direction: "in" | "out", frame: any) => void} [onFrame] each frame, for debugging; tokens are masked
 * @property {any} [WebSocket] the class to use instead of the global one
 * @property {number} [requestTimeoutMs] default 15,000
 * @property {number} [outboxLimit] messages kept until they are answered; default 200
 */

/**
 * @typedef {object} Handlers
 * @property {(frame: SnapshotFrame) => void} [onSnapshot] the whole state: replaces everything from before it
 * @property {(frame: EventFrame) => void} [onEvent] once for each durable event, in the log's order
 * @property {(frame: PlacedFrame) => void} [onPlaced] an event that was shown as pending is in the log now
 * @property {(gap: Gap, frame: SubscribedFrame) => void} [onGap] events were missed; a snapshot follows
 * @property {(frame: SubscribedFrame) => void} [onSubscribed]
 * @property {(error: ParleyError) => void} [onError] a temporary one is tried again; a final one ends the subscription
 * @property {string} [since] the position to go on from
 */

/**
 * @typedef {object} Stored
 * @property {boolean} stored in the log
 * @property {boolean} queued kept by the gateway until Redis is back
 * @property {string} [position] its place in the log, when it is stored
 */

/** @typedef {Stored & {message_id: string}} Sent */
/** @typedef {Stored & {event_id: string}} Published */

const SUBPROTOCOL = "parley.v1";
const CONNECT_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 15_000;
const PING_TIMEOUT_MS = 5_000;
const STABLE_MS = 5_000;
const BACKOFF_FIRST_MS = 200;
const BACKOFF_CAP_MS = 10_000;
const RETRY_MS = 1_000;
const OUTBOX_LIMIT = 200;
const REQUEST_LIMIT = 1_000;
const PENDING_LIMIT = 2_000;
const ENDED_LIMIT = 256;
const TOKEN_EXPIRED = 3005;

/** The close codes that a client does not come back from. */
export const FINAL_CLOSE_CODES = Object.freeze({
  1002: "protocol error",
  1007: "invalid UTF-8",
  1009: "frame too large",
  3500: "the token is refused",
  3501: "frames must be JSON text, the first one auth where there is no token",
  3507: "forbidden",
  3508: "too many connections",
});

/** A refusal by the gateway (`code` as in PROTOCOL.md) or by this client: `disconnected`, `timeout`, `closed`, `no_token`. */
export class ParleyError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} temporary whether the same request may succeed later
   * @param {number} [retryMs]
   */
  constructor(code, message, temporary = false, retryMs = undefined) {
    super(message);
    this.name = "ParleyError";
    this.code = code;
    this.temporary = temporary;
    this.retryMs = retryMs;
  }

  /** @param {ErrorFrame} frame */
  static of(frame) {
    return new ParleyError(frame.code, frame.message, frame.temporary, frame.retry_ms);
  }
}

/**
 * Opens a connection and keeps it open until `close()`. Returns at once; what is asked for before the connection stands waits.
 *
 * @param {Options} options
 */
export function connect(options) {
  return new Client(options);
}

/** A new id for a message or an event. `crypto.randomUUID` exists in secure contexts only. */
export function randomId() {
  if (typeof globalThis.crypto?.randomUUID === "function") {
    return globalThis.crypto.randomUUID();
  }
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Compares two positions. They are opaque to applications; only which of two came first can be asked.
 *
 * @param {string} a
 * @param {string} b
 * @returns {number} below 0 when a comes first, 0 when they are the same
 */
export function comparePositions(a, b) {
  if (a === b) {
    return 0;
  }
  const [aMillis, aSequence] = parsePosition(a);
  const [bMillis, bSequence] = parsePosition(b);
  if (aMillis !== bMillis) {
    return aMillis < bMillis ? -1 : 1;
  }
  return aSequence < bSequence ? -1 : aSequence > bSequence ? 1 : 0;
}

/**
 * Its parts may have 18 digits, more than a number holds exactly.
 *
 * @param {string} position
 * @returns {[bigint, bigint]}
 */
function parsePosition(position) {
  const dash = position.indexOf("-");
  return dash < 0
    ? [BigInt(position), 0n]
    : [BigInt(position.slice(0, dash)), BigInt(position.slice(dash + 1))];
}

/**
 * Calls a user's handler. What it throws must not stop the frames behind this one.
 *
 * @template {any[]} A
 * @param {((...args: A) => void) | undefined} handler
 * @param {A} args
 */
function tell(handler, ...args) {
  try {
    handler?.(...args);
  } catch (error) {
    console.error("parley: a handler failed", error);
  }
}

/**
 * @param {number} low
 * @param {number} high
 */
function randomBetween(low, high) {
  return low + Math.random() * Math.max(0, high - low);
}

/**
 * @template T
 * @param {Promise<T> | T} promise
 * @param {number} ms
 * @param {string} message
 * @returns {Promise<T>}
 */
function within(promise, ms, message) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new ParleyError("timeout", message, true)), ms);
  });
  return /** @type {Promise<T>} */ (Promise.race([promise, late])).finally(() => clearTimeout(timer));
}

/** Exponential backoff with full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter". */
class Backoff {
  attempt = 0;

  next() {
    const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_FIRST_MS * 2 ** Math.min(this.attempt, 16));
    this.attempt++;
    return randomBetween(0, ceiling);
  }

  reset() {
    this.attempt = 0;
  }
}

// ---------------------------------------------------------------------------------------------------- one socket

/**
 * @typedef {object} ConnectionEvents
 * @property {(frame: WelcomeFrame) => void} welcome
 * @property {(frame: ServerFrame) => void} frame everything but welcome, ping and goodbye
 * @property {(direction: "in" | "out", frame: any) => void} tap
 * @property {(code: number, reason: string, goodbye?: GoodbyeFrame) => void} gone once
 */

/** One socket from its opening to its end, with its heartbeat. */
class Connection {
  /** @type {WelcomeFrame | undefined} */
  welcome;
  /** @type {number | undefined} */
  welcomedAt;

  #socket;
  #events;
  /** @type {GoodbyeFrame | undefined} */
  #goodbye;
  #lastHeard = Date.now();
  #gone = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {any} Socket
   * @param {string} url
   * @param {string[]} protocols
   * @param {ConnectionEvents} events
   */
  constructor(Socket, url, protocols, events) {
    this.#events = events;
    this.#socket = new Socket(url, protocols);
    this.#socket.onmessage = (/** @type {{data: any}} */ message) => this.#heard(message.data);
    this.#socket.onclose = (/** @type {{code: number, reason: string}} */ close) => this.#end(close.code, close.reason);
    this.#socket.onerror = () => {}; // a close always follows
    this.#timer = setTimeout(() => this.abandon("no welcome came"), CONNECT_TIMEOUT_MS);
  }

  /**
   * @param {string} text
   * @param {ClientFrame} frame the same, for the tap
   */
  write(text, frame) {
    this.#socket.send(text);
    this.#events.tap("out", frame.type === "auth" ? { ...frame, token: "***" } : frame);
  }

  /** Asks the gateway for a sign of life; without one this connection ends. */
  probe() {
    const heartbeat = this.welcome?.heartbeat_ms;
    if (heartbeat === undefined) {
      return; // the connect timeout watches
    }
    const asked = Date.now();
    this.#frame({ type: "ping" });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => (this.#lastHeard < asked ? this.abandon("no heartbeat") : this.#watch()),
      Math.min(heartbeat, PING_TIMEOUT_MS),
    );
  }

  /**
   * Ends it without waiting for the other side, which may never answer.
   *
   * @param {string} reason
   */
  abandon(reason) {
    this.close();
    this.#end(1006, reason);
  }

  close() {
    try {
      this.#socket.close(1000);
    } catch {
      // it was never open
    }
  }

  /** @param {ClientFrame} frame */
  #frame(frame) {
    this.write(JSON.stringify(frame), frame);
  }

  /** @param {any} data */
  #heard(data) {
    if (this.#gone) {
      return;
    }
    this.#lastHeard = Date.now();
    const frame = parseFrame(data);
    if (frame === undefined) {
      this.abandon("what came is no frame: does the URL lead to a Parley gateway?");
      return;
    }
    this.#events.tap("in", frame);
    switch (frame.type) {
      case "welcome":
        this.welcome = frame;
        this.welcomedAt = Date.now();
        this.#watch();
        this.#events.welcome(frame);
        break;
      case "ping":
        this.#frame({ type: "pong" });
        break;
      case "goodbye":
        this.#goodbye = frame;
        break;
      default:
        this.#events.frame(frame);
    }
  }

  #watch() {
    const silence = 2 * (this.welcome?.heartbeat_ms ?? CONNECT_TIMEOUT_MS);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => (Date.now() - this.#lastHeard >= silence ? this.probe() : this.#watch()),
      Math.max(0, this.#lastHeard + silence - Date.now()),
    );
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #end(code, reason) {
    if (this.#gone) {
      return;
    }
    this.#gone = true;
    clearTimeout(this.#timer);
    // A proxy may cut the close frame off (1006) that the goodbye announced.
    const goodbye = this.#goodbye;
    this.#events.gone(code === 1006 && goodbye ? goodbye.code : code, reason || goodbye?.reason || "", goodbye);
  }
}

/**
 * @param {any} data
 * @returns {ServerFrame | undefined}
 */
function parseFrame(data) {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------------------------------------------- requests

/**
 * @typedef {object} Request
 * @property {ClientFrame} frame
 * @property {boolean} written
 * @property {(frame: OkFrame | SubscribedFrame) => void} answered
 * @property {(error: ParleyError) => void} failed
 * @property {ReturnType<typeof setTimeout>} timer
 */

/**
 * Requests that wait for their answer, matched by `ref`. They are told synchronously, in the order of the frames: what follows a
 * `subscribed` must find the subscription ready.
 */
class Requests {
  /** @type {Map<number, Request>} */
  #waiting = new Map();
  #nextRef = 1;
  #timeoutMs;
  /** @type {(frame: ClientFrame) => boolean} */
  #write;

  /**
   * @param {number} timeoutMs
   * @param {(frame: ClientFrame) => boolean} write false while there is no connection; throws when it can't ever be written
   */
  constructor(timeoutMs, write) {
    this.#timeoutMs = timeoutMs;
    this.#write = write;
  }

  /**
   * Writes the frame now, or when the connection stands.
   *
   * @param {ClientFrame} frame
   * @param {(frame: any) => void} answered
   * @param {(error: ParleyError) => void} failed
   */
  ask(frame, answered, failed) {
    if (this.#waiting.size >= REQUEST_LIMIT) {
      failed(new ParleyError("overloaded", `${REQUEST_LIMIT} requests wait for their answers already`, true));
      return;
    }
    const ref = this.#nextRef++;
    const timer = setTimeout(() => {
      this.#waiting.delete(ref);
      failed(new ParleyError("timeout", `no answer to ${frame.type} within ${this.#timeoutMs} ms`, true));
    }, this.#timeoutMs);
    const request = { frame: { ...frame, ref }, written: false, answered, failed, timer };
    this.#waiting.set(ref, request);
    this.#tryToWrite(ref, request);
  }

  /** The connection stands: writes what waited for it. */
  flush() {
    for (const [ref, request] of this.#waiting) {
      if (!request.written) {
        this.#tryToWrite(ref, request);
      }
    }
  }

  /** @param {OkFrame | SubscribedFrame | ErrorFrame} frame */
  answer(frame) {
    const request = frame.ref === undefined ? undefined : this.#take(frame.ref);
    if (request === undefined) {
      return false;
    }
    if (frame.type === "error") {
      request.failed(ParleyError.of(frame));
    } else {
      request.answered(frame);
    }
    return true;
  }

  /**
   * Fails what was written (its answer went with the socket), or everything.
   *
   * @param {ParleyError} error
   * @param {boolean} unwrittenToo
   */
  fail(error, unwrittenToo) {
    for (const [ref, request] of [...this.#waiting]) {
      if (request.written || unwrittenToo) {
        this.#take(ref);
        request.failed(error);
      }
    }
  }

  /**
   * @param {number} ref
   * @param {Request} request
   */
  #tryToWrite(ref, request) {
    try {
      request.written = this.#write(request.frame);
    } catch (error) {
      this.#take(ref);
      request.failed(/** @type {ParleyError} */ (error));
    }
  }

  /** @param {number} ref */
  #take(ref) {
    const request = this.#waiting.get(ref);
    this.#waiting.delete(ref);
    clearTimeout(request?.timer);
    return request;
  }
}

// ---------------------------------------------------------------------------------------------------- messages on their way

/**
 * @typedef {object} Letter
 * @property {SendFrame} frame
 * @property {boolean} busy asked, or waiting to ask again
 * @property {(sent: Sent) => void} resolve
 * @property {(error: ParleyError) => void} reject
 */

/**
 * Messages until the gateway has answered them. One at a time for each conversation, so that none overtakes another when it has to
 * be sent again.
 */
class Outbox {
  /** @type {Set<Letter>} */
  #letters = new Set();
  #limit;
  #requests;
  #open = false;

  /**
   * @param {number} limit
   * @param {Requests} requests
   */
  constructor(limit, requests) {
    this.#limit = limit;
    this.#requests = requests;
  }

  /**
   * @param {SendFrame} frame
   * @returns {Promise<Sent>}
   */
  send(frame) {
    return new Promise((resolve, reject) => {
      if (this.#letters.size >= this.#limit) {
        reject(new ParleyError("overloaded", `${this.#limit} messages wait to be sent already`, true));
        return;
      }
      this.#letters.add({ frame, busy: false, resolve, reject });
      this.#pump();
    });
  }

  connected() {
    this.#open = true;
    this.#pump();
  }

  disconnected() {
    this.#open = false;
  }

  /** @param {ParleyError} error */
  close(error) {
    this.#open = false;
    for (const letter of this.#letters) {
      letter.reject(error);
    }
    this.#letters.clear();
  }

  #pump() {
    const conversations = new Set();
    for (const letter of this.#letters) {
      if (this.#open && !conversations.has(letter.frame.conversation)) {
        conversations.add(letter.frame.conversation);
        this.#ask(letter);
      }
    }
  }

  /** @param {Letter} letter */
  #ask(letter) {
    if (letter.busy) {
      return;
    }
    letter.busy = true;
    this.#requests.ask(
      letter.frame,
      (ok) => {
        this.#letters.delete(letter);
        letter.resolve({ ...stored(ok), message_id: ok.message_id ?? letter.frame.message_id });
        this.#pump();
      },
      (error) => this.#failed(letter, error),
    );
  }

  /**
   * @param {Letter} letter
   * @param {ParleyError} error
   */
  #failed(letter, error) {
    if (!error.temporary) {
      this.#letters.delete(letter);
      letter.reject(error);
      this.#pump();
      return;
    }
    const delay = error.code === "disconnected" ? 0 : (error.retryMs ?? RETRY_MS);
    setTimeout(() => {
      letter.busy = false;
      this.#pump();
    }, randomBetween(delay, delay * 1.2));
  }
}

/**
 * @param {OkFrame} ok
 * @returns {Stored}
 */
function stored(ok) {
  return { stored: ok.stored === true, queued: ok.queued === true, position: ok.position };
}

// ---------------------------------------------------------------------------------------------------- subscriptions

/** One conversation that is followed, across sockets: where it stands, and what must not be shown twice. */
export class Subscription {
  /**
   * Of the last thing that was handed over.
   *
   * @type {string | undefined}
   */
  position;

  #handlers;
  #requests;
  /** @type {(subscription: Subscription) => void} */
  #ended;
  /** Whether `subscribed` has come on this socket: frames before it belong to an older subscription. */
  #active = false;
  #over = false;
  /** The `subscribe` whose answer counts; an older one's comes to nothing. */
  #asked = 0;
  /** @type {Set<string>} */
  #shownPending = new Set();

  /**
   * @param {string} conversation
   * @param {Handlers} handlers
   * @param {Requests} requests
   * @param {(subscription: Subscription) => void} ended
   * @hideconstructor
   */
  constructor(conversation, handlers, requests, ended) {
    this.conversation = conversation;
    this.position = handlers.since;
    this.#handlers = handlers;
    this.#requests = requests;
    this.#ended = ended;
  }

  /** Asks the gateway for what comes after the position, or for everything. */
  start() {
    this.#active = false;
    const asked = ++this.#asked;
    /** @type {SubscribeFrame} */
    const frame = { type: "subscribe", conversation: this.conversation, since: this.position };
    this.#requests.ask(
      frame,
      (subscribed) => {
        if (asked === this.#asked && !this.#over) {
          this.#active = true;
          this.#subscribed(subscribed);
        }
      },
      (error) => {
        if (asked === this.#asked && !this.#over) {
          this.#failed(error, asked);
        }
      },
    );
  }

  stop() {
    this.#over = true;
  }

  /** The next connection starts it again; what was asked on this one counts no more. */
  disconnected() {
    this.#active = false;
    this.#asked++;
  }

  /** @param {SubscribedFrame | SnapshotFrame | EventFrame | PlacedFrame} frame */
  handle(frame) {
    if (!this.#active || this.#over) {
      return;
    }
    switch (frame.type) {
      case "subscribed":
        this.#subscribed(frame);
        break;
      case "snapshot":
        // May go back: after Redis has lost data the log's positions start again.
        this.position = frame.position;
        // What was pending is not in view any more; the gateway shows it again or has it in the snapshot.
        this.#shownPending.clear();
        tell(this.#handlers.onSnapshot, frame);
        break;
      case "event":
        this.#event(frame);
        break;
      case "placed":
        this.#placed(frame);
        break;
    }
  }

  /**
   * Does not move the position: until the missed events or the snapshot are here, a reconnect has to ask from the old one.
   *
   * @param {SubscribedFrame} frame
   */
  #subscribed(frame) {
    if (frame.resumed && this.position === undefined) {
      this.position = frame.position;
    }
    tell(this.#handlers.onSubscribed, frame);
    if (frame.gap) {
      tell(this.#handlers.onGap, frame.gap, frame);
    }
  }

  /** @param {EventFrame} frame */
  #event(frame) {
    if (frame.position !== undefined && !this.#moveTo(frame.position)) {
      return;
    }
    if (frame.event_id !== undefined) {
      if (this.#shownPending.has(frame.event_id)) {
        if (frame.position !== undefined) {
          // From a node that does not know what another one has shown.
          const { conversation, event_id, position } = frame;
          tell(this.#handlers.onPlaced, { type: "placed", conversation, event_id, position });
        }
        return;
      }
      if (frame.pending) {
        this.#remember(frame.event_id);
      }
    }
    tell(this.#handlers.onEvent, frame);
  }

  /** @param {PlacedFrame} frame */
  #placed(frame) {
    // An event that is not in view is still to come, under this very position.
    if (this.#shownPending.has(frame.event_id)) {
      this.#moveTo(frame.position);
      tell(this.#handlers.onPlaced, frame);
    }
  }

  /**
   * False when the position was reached before.
   *
   * @param {string} position
   */
  #moveTo(position) {
    if (this.position !== undefined && comparePositions(position, this.position) <= 0) {
      return false;
    }
    this.position = position;
    return true;
  }

  /** @param {string} eventId */
  #remember(eventId) {
    this.#shownPending.add(eventId);
    if (this.#shownPending.size > PENDING_LIMIT) {
      const [oldest] = this.#shownPending;
      this.#shownPending.delete(/** @type {string} */ (oldest));
    }
  }

  /**
   * @param {ParleyError} error
   * @param {number} asked
   */
  #failed(error, asked) {
    if (error.temporary) {
      const delay = error.retryMs ?? RETRY_MS;
      setTimeout(() => asked === this.#asked && !this.#over && this.start(), randomBetween(delay, delay * 1.2));
    } else {
      this.#over = true;
      this.#ended(this);
    }
    tell(this.#handlers.onError, error);
  }
}

// ---------------------------------------------------------------------------------------------------- the client

/** One connection for many conversations. Made by {@link connect}. */
export class Client {
  #options;
  #url;
  #Socket;
  #requests;
  #outbox;
  /** @type {Map<string, Subscription>} */
  #subscriptions = new Map();
  /** @type {Connection | undefined} */
  #connection;
  #backoff = new Backoff();
  /** Counts tries, so that a token which comes late is not used for a newer one. */
  #opening = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {string | undefined} the token of the connection that is open, or was last */
  #shownToken;
  /** @type {string | undefined} the last one that the gateway has called expired */
  #expiredToken;
  /** @type {Status} */
  #status = { state: "connecting", redis: "up", queued: 0, attempt: 0 };
  #online = () => this.#hurry();
  #visible = () => document.visibilityState === "visible" && this.#hurry();

  /**
   * @param {Options} options
   * @hideconstructor
   */
  constructor(options) {
    const url = new URL(options.url);
    url.protocol = url.protocol.replace(/^http/, "ws");
    this.#options = options;
    this.#url = url.href;
    this.#Socket = options.WebSocket ?? globalThis.WebSocket;
    if (typeof this.#Socket !== "function") {
      throw new TypeError("there is no WebSocket here: pass a class as the option WebSocket, or use Node 22 or later");
    }
    this.#requests = new Requests(options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS, (frame) => this.#write(frame));
    this.#outbox = new Outbox(options.outboxLimit ?? OUTBOX_LIMIT, this.#requests);
    globalThis.addEventListener?.("online", this.#online);
    globalThis.document?.addEventListener("visibilitychange", this.#visible);
    this.#open();
  }

  /** The connection as `onStatus` last told it. */
  get status() {
    return this.#status;
  }

  /**
   * Follows a conversation until `unsubscribe` or a final error.
   *
   * @param {string} conversation
   * @param {Handlers} handlers
   * @returns {Subscription}
   */
  subscribe(conversation, handlers) {
    this.#checkOpen();
    if (this.#subscriptions.has(conversation)) {
      throw new ParleyError("conflict", `${conversation} is subscribed to already: unsubscribe first`);
    }
    const subscription = new Subscription(conversation, handlers, this.#requests, (ended) => this.#forget(ended));
    this.#subscriptions.set(conversation, subscription);
    if (this.#connection?.welcome) {
      subscription.start();
    }
    return subscription;
  }

  /**
   * No handler is called after this. Resolves when the gateway knows; without a connection there is nothing to tell it.
   *
   * @param {string} conversation
   * @returns {Promise<void>}
   */
  async unsubscribe(conversation) {
    const subscription = this.#subscriptions.get(conversation);
    if (subscription === undefined) {
      return;
    }
    subscription.stop();
    this.#forget(subscription);
    if (this.#connection?.welcome) {
      await this.#ask({ type: "unsubscribe", conversation }).catch(() => {});
    }
  }

  /**
   * Sends a person's message. It is kept, and sent again under the same id after a reconnect or a temporary error, until the gateway
   * has it: so it is in the conversation once. Rejects with what is final.
   *
   * @param {string} conversation
   * @param {string | {type: string, text?: string}[]} content a text, or content parts as OpenAI has them
   * @param {{messageId?: string, metadata?: object, cache?: any}} [options]
   * @returns {Promise<Sent>}
   */
  async send(conversation, content, { messageId = randomId(), metadata, cache } = {}) {
    this.#checkOpen();
    return this.#outbox.send({ type: "send", conversation, content, message_id: messageId, metadata, cache });
  }

  /**
   * Publishes an agent's event. Rejects with `disconnected` when the connection is lost before the answer: it may be in the log then,
   * and publishing it again under the same `eventId` is safe.
   *
   * @param {string} conversation
   * @param {string} event such as `agent.response.streaming`
   * @param {object} payload
   * @param {{eventId?: string, durable?: boolean}} [options]
   * @returns {Promise<Published>}
   */
  async publish(conversation, event, payload, { eventId = randomId(), durable } = {}) {
    const ok = await this.#ask({ type: "publish", conversation, event, payload, event_id: eventId, durable });
    return { ...stored(ok), event_id: ok.event_id ?? eventId };
  }

  /**
   * Asks the agent to stop: the run that is named, or whatever it does for this conversation.
   *
   * @param {string} conversation
   * @param {{run?: string, reason?: string}} [options]
   * @returns {Promise<Stored>}
   */
  async cancel(conversation, { run, reason } = {}) {
    return stored(await this.#ask({ type: "cancel", conversation, run, reason }));
  }

  /**
   * Calls an operation of the HTTP API by its name, such as `session.get`.
   *
   * @param {string} method
   * @param {object} [params]
   * @returns {Promise<any>}
   */
  async call(method, params = {}) {
    return (await this.#ask({ type: "call", method, params })).result;
  }

  /** Gives the gateway a new token on the open connection, before the old one runs out. */
  async authenticate() {
    const token = await this.#token();
    if (token !== undefined) {
      await this.#ask({ type: "auth", token });
      this.#shownToken = token;
    }
  }

  /** Ends it: what waits for an answer is rejected with `closed`. */
  close() {
    if (this.#status.state !== "closed") {
      const connection = this.#connection;
      this.#end(1000, "closed by the application");
      connection?.abandon("closed by the application");
    }
  }

  /**
   * @param {ClientFrame} frame
   * @returns {Promise<OkFrame>}
   */
  #ask(frame) {
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      this.#requests.ask(frame, resolve, reject);
    });
  }

  /** @param {ClientFrame} frame */
  #write(frame) {
    const connection = this.#connection;
    if (!connection?.welcome) {
      return false;
    }
    const text = JSON.stringify(frame);
    const most = connection.welcome.max_frame_bytes;
    // The gateway closes for good on a frame that is too large.
    if (text.length * 3 > most && new TextEncoder().encode(text).length > most) {
      throw new ParleyError("too_large", `the ${frame.type} has more than ${most} bytes`);
    }
    connection.write(text, frame);
    return true;
  }

  async #open() {
    const opening = ++this.#opening;
    const current = () => opening === this.#opening;
    /** @type {string | undefined} */
    let token;
    try {
      token = await within(this.#token(), CONNECT_TIMEOUT_MS, "no token came");
    } catch (error) {
      if (current()) {
        this.#noToken(error);
      }
      return;
    }
    if (!current()) {
      return;
    }
    if (token !== undefined && token === this.#expiredToken) {
      this.#noToken("the gateway has said already that this one has expired");
      return;
    }
    this.#shownToken = token;
    try {
      this.#connection = new Connection(
        this.#Socket,
        this.#url,
        token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, `parley.token.${token}`],
        {
          welcome: (frame) => current() && this.#welcomed(frame),
          frame: (frame) => current() && this.#frame(frame),
          tap: (direction, frame) => tell(this.#options.onFrame, direction, frame),
          gone: (code, reason, goodbye) => current() && this.#lost(code, reason, goodbye),
        },
      );
    } catch (error) {
      if (token !== undefined && error instanceof Error && error.name === "SyntaxError") {
        // The URL was checked: the token holds what a subprotocol can't. The error may quote it.
        this.#noToken("it has characters that no JWT has");
      } else {
        this.#end(0, error instanceof Error ? error.message : String(error));
      }
    }
  }

  async #token() {
    const { token } = this.#options;
    if (typeof token !== "function") {
      return token;
    }
    const given = await token();
    if (typeof given !== "string" || given === "") {
      throw new TypeError(`token() returned ${given === "" ? "an empty string" : given === null ? "null" : typeof given}`);
    }
    return given;
  }

  /**
   * There is no token to connect with. A function may return a better one later, a string stays what it is.
   *
   * @param {unknown} why never a token
   */
  #noToken(why) {
    const reason = `no token: ${why instanceof Error ? why.message : why}`;
    if (typeof this.#options.token === "function") {
      this.#lost(0, reason);
      tell(this.#options.onError, new ParleyError("no_token", reason, true));
    } else {
      this.#end(this.#expiredToken === undefined ? 0 : TOKEN_EXPIRED, reason);
    }
  }

  /** @param {WelcomeFrame} frame */
  #welcomed(frame) {
    this.#become({ state: "connected", attempt: 0, retryInMs: undefined, reason: undefined, ...gatewayStatus(frame.status) });
    for (const subscription of this.#subscriptions.values()) {
      subscription.start();
    }
    this.#requests.flush();
    this.#outbox.connected();
  }

  /** @param {ServerFrame} frame */
  #frame(frame) {
    switch (frame.type) {
      case "ok":
        this.#requests.answer(frame);
        break;
      case "error":
        if (!this.#requests.answer(frame)) {
          tell(this.#options.onError, ParleyError.of(frame));
        }
        break;
      case "subscribed":
        if (frame.ref !== undefined) {
          this.#requests.answer(frame);
          break;
        }
      // Without a ref it came in mid-stream. fall through
      case "snapshot":
      case "event":
      case "placed":
        this.#subscriptions.get(frame.conversation)?.handle(frame);
        break;
      case "status":
        this.#become(gatewayStatus(frame));
        break;
    }
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @param {GoodbyeFrame} [goodbye]
   */
  #lost(code, reason, goodbye) {
    const welcomedAt = this.#connection?.welcomedAt;
    const stable = welcomedAt !== undefined && Date.now() - welcomedAt >= STABLE_MS;
    if (stable) {
      this.#backoff.reset();
    }
    if (code === TOKEN_EXPIRED) {
      this.#expiredToken = this.#shownToken;
    }
    if (code in FINAL_CLOSE_CODES) {
      this.#end(code, reason || FINAL_CLOSE_CODES[/** @type {keyof typeof FINAL_CLOSE_CODES} */ (code)]);
      return;
    }
    this.#opening++;
    this.#connection = undefined;
    const backoff = this.#backoff.next();
    // A client that is disconnected repeatedly reconnects more and more slowly, whatever the gateway says.
    const delay = goodbye?.retry_ms ? Math.max(randomBetween(...goodbye.retry_ms), stable ? 0 : backoff) : backoff;
    this.#outbox.disconnected();
    for (const subscription of this.#subscriptions.values()) {
      subscription.disconnected();
    }
    this.#requests.fail(new ParleyError("disconnected", "the connection was lost before the answer came", true), false);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#reopen(), delay);
    this.#become({ state: "reconnecting", attempt: this.#backoff.attempt, retryInMs: delay, reason });
  }

  #reopen() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#open();
  }

  /** The network is back, or a sleeping page is looked at again: no need to wait, and an open socket may be dead. */
  #hurry() {
    if (this.#retry !== undefined) {
      this.#reopen();
    } else {
      this.#connection?.probe();
    }
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #end(code, reason) {
    this.#opening++;
    this.#connection = undefined;
    clearTimeout(this.#retry);
    globalThis.removeEventListener?.("online", this.#online);
    globalThis.document?.removeEventListener("visibilitychange", this.#visible);
    this.#become({ state: "closed", retryInMs: undefined, reason });
    for (const subscription of this.#subscriptions.values()) {
      subscription.stop();
    }
    this.#subscriptions.clear();
    const error = new ParleyError("closed", `the connection is closed: ${reason}`);
    this.#requests.fail(error, true);
    this.#outbox.close(error);
    tell(this.#options.onClose, { code, reason });
  }

  /** @param {Partial<Status>} change */
  #become(change) {
    this.#status = { ...this.#status, ...change };
    tell(this.#options.onStatus, this.#status);
  }

  /** @param {Subscription} subscription */
  #forget(subscription) {
    if (this.#subscriptions.get(subscription.conversation) === subscription) {
      this.#subscriptions.delete(subscription.conversation);
    }
  }

  #checkOpen() {
    if (this.#status.state === "closed") {
      throw new ParleyError("closed", "this client is closed: make a new one with connect()");
    }
  }
}

/**
 * @param {GatewayStatus | undefined} status
 * @returns {GatewayStatus}
 */
function gatewayStatus(status) {
  return { redis: status?.redis ?? "up", queued: status?.queued ?? 0 };
}

// ---------------------------------------------------------------------------------------------------- what a page shows

/**
 * @typedef {object} TranscriptTool
 * @property {string} tool
 * @property {string} [tool_call_id]
 * @property {"running" | "finished" | "failed"} state
 */

/**
 * @typedef {object} TranscriptMessage
 * @property {"message"} kind
 * @property {number} key stays the same while this item lives
 * @property {number} version changes when anything in it changes
 * @property {"user" | "assistant"} role
 * @property {string} text
 * @property {"sending" | "queued" | "sent" | "failed" | "streaming" | "done"} state
 * @property {TranscriptTool[]} tools
 * @property {string} [message_id]
 * @property {string} [agent]
 * @property {string} [user]
 * @property {string} [run]
 * @property {string} [at] RFC 3339
 * @property {string} [error] why it failed
 * @property {boolean} [cancelled] a person asked to stop it
 * @property {string} [event_id]
 * @property {string} [position]
 * @property {boolean} [unseen] an own message that the log has not shown yet
 */

/**
 * @typedef {object} TranscriptHandoff
 * @property {"handoff"} kind
 * @property {number} key
 * @property {number} version
 * @property {string} [from]
 * @property {string} to
 */

/** @typedef {TranscriptMessage | TranscriptHandoff} TranscriptItem */

/**
 * One agent's run in progress: two agents that use the same run id have two. It has several parts when a person has spoken since it began.
 *
 * @typedef {object} TranscriptRun
 * @property {string} [run] absent for the implicit run of an agent that names none
 * @property {string} [agent]
 * @property {string} [message_id]
 * @property {TranscriptMessage[]} parts
 */

/** Folds a snapshot and the events after it into what a chat shows. */
export class Transcript {
  /**
   * In the order to show them.
   *
   * @type {TranscriptItem[]}
   */
  items = [];

  /** @type {SnapshotSession | null} */
  session = null;

  /** @type {Map<string, TranscriptRun>} */
  #runs = new Map();
  /** @type {Set<string>} of runs that have ended, as `append.lua` keeps them: the newest */
  #ended = new Set();
  /** @type {Map<string, {to: string, by: Set<string>}>} by the run's name: who handed it over, and to whom it was last */
  #handedOver = new Map();
  #limit;
  #onChange;
  #keys = 0;

  /** @param {{onChange?: () => void, limit?: number}} [options] `limit`: items that are kept, the newest; default 1,000 */
  constructor({ onChange, limit = 1_000 } = {}) {
    this.#onChange = onChange;
    this.#limit = limit;
  }

  /** The runs in progress. */
  get runs() {
    return [...this.#runs.values()];
  }

  /** The messages among the items, answers in progress included. */
  get messages() {
    return this.items.filter((item) => item.kind === "message");
  }

  /**
   * Handlers for `client.subscribe` that feed this transcript.
   *
   * @returns {Handlers}
   */
  handlers() {
    return { onSnapshot: this.apply, onEvent: this.apply, onPlaced: this.apply };
  }

  /** @param {SnapshotFrame | EventFrame | PlacedFrame} frame */
  apply = (frame) => {
    switch (frame.type) {
      case "snapshot":
        this.#snapshot(frame);
        break;
      case "event":
        this.#event(frame);
        break;
      case "placed":
        this.#placed(frame);
        break;
    }
    this.#changed();
  };

  /**
   * Shows an own message before the log does. `settle` or `fail` it with the outcome of `send`.
   *
   * @param {{message_id: string, content: string | {type: string, text?: string}[]}} message
   */
  show({ message_id, content }) {
    const at = new Date().toISOString();
    this.#add({ role: "user", text: spoken({ role: "user", content }), message_id, at, state: "sending", unseen: true });
    this.#changed();
  }

  /** @param {Sent} sent */
  settle(sent) {
    const message = this.#own(sent.message_id);
    if (message?.unseen) {
      message.position = sent.position;
      message.state = sent.queued ? "queued" : "sent";
      touch(message);
      this.#changed();
    }
  }

  /**
   * @param {string} messageId
   * @param {Error} error
   */
  fail(messageId, error) {
    const message = this.#own(messageId);
    if (message?.unseen) {
      message.state = "failed";
      message.error = error.message;
      touch(message);
      this.#changed();
    }
  }

  /**
   * Removes an own message that could not be sent.
   *
   * @param {string} messageId
   */
  remove(messageId) {
    this.items = this.items.filter((item) => item !== this.#own(messageId));
    this.#changed();
  }

  /** @param {SnapshotFrame} frame */
  #snapshot(frame) {
    const onTheirWay = this.messages.filter((message) => message.unseen && !covers(frame, message));
    this.items = [];
    this.#runs.clear();
    this.#handedOver.clear();
    this.session = frame.session;
    for (const message of frame.messages) {
      if (message.role === "assistant" && spoken(message) !== "") {
        this.#changeOfAgent(message.agent);
      }
      this.#message(message);
    }
    for (const { run, agent, message_id, text, tools } of frame.runs) {
      this.#changeOfAgent(agent || undefined);
      this.#reopen({ run, agent });
      const part = this.#part({ run, agent, message_id });
      part.text = text;
      part.tools = tools.map((tool) => ({ ...tool, state: /** @type {const} */ ("running") }));
    }
    for (const { run, agent, handed_to } of frame.runs) {
      if (handed_to !== undefined) {
        this.#markHandOver(run ?? "", agent ?? "", handed_to);
      }
    }
    this.items.push(...onTheirWay);
  }

  /**
   * One of the session's messages.
   *
   * @param {Omit<SnapshotMessage, "seq">} message
   */
  #message(message) {
    const { role, agent, message_id, failed, at } = message;
    const said = spoken(message);
    if (said !== "") {
      const state = failed ? "failed" : role === "user" ? "sent" : "done";
      this.#add({ role: /** @type {"user" | "assistant"} */ (role), text: said, agent, message_id, at, state });
    }
  }

  /**
   * A snapshot has no hand-offs: another agent's answer tells of one.
   *
   * @param {string | undefined} agent
   */
  #changeOfAgent(agent) {
    const before = this.messages.filter((message) => message.agent !== undefined).at(-1)?.agent;
    if (agent !== undefined && before !== undefined && before !== agent) {
      this.#handoff(before, agent);
    }
  }

  /** @param {EventFrame} frame */
  #event(frame) {
    const { event, timestamp } = frame.event;
    const payload = frame.event.payload ?? {};
    if (frame.late) {
      return;
    }
    switch (event) {
      case "user.message":
        this.#userMessage(frame);
        break;
      case "session.message":
        this.#message(/** @type {any} */ ({ ...payload, at: timestamp }));
        break;
      case "user.cancel":
        this.#cancelled(payload.run);
        break;
      case "agent.run.started":
        this.#reopen(payload);
        this.#part(payload, timestamp);
        break;
      case "agent.response.streaming":
        this.#chunk(payload, timestamp);
        break;
      case "agent.tool.started":
        this.#toolStarted(payload, timestamp);
        break;
      case "agent.tool.completed":
        this.#toolEnded(payload, "finished");
        break;
      case "agent.tool.failed":
        this.#toolEnded(payload, "failed");
        break;
      case "agent.handoff.completed":
        this.#handedOff(payload);
        break;
      case "agent.run.completed":
      case "agent.response.completed":
        this.#runEnded(payload, false, timestamp);
        break;
      case "agent.run.failed":
        this.#runEnded(payload, true, timestamp);
        break;
    }
  }

  /** @param {EventFrame} frame */
  #userMessage({ event, event_id, position, pending }) {
    const { message_id, content, user } = event.payload;
    const own = this.#own(message_id);
    if (own && !own.unseen) {
      return;
    }
    // An own message moves to the place that the log gives it.
    this.items = this.items.filter((item) => item !== own);
    const at = event.timestamp ?? own?.at;
    const message = this.#add({ role: "user", text: spoken({ role: "user", content }), message_id, user, at, position, event_id });
    message.state = pending ? "queued" : "sent";
    if (own) {
      message.key = own.key;
      message.version = own.version + 1;
    }
  }

  /** @param {PlacedFrame} frame */
  #placed({ event_id, position }) {
    const message = this.messages.find((each) => each.event_id === event_id && each.state === "queued");
    if (message) {
      message.state = "sent";
      message.position = position;
      touch(message);
    }
  }

  /** @param {string | undefined} run all of them when it is absent */
  #cancelled(run) {
    for (const each of this.#runs.values()) {
      if (run === undefined || run === each.run) {
        last(each).cancelled = true;
        touch(last(each));
      }
    }
  }

  /**
   * @param {Record<string, any>} payload
   * @param {string} [at]
   */
  #chunk(payload, at) {
    const part = this.#open(payload, at);
    if (part) {
      part.text += payload.chunk ?? "";
      touch(part);
    }
  }

  /**
   * @param {Record<string, any>} payload
   * @param {string} [at]
   */
  #toolStarted(payload, at) {
    const part = this.#open(payload, at);
    if (part) {
      part.tools.push({ tool: payload.tool, tool_call_id: payload.tool_call_id || undefined, state: "running" });
      touch(part);
    }
  }

  /**
   * @param {Record<string, any>} payload
   * @param {"finished" | "failed"} state
   */
  #toolEnded(payload, state) {
    for (const part of this.#heard(payload)?.parts ?? []) {
      const tool = part.tools.find(
        (each) =>
          each.state === "running" &&
          (payload.tool_call_id ? each.tool_call_id === payload.tool_call_id : each.tool === payload.tool),
      );
      if (tool) {
        tool.state = state;
        touch(part);
        return;
      }
    }
  }

  /** @param {Record<string, any>} payload */
  #handedOff({ from, agent, to, run }) {
    if (to) {
      const by = agent || (run ? undefined : this.session?.current_agent);
      for (const each of this.#runs.values()) {
        if ((!run || run === each.run) && (by === undefined ? run : by === (each.agent ?? ""))) {
          this.#markHandOver(each.run ?? "", each.agent ?? "", to);
        }
      }
      this.#handoff(from ?? agent ?? this.session?.current_agent, to);
      if (this.session) {
        this.session = { ...this.session, current_agent: to };
      }
    }
  }

  /**
   * @param {Record<string, any>} payload
   * @param {boolean} failed
   * @param {string} [at]
   */
  #runEnded(payload, failed, at) {
    const error = failed ? (text(payload.error) ?? text(payload.error?.message) ?? text(payload.reason) ?? text(payload.message)) : undefined;
    let content = text(payload.content);
    let run = this.#heard(payload);
    const key = run ? keyOf(run) : keyOf(payload);
    const name = payload.run || "";
    if (!run && this.#hasEnded(payload) && !(content !== undefined && this.#ended.delete(`l ${key}`))) {
      return;
    }
    this.#settleHandOver(name, key, true);
    if (this.#ended.delete(`s ${key}`)) {
      content = undefined; // it is shown already, before the hand-off
    }
    if (name !== "") {
      if (!payload.agent) {
        for (const each of [...this.#runs.values()].filter((each) => each.run === name && each !== run)) {
          this.#mark(`e ${keyOf(each)}`);
          this.#close(each, failed, error, at);
        }
        this.#mark(`w ${name}`);
      }
      this.#mark(`e ${key}`, `e ${name}\n`);
      if (failed && payload.error?.code === "agent_lost") {
        this.#mark(`l ${key}`);
      }
    }
    if (!run) {
      // An agent may end a run that it does not name twice (response.completed, run.completed), or say it all in its last event.
      if ((content === undefined || (name === "" && this.#said(content, payload))) && error === undefined) {
        return;
      }
      this.#part(payload, at);
      run = /** @type {TranscriptRun} */ (this.#runs.get(key));
    }
    if (content !== undefined && run.parts.length === 1) {
      last(run).text = content;
    }
    this.#close(run, failed, error, at);
    if (![...this.#runs.values()].some((each) => (each.run ?? "") === name)) {
      this.#handedOver.delete(name);
    }
  }

  /**
   * @param {TranscriptRun} run
   * @param {boolean} [failed]
   * @param {string} [error]
   * @param {string} [at]
   */
  #close(run, failed = false, error, at) {
    this.#runs.delete(keyOf(run));
    for (const part of run.parts) {
      part.state = failed && part === last(run) ? "failed" : "done";
      part.error = part.state === "failed" ? error : undefined;
      part.at = at ?? part.at;
      for (const tool of part.tools) {
        tool.state = tool.state === "running" ? (failed ? "failed" : "finished") : tool.state;
      }
      touch(part);
      if (part.text === "" && part.tools.length === 0 && part.state === "done") {
        this.items = this.items.filter((item) => item !== part);
      }
    }
  }

  /** @param {string[]} marks */
  #mark(...marks) {
    for (const mark of marks) {
      this.#ended.delete(mark);
      this.#ended.add(mark);
    }
    for (const oldest of this.#ended) {
      if (this.#ended.size <= ENDED_LIMIT) {
        break;
      }
      this.#ended.delete(oldest);
    }
  }

  /** @param {Record<string, any>} payload */
  #hasEnded(payload) {
    return Boolean(payload.run) && (this.#ended.has(`e ${keyOf(payload)}`) || this.#ended.has(`w ${payload.run}`));
  }

  /** @param {Record<string, any>} payload */
  #reopen(payload) {
    for (const mark of [`e ${keyOf(payload)}`, `e ${payload.run}\n`, `w ${payload.run}`, `l ${keyOf(payload)}`]) {
      this.#ended.delete(mark);
    }
  }

  /**
   * The run in progress that an event is of: of one that names a run and no agent, the one of that name that has begun last.
   *
   * @param {Record<string, any>} payload
   */
  #heard(payload) {
    const known = this.#runs.get(keyOf(payload));
    return known ?? (payload.run && !payload.agent ? [...this.#runs.values()].findLast((each) => each.run === payload.run) : undefined);
  }

  /**
   * @param {string} name
   * @param {string} agent
   * @param {string} to
   */
  #markHandOver(name, agent, to) {
    const by = this.#handedOver.get(name)?.by ?? new Set();
    this.#handedOver.set(name, { to, by: by.add(agent) });
  }

  /**
   * Who has handed over a run has nothing more to say until it is handed back: it is done when another agent goes on with it, or ends it.
   *
   * @param {string} name
   * @param {string} but
   * @param {boolean} ends
   */
  #settleHandOver(name, but, ends) {
    const { to, by } = this.#handedOver.get(name) ?? { to: "", by: new Set() };
    for (const agent of by) {
      const key = `${name}\n${agent}`;
      const part = this.#runs.get(key);
      if (agent !== to && key !== but && part) {
        this.#close(part);
        if (!ends) {
          this.#mark(`s ${key}`);
        }
      }
      if (agent !== to && ends && name !== "") {
        this.#mark(`e ${key}`);
      }
    }
  }

  /**
   * @param {string} content
   * @param {Record<string, any>} payload
   */
  #said(content, { agent, message_id }) {
    if (message_id) {
      return this.messages.some((each) => each.role === "assistant" && each.message_id === message_id);
    }
    const answer = this.messages.at(-1);
    return answer?.role === "assistant" && answer.text === content && answer.agent === agent;
  }

  /**
   * As `#part`; undefined when its run has ended.
   *
   * @param {Record<string, any>} payload
   * @param {string} [at]
   */
  #open(payload, at) {
    return !this.#heard(payload) && this.#hasEnded(payload) ? undefined : this.#part(payload, at);
  }

  /**
   * Where what the payload brings is shown: the run's last part, or a new one. A run starts with its first event.
   *
   * @param {Record<string, any>} payload
   * @param {string} [at]
   */
  #part(payload, at) {
    const [run, agent, message_id] = [payload.run || undefined, payload.agent || undefined, payload.message_id || undefined];
    let known = this.#heard(payload);
    if (known === undefined) {
      const key = keyOf(payload);
      this.#settleHandOver(run ?? "", key, false);
      if (run === undefined) {
        this.#ended.delete(`s ${key}`);
      }
      known = { run, agent, message_id, parts: [] };
      this.#runs.set(key, known);
    } else if (!this.#answersAnew(known)) {
      return last(known);
    } else {
      last(known).state = "done";
      touch(last(known));
    }
    const part = this.#add({ role: "assistant", text: "", agent, message_id, run, at, state: "streaming" });
    known.parts.push(part);
    return part;
  }

  /**
   * An agent that never ends its implicit run speaks after a person did.
   *
   * @param {TranscriptRun} run
   */
  #answersAnew(run) {
    if (run.run !== undefined) {
      return false;
    }
    const asked = this.items.findLastIndex((item) => item.kind === "message" && item.role === "user" && !item.unseen);
    return asked > this.items.lastIndexOf(last(run));
  }

  /**
   * @param {string | undefined} from
   * @param {string} to
   */
  #handoff(from, to) {
    this.items.push({ kind: "handoff", key: ++this.#keys, version: 0, from, to });
  }

  /** @param {Partial<TranscriptMessage> & {role: "user" | "assistant", text: string}} fields */
  #add(fields) {
    /** @type {TranscriptMessage} */
    const message = { kind: "message", key: ++this.#keys, version: 0, state: "done", tools: [], ...fields };
    this.items.push(message);
    return message;
  }

  /** @param {string | undefined} messageId */
  #own(messageId) {
    return messageId === undefined
      ? undefined
      : this.messages.find((message) => message.role === "user" && message.message_id === messageId);
  }

  #changed() {
    if (this.items.length > this.#limit) {
      const tooMany = this.items.length - this.#limit;
      this.items = this.items.filter((item, index) => index >= tooMany || (item.kind === "message" && item.state === "streaming"));
    }
    tell(this.#onChange);
  }
}

/**
 * Whether the snapshot was taken after the message went into the log.
 *
 * @param {SnapshotFrame} snapshot
 * @param {TranscriptMessage} message
 */
function covers(snapshot, message) {
  return (
    snapshot.messages.some(({ role, message_id }) => role === "user" && message_id === message.message_id) ||
    (message.position !== undefined &&
      snapshot.position !== undefined &&
      comparePositions(message.position, snapshot.position) <= 0)
  );
}

/**
 * What people see of a message: nothing of prompts, tools' results and calls without a word, which are for models.
 *
 * @param {Omit<SnapshotMessage, "seq">} message
 */
function spoken({ role, content }) {
  if (role !== "user" && role !== "assistant") {
    return "";
  }
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
}

/**
 * What tells runs apart: two agents that use the same run id have two, and one that names none has one at a time.
 *
 * @param {{run?: any, agent?: any}} payload
 */
function keyOf({ run, agent }) {
  return `${run || ""}\n${agent || ""}`;
}

/** @param {TranscriptRun} run */
function last(run) {
  return /** @type {TranscriptMessage} */ (run.parts.at(-1));
}

/** @param {TranscriptItem} item */
function touch(item) {
  item.version++;
}

/** @param {any} value */
function text(value) {
  return typeof value === "string" && value !== "" ? value : undefined;
}
