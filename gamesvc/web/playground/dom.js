/** Making and finding elements. Nothing here ever takes text for markup. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | null | undefined | false} Child what is none of it is left out */

/**
 * Make an element.
 *
 * @param {string} tag its name, and its classes after dots: `button.primary`
 * @param {Record<string, any>} [given] attributes; `on` holds listeners, `vars` custom properties, `data` what is under
 *     `dataset`. true is an empty attribute, and what is false, null or undefined is left out.
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(tag, given = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return filled(document.createElement(name), classes, given, children);
}

/**
 * Make an element of a drawing, in the same way.
 *
 * @param {string} tag
 * @param {Record<string, any>} [given]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function svg(tag, given = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  return filled(document.createElementNS(SVG, name), classes, given, children);
}

/**
 * @template {HTMLElement | SVGElement} E
 * @param {E} element
 * @param {string[]} classes
 * @param {Record<string, any>} given
 * @param {(Child | Child[])[]} children
 */
function filled(element, classes, { on = {}, vars = {}, data = {}, ...attributes }, children) {
  if (classes.length > 0) element.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(name, String(value));
  Object.assign(element.dataset, data);
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

/**
 * Give an element an attribute, or take it away. Nothing is touched that is already so.
 *
 * @param {Element} element
 * @param {string} name
 * @param {any} value true is an empty attribute; false, null and undefined are none
 */
export function set(element, name, value) {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Have an element say something else. Nothing is touched where it says so already.
 *
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Call something once, soon, however often it is asked for until then.
 *
 * @param {() => void} what
 * @returns {() => void}
 */
export function soon(what) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      what();
    });
  };
}

/** More than this is not heard out before the next things happen. */
const MOST_SAID = 5;
/** @type {string[]} */
let unsaid = [];
const sayAll = soon(() => {
  const region = document.getElementById("announcements");
  const lines = unsaid.slice(-MOST_SAID).map((text) => h("p", {}, text));
  unsaid = [];
  region?.append(...lines);
  while (region !== null && region.childElementCount > MOST_SAID) region.firstElementChild?.remove();
  setTimeout(() => lines.forEach((line) => line.remove()), 10_000);
});

/**
 * Say something to those who listen to the page instead of looking at it.
 *
 * @param {string} text
 */
export function announce(text) {
  unsaid.push(text);
  sayAll();
}

/**
 * Show something over the page for a moment.
 *
 * @param {string} text
 * @param {"good" | "bad" | "plain"} [tone]
 */
export function toast(text, tone = "plain") {
  const place = document.getElementById("toasts");
  const shown = h(`p.toast.${tone}`, { role: tone === "bad" ? "alert" : "status" }, text);
  place?.append(shown);
  setTimeout(() => shown.remove(), 6000);
}

/** How to scroll somewhere: at once, for whom things that move are too much. @returns {"auto" | "smooth"} */
export function gently() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}
