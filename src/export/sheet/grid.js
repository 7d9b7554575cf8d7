// The pictures in rows of equal height, as a light table has them. Never holds more of them in the page than a few
// screens, however many there are: the rest is arithmetic.

const GAP = 20;
const BEYOND = 900;

class Grid {
  /** Draws into `box`; `open` is called with the index of an item that was chosen. */
  constructor(box, open) {
    this.box = box;
    this.open = open;
    this.items = [];
    this.rows = [];
    this.cards = new Map();
    this.current = 0;
    let width = 0;
    new ResizeObserver(() => {
      if (width !== box.clientWidth) this.resize();
      width = box.clientWidth;
    }).observe(box);
    addEventListener("scroll", () => this.draw(), { passive: true });
    addEventListener("resize", () => this.draw(), { passive: true });
    box.addEventListener("keydown", (event) => this.key(event));
  }

  /** Shows these items, from the first. */
  show(items) {
    this.items = items;
    this.current = 0;
    this.arrange();
  }

  /** Lays out anew, and keeps what stood at the top of the window there. */
  resize() {
    const top = -this.box.getBoundingClientRect().top;
    const first = top > 0 ? this.rows[this.rowAt(top)]?.first : undefined;
    this.arrange();
    const row = this.rows.find((row) => first < row.first + row.cells.length);
    if (first !== undefined && row) scrollTo(0, row.top + this.box.getBoundingClientRect().top + scrollY);
  }

  arrange() {
    const focused = this.box.contains(document.activeElement);
    this.cards.forEach((card) => card.remove());
    this.cards.clear();
    this.rows = rowsOf(this.items, this.box.clientWidth, this.textHeight());
    const last = this.rows.at(-1);
    this.box.style.height = `${last ? last.top + last.height : 0}px`;
    this.draw();
    if (focused) this.focus(this.current);
  }

  /** How high the words below a picture are, at the reader's size of type. */
  textHeight() {
    const probe = make("div", "card");
    probe.append(words({ id: "X", prompt: "X" }));
    this.box.append(probe);
    const height = probe.offsetHeight;
    probe.remove();
    return height;
  }

  /** The row at a distance from the top of the sheet. */
  rowAt(distance) {
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.rows[middle].top <= distance) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Puts the cards near the window into the page and takes the others out, but never the one that has the focus. */
  draw() {
    if (this.rows.length === 0) return;
    const top = -this.box.getBoundingClientRect().top;
    const wanted = new Set();
    for (let row = this.rowAt(top - BEYOND); row <= this.rowAt(top + innerHeight + BEYOND); row++) {
      this.rows[row].cells.forEach((_, column) => wanted.add(this.rows[row].first + column));
    }
    for (const [index, card] of this.cards) {
      if (!wanted.has(index) && !card.contains(document.activeElement)) {
        card.remove();
        this.cards.delete(index);
      }
    }
    const missing = [...wanted].filter((index) => !this.cards.has(index));
    for (const index of missing) this.cards.set(index, this.box.appendChild(this.card(index)));
  }

  card(index) {
    const row = this.rows[this.rowOf(index)];
    const cell = row.cells[index - row.first];
    const card = make("div", "card");
    card.role = "listitem";
    card.ariaPosInSet = index + 1;
    card.ariaSetSize = this.items.length;
    card.style.transform = `translate(${cell.left}px, ${row.top}px)`;
    card.style.width = `${cell.width}px`;
    const button = make("button", "open");
    button.type = "button";
    button.tabIndex = index === this.current ? 0 : -1;
    button.append(frame(this.items[index], row.pictureHeight), words(this.items[index]));
    button.addEventListener("click", () => this.open(index));
    button.addEventListener("focus", () => this.reach(index));
    card.append(button);
    return card;
  }

