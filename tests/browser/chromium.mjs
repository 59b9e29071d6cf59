/** Debian's Chromium, and Playwright's core that drives it. `tests/packaging/services.sh` installs both. */

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

/** A name of this machine that a server does not know of. */
export const OTHER_NAME = "laptop";

/** How long it may take to start. */
const START_MS = 180_000;

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Where Chromium is; null where it is not installed. */
function found() {
  for (const name of NAMES) {
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // The next one.
    }
  }
  return null;
}

/** Start a browser. */
export async function launch() {
  const executablePath = found();
  if (executablePath === null) throw new Error(`none of these is installed: ${NAMES.join(", ")}`);
  // NODE_PATH counts too, for who has it elsewhere.
  const { chromium } = createRequire(new URL("../../.venv/", import.meta.url))("playwright-core");
  // Containers run as root, and without the privileges that a sandbox takes; what is loaded here is ours alone.
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server", `--host-resolver-rules=MAP ${OTHER_NAME} 127.0.0.1`];
  return chromium.launch({ executablePath, args, timeout: START_MS });
}
