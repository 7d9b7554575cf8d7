// The last run over time: what was sent and throttled, what it cost, and how that had been foreseen. Never asks a clock.
"use strict";

const HIGH = 100;

const Night = {
  /** Draws the run into the figure, beside what was foreseen of it, if anything was. */
  draw(figure, night, foreseen) {
    const seconds = Math.max(...[night, foreseen].filter(Boolean).map(Night.length));
    const most = Math.max(...[night, foreseen].filter(Boolean).flatMap(Night.rates));
    const svg = figure.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${seconds} ${HIGH}`);
    svg.append(Night.bars(night, night.sent, most, "sent"), Night.bars(night, night.throttled, most, "throttled"));
    if (foreseen) svg.append(Night.outline(foreseen, most));
    const paid = night.cost.reduce((sum, cost) => sum + cost, 0);
    if (paid > 0) svg.append(Night.money(night, paid));
    const words = Night.words(night, foreseen, paid);
    svg.setAttribute("aria-label", words.map(([, text]) => text).join(", "));
    const caption = make("figcaption", "", "The last run: ");
    words.forEach(([name, text], place) => caption.append(place ? " · " : "", make("span", `key ${name}`, text)));
    figure.append(Night.clock(night.start, seconds), caption);
    figure.hidden = false;
  },

  length: (night) => night.sent.length * night.step_seconds,
  rates: (night) => night.sent.map((sent) => sent / night.step_seconds),

  /** A bar for each slice, all as one shape. */
  bars(night, figures, most, name) {
    const bar = (figure, place) => {
      const high = figure === 0 ? 0 : Math.max((figure / night.step_seconds / most) * HIGH, 2);
      return high ? `M${place * night.step_seconds} ${HIGH}v${-high}h${night.step_seconds}v${high}z` : "";
    };
    return Night.element("path", { class: name, d: figures.map(bar).join("") });
  },

  outline(night, most) {
    const step = (rate, place) => `${place ? "L" : "M"}${place * night.step_seconds} ${HIGH - (rate / most) * HIGH}h${night.step_seconds}`;
    return Night.element("path", { class: "foreseen", d: `${Night.rates(night).map(step).join("")}V${HIGH}` });
  },

  /** What was paid until then. */
  money(night, paid) {
    let sum = 0;
    const point = (cost, place) => `L${(place + 1) * night.step_seconds} ${HIGH - ((sum += cost) / paid) * HIGH}`;
    return Night.element("path", { class: "paid", d: `M0 ${HIGH}${night.cost.map(point).join("")}` });
  },

  /** The time of day below the beginning, the middle and the end. */
  clock(start, seconds) {
    const line = make("p", "clock");
    const timeStyle = seconds < 600 ? "medium" : "short";
    const time = (share) => new Date(start + seconds * share * 1000).toLocaleTimeString(undefined, { timeStyle });
    line.append(...[0, 0.5, 1].map((share) => make("span", "", time(share))));
    return line;
  },

  /** What is drawn, with the name of its line or shape. */
  words(night, foreseen, paid) {
    const sum = (figures) => figures.reduce((sum, figure) => sum + figure, 0);
    const words = [["sent", `${count(sum(night.sent), "request", "requests")} sent`]];
    if (sum(night.throttled)) words.push(["throttled", `${sum(night.throttled).toLocaleString("en")} throttled`]);
    if (sum(night.missed)) words.push(["", `${count(sum(night.missed), "attempt", "attempts")} in vain`]);
    if (paid > 0) words.push(["paid", `${money(paid)} paid by then`]);
    if (foreseen) words.push(["foreseen", `foreseen: ${duration(Night.length(foreseen))}, ${count(sum(foreseen.sent), "request", "requests")}`]);
    return words;
  },

  element(name, attributes) {
    const element = document.createElementNS(document.querySelector(".night svg").namespaceURI, name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    return element;
  },
};
