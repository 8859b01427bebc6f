"use strict";
// Elements, numbers, hints. Text of the repository only ever becomes a text node or the value of an attribute
// that carries no code.

const scan = JSON.parse(document.getElementById("scan").textContent);
const SVG = "http://www.w3.org/2000/svg";
const SEVERITIES = ["low", "medium", "high"];
const moduleCount = scan.lines.length;

function make(node, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const el = (tag, properties, ...children) => make(document.createElement(tag), properties, children);
const svg = (tag, properties, ...children) => make(document.createElementNS(SVG, tag), properties, children);
const count = (number, word, words) => `${whole(number)} ${number === 1 ? word : words || word + "s"}`;
const whole = (number) => Math.round(number).toLocaleString("en-US");
const decimal = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 1 });
const shortened = (text, most) => (text.length <= most ? text : "…" + text.slice(text.length - most + 1));

// The last parts of a dotted name or path that fit.
function lastParts(name, separator, most) {
  if (name.length <= most) return name;
  const parts = name.split(separator);
  while (parts.length > 1 && parts.join(separator).length >= most - 1) parts.shift();
  return shortened(`…${parts.join(separator)}`, most);
}

function titled(id, title, ...more) {
  const section = document.getElementById(id);
  section.replaceChildren();
  return make(section, {}, [el("h2", { id: `${id}-title` }, title), ...more]);
}

// `code` in a sentence.
const prose = (text) => text.split("`").map((part, number, all) => (number % 2 && number < all.length - 1 ? el("code", {}, part) : number % 2 ? "`" + part : part));

function empty(said) {
  return el("p", { class: "empty" }, said);
}

// The first of many, and a button for more.
function inParts(items, most, draw, holder) {
  let shown = 0;
  const button = el("button", { type: "button", class: "more", on: { click: more } });
  function more() {
    for (const item of items.slice(shown, shown + most)) holder.append(draw(item));
    shown = Math.min(items.length, shown + most);
    button.textContent = `Show ${whole(Math.min(most, items.length - shown))} more of ${whole(items.length)}`;
    button.hidden = shown >= items.length;
  }
  more();
  return button;
}

const tip = document.getElementById("tip");

function hint(lines, x, y) {
  tip.replaceChildren(...lines.map((line, number) => el(number ? "div" : "b", {}, line)));
  tip.hidden = false;
  const left = Math.min(x + 14, window.innerWidth - tip.offsetWidth - 8);
  const top = y + 18 + tip.offsetHeight > window.innerHeight ? y - tip.offsetHeight - 10 : y + 18;
  Object.assign(tip.style, { left: `${Math.max(4, left)}px`, top: `${Math.max(4, top)}px` });
}

function hinted(node, lines) {
  node.addEventListener("pointermove", (event) => hint(lines(), event.clientX, event.clientY));
  node.addEventListener("pointerleave", () => (tip.hidden = true));
  node.addEventListener("focus", () => {
    const box = node.getBoundingClientRect();
    if (node.matches(":focus-visible")) hint(lines(), box.left, box.bottom - 14);
  });
  node.addEventListener("blur", () => (tip.hidden = true));
  return node;
}
