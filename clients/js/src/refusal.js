/**
 * Why a handshake was refused, where that can be known: browsers do not tell, and the package ws does.
 */

const MOST_CHARACTERS = 65_536;

/**
 * What a server answered instead of opening a WebSocket. The code and the message are those in the body, if any;
 * `after` is how many milliseconds it says to wait.
 *
 * @typedef {{ status: number, code: string, message: string, after: number }} Refusal
 */

/**
 * Read the answer, which the package ws gives to who asks for it.
 *
 * @param {any} answer an `http.IncomingMessage`
 * @returns {Promise<Refusal>}
 */
export async function refusalIn(answer) {
  const seconds = Number(answer.headers["retry-after"] ?? 0);
  let body = "";
  try {
    answer.setEncoding("utf8");
    for await (const text of answer) {
      body += text;
      if (body.length > MOST_CHARACTERS) break;
    }
  } catch {
    // Cut off: what came of it may do.
  }
  return { status: answer.statusCode, ...reasonIn(body), after: Number.isFinite(seconds) ? seconds * 1000 : 0 };
}

/** @param {string} body */
function reasonIn(body) {
  try {
    const { code, message } = JSON.parse(body).error;
    if (typeof code === "string" && typeof message === "string") return { code, message };
  } catch {
    // Whatever is there, it is no server of gamesvc.
  }
  return { code: "", message: "" };
}
