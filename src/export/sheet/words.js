// Figures and states as people read them, and elements made of text. Never reads markup from anywhere.
"use strict";

const STATES = { done: "done", queued: "waiting", running: "under way", cancelled: "taken out", failed: "failed" };
const BADGES = {
  shape: "other shape", tiny: "tiny", blank: "blank", duplicate: "like another", unchanged: "like its reference",
  uncaptioned: "no caption", several: "several pictures",
};
const STANDINGS = {
  open: "to decide", approved: "approved", rejected: "rejected", favourite: "favourites", "sent-back": "sent back",
  noted: "with a note",
};
/** Decisions as signs, so that colour is not all that tells them apart. */
const SIGNS = { approved: "✓", rejected: "✕", favourite: "★" };

/** An element of this class with this text; what others wrote reaches the page only through here. */
function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** Dollars to the cent, and small sums in full. */
function money(dollars) {
  const places = dollars !== 0 && Math.abs(dollars) < 0.1 ? 4 : 2;
  return "$" + dollars.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
}

/** A duration in its two largest units. */
function duration(seconds) {
  const pair = (whole, unit, rest, small) => (rest ? `${whole} ${unit} ${rest} ${small}` : `${whole} ${unit}`);
  const whole = Math.floor(seconds);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  return pair(Math.floor(whole / 3600), "h", Math.floor(whole / 60) % 60, "min");
}

/** What an item is filed under: its state, and of a failed one the kind of its failure. */
function standing(item) {
  return item.state === "failed" && item.failure ? item.failure.kind : item.state;
}

function named(standing) {
  return STATES[standing] ?? standing;
}

/** Why an item shows no picture. */
function why(item) {
  return item.state === "done" ? "not there any more" : named(standing(item));
}

function fileName(picture) {
  return picture.name ?? decodeURIComponent(picture.href);
}

/** What was said of an item that holds, as marks of this class. */
function verdicts(item, className) {
  const words = { approved: "approved", rejected: "rejected", favourite: "favourite" };
  const marks = (item.standings ?? []).filter((name) => name in words);
  const made = marks.map((name) => make("span", `${className} ${name}`, `${SIGNS[name]} ${words[name]}`));
  if (item.standings?.includes("sent-back")) made.push(make("span", className, "sent back"));
  return made;
}

/** The shape of an item's box: its picture's, else what was asked for, else a square. */
function ratio(item) {
  const picture = item.images?.[0];
  if (picture?.width && picture?.height) return picture.width / picture.height;
  const [wide, high] = (item.aspect_ratio ?? "1:1").split(":").map(Number);
  return wide / high;
}

/** An image that keeps its place while it loads, and says so if its file is gone. */
function image(picture, alternative, loading) {
  const element = make("img");
  element.loading = loading;
  element.decoding = "async";
  element.alt = alternative;
  if (picture.width && picture.height) {
    element.width = picture.width;
    element.height = picture.height;
  }
  element.addEventListener("error", () => {
    element.replaceWith(make("span", "gone", `${fileName(picture)} is not there any more`));
  });
  element.src = picture.href;
  return element;
}
