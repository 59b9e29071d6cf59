/**
 * The line between a seat and the server, with a tap and a plug: everything that goes over it is noted, and it can be
 * pulled out, as if the network had gone.
 */

const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocket;
/** What a socket reports whose line is lost. */
const ABNORMAL = 1006;

/**
 * A cable: give its `WebSocket` to the client.
 *
 * @typedef {object} Tap
 * @property {(direction: "in" | "out" | "line", text: string) => void} note told of each message, and of what becomes of
 *     the line
 */
export class Cable {
  #note;
  /** @type {Set<Line>} */
  #lines = new Set();
  isPlugged = true;

  /** @param {Tap["note"]} note */
  constructor(note) {
    this.#note = note;
    const cable = this;
    /** A WebSocket that goes over this cable. */
    this.WebSocket = class extends Line {
      /**
       * @param {string | URL} url
       * @param {string | string[]} [protocols]
       */
      constructor(url, protocols = []) {
        super(cable, url, protocols);
      }
    };
  }

  /** Pull it out: no line gets anything any more, and no new one is to be had. */
  unplug() {
    if (!this.isPlugged) return;
    this.isPlugged = false;
    this.#note("line", "cut");
    for (const line of [...this.#lines]) line.lose();
  }

  /** Put it back. */
  plug() {
    if (this.isPlugged) return;
    this.isPlugged = true;
    this.#note("line", "plugged in");
    // The client waits for its next try, unless it hears that there is a network again.
    window.dispatchEvent(new Event("online"));
  }

  /** @param {Line} line */
  add(line) {
    this.#lines.add(line);
  }

  /** @param {Line} line */
  remove(line) {
    this.#lines.delete(line);
  }

  /**
   * @param {"in" | "out" | "line"} direction
   * @param {string} text
   */
  note(direction, text) {
    this.#note(direction, text);
  }
}

/** What a WebSocket is to the client. */
class Line extends EventTarget {
  static CONNECTING = CONNECTING;
  static OPEN = OPEN;
  static CLOSING = CLOSING;
  static CLOSED = CLOSED;
  CONNECTING = CONNECTING;
  OPEN = OPEN;
  CLOSING = CLOSING;
  CLOSED = CLOSED;
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;
  /** @type {((event: any) => void) | null} */
  onerror = null;

  /** @type {WebSocket | null} */
  #socket = null;
  #cable;
  #isOver = false;
  #url;

  /**
   * @param {Cable} cable
   * @param {string | URL} url
   * @param {string | string[]} protocols
   */
  constructor(cable, url, protocols) {
    super();
    this.#cable = cable;
    this.#url = String(url);
    cable.add(this);
    if (!cable.isPlugged) {
      setTimeout(() => this.lose());
      return;
    }
    const socket = new WebSocket(url, protocols);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#tell(new Event("open")));
    socket.addEventListener("message", ({ data }) => {
      if (this.#isOver) return;
      cable.note("in", String(data));
      this.#tell(new MessageEvent("message", { data }));
    });
    socket.addEventListener("close", ({ code, reason, wasClean }) => this.#end(code, reason, wasClean));
  }

  get url() {
    return this.#socket?.url ?? this.#url;
  }

  get readyState() {
    return this.#isOver ? CLOSED : (this.#socket?.readyState ?? CONNECTING);
  }

  get protocol() {
    return this.#socket?.protocol ?? "";
  }

  get extensions() {
    return this.#socket?.extensions ?? "";
  }

  get bufferedAmount() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  get binaryType() {
    return this.#socket?.binaryType ?? "blob";
  }

  set binaryType(type) {
    if (this.#socket !== null) this.#socket.binaryType = type;
  }

  /** @param {string} data */
  send(data) {
    if (this.#isOver || this.#socket === null) return;
    this.#cable.note("out", data);
    this.#socket.send(data);
  }

  /**
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code, reason) {
    if (code === undefined) this.#socket?.close();
    else this.#socket?.close(code, reason);
    if (this.#socket === null) this.#end(ABNORMAL, "", false);
  }

  /** The line is lost, whatever was under way. */
  lose() {
    this.#socket?.close();
    this.#end(ABNORMAL, "", false);
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @param {boolean} wasClean
   */
  #end(code, reason, wasClean) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cable.remove(this);
    if (this.#socket !== null) this.#cable.note("line", `closed: ${code}${reason ? ` ${reason}` : ""}`);
    if (code === ABNORMAL) this.#tell(new Event("error"), true);
    this.#tell(new CloseEvent("close", { code, reason, wasClean }), true);
  }

  /**
   * @param {Event} event
   * @param {boolean} [isLast]
   */
  #tell(event, isLast = false) {
    if (this.#isOver && !isLast) return;
    if (event.type === "open") this.#cable.note("line", `open ${where(this.url)}`);
    const listener = /** @type {any} */ (this)[`on${event.type}`];
    listener?.call(this, event);
    this.dispatchEvent(event);
  }
}

/** What was asked for, without what is secret. @param {string} url */
function where(url) {
  const { pathname, searchParams } = new URL(url);
  searchParams.delete("token");
  return `${pathname}?${searchParams}`;
}