  rowOf(index) {
    let [low, high] = [0, this.rows.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.rows[middle].first <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** One card is in the order of the tabulator; the arrows go on from it. */
  reach(index) {
    this.cards.get(this.current)?.firstChild.setAttribute("tabindex", "-1");
    this.cards.get(index)?.firstChild.setAttribute("tabindex", "0");
    this.current = index;
  }

  /** Brings an item into the window and gives it the focus. */
  focus(index) {
    const row = this.rows[this.rowOf(index)];
    if (!row) return;
    const top = this.box.getBoundingClientRect().top + row.top;
    const bar = document.getElementById("bar").offsetHeight + 12;
    if (top < bar) scrollBy(0, top - bar);
    else if (top + row.height > innerHeight) scrollBy(0, Math.min(top - bar, top + row.height - innerHeight + 12));
    this.draw();
    this.cards.get(index)?.firstChild.focus({ preventScroll: true });
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = this.target(event.key);
    if (target === undefined) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(this.items.length - 1, target)));
  }

  target(key) {
    switch (key) {
      case "ArrowLeft": return this.current - 1;
      case "ArrowRight": return this.current + 1;
      case "ArrowUp": return this.beside(-1);
      case "ArrowDown": return this.beside(1);
      case "Home": return 0;
      case "End": return this.items.length - 1;
    }
  }

  /** The card above or below: the one whose middle is nearest. */
  beside(step) {
    const at = this.rowOf(this.current);
    const [row, other] = [this.rows[at], this.rows[at + step]];
    if (!other) return this.current;
    const middle = (cell) => cell.left + cell.width / 2;
    const from = middle(row.cells[this.current - row.first]);
    const far = other.cells.map((cell) => Math.abs(middle(cell) - from));
    return other.first + far.indexOf(Math.min(...far));
  }
}

/** Rows as wide as the sheet: each takes pictures until they fill it at about the height wanted, then is fitted. */
function rowsOf(items, width, textHeight) {
  const wanted = width < 560 ? 168 : width < 1000 ? 220 : 280;
  const rows = [];
  let [top, first, ratios, sum] = [0, 0, [], 0];
  const close = (height) => {
    const widths = ratios.map((ratio) => ratio * height);
    let left = 0;
    const cells = widths.map((width) => ({ left: (left += width + GAP) - width - GAP, width }));
    rows.push({ top, first, cells, pictureHeight: height, height: height + textHeight });
    top += height + textHeight + GAP * 1.5;
    [first, ratios, sum] = [first + ratios.length, [], 0];
  };
  const fitting = () => (width - GAP * (ratios.length - 1)) / sum;
  for (const item of items) {
    // Extremes keep their picture whole inside a box that is less so.
    const shape = Math.max(0.55, Math.min(2.4, ratio(item)));
    // Better a little too high with the pictures there are than far too low with one more.
    const withOne = (width - GAP * ratios.length) / (sum + shape);
    if (ratios.length > 0 && withOne < wanted && fitting() - wanted < wanted - withOne) close(fitting());
    ratios.push(shape);
    sum += shape;
    if (fitting() <= wanted) close(fitting());
  }
  if (ratios.length > 0) close(Math.min(wanted, fitting()));
  return rows;
}

/** The picture, or in its place why there is none. */
function frame(item, height) {
  const frame = make("span", "frame");
  frame.style.height = `${height}px`;
  if (item.images) {
    frame.append(image(item.images[0], item.caption ?? item.prompt, "lazy"));
  } else {
    frame.classList.add(item.state);
    frame.append(make("span", "why", why(item)));
    if (item.failure) frame.append(make("span", "message", item.failure.message));
  }
  if (item.badges || item.standings) frame.append(badges(item));
  return frame;
}

function badges(item) {
  const badges = make("span", "badges");
  badges.append(...verdicts(item, "badge"));
  if (item.review?.note) badges.append(make("span", "badge", "note"));
  for (const badge of item.badges ?? []) {
    badges.append(make("span", "badge", badge === "several" ? `${item.images.length} pictures` : BADGES[badge]));
  }
  return badges;
}

function words(item) {
  const words = make("span", "words");
  const edited = item.review?.edited ? item.caption : undefined;
  words.append(make("span", "name", item.id), make("span", "prompt", edited ?? item.prompt));
  return words;
}
