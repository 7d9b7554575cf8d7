// The cards in their places. Never holds more of them than a few screens, however many were found: the rest is arithmetic.

const BEYOND = 1200;
const MOST_BLOCKS = 10;

class Grid {
  /** The list that the server began; `open` is called with the place of a card that was chosen. */
  constructor(open, say) {
    this.open = open;
    this.say = say;
    new ResizeObserver(() => this.arrange()).observe(byId("found"));
    addEventListener("scroll", () => this.draw(), { passive: true });
    byId("found").addEventListener("keydown", (event) => this.key(event));
    byId("found").addEventListener("click", (event) => this.click(event));
    byId("found").addEventListener("focusin", (event) => {
      const card = event.target.closest(".card");
      if (card) this.reach(Number(card.dataset.place));
    });
    this.take();
  }

  /** Takes over what the server wrote: what was found, with its first cards. */
  take() {
    this.list = byId("grid");
    this.view = Number(this.list.dataset.view);
    this.total = Number(this.list.dataset.total);
    this.screen = Number(this.list.dataset.screen);
    this.current = 0;
    this.blocks = new Map();
    this.width = 0;
    const first = [...this.list.children];
    this.blocks.set(0, first);
    first.forEach((card) => Loading.watch(card));
    this.arrange();
    this.reach(0);
  }

  /** Lays out anew for this width, and keeps what stood at the top of the window there. */
  arrange() {
    const width = this.list.clientWidth;
    if (width === this.width || width === 0) return;
    const top = this.columns ? Math.max(0, -this.list.getBoundingClientRect().top) : 0;
    const first = top > 0 ? Math.floor(top / this.step) * this.columns : 0;
    this.width = width;
    this.list.classList.remove("placed");
    const style = getComputedStyle(this.list);
    this.columns = Math.max(1, style.gridTemplateColumns.split(" ").length);
    const gap = Number.parseFloat(style.columnGap) || 20;
    this.list.classList.add("placed");
    this.card = (width - gap * (this.columns - 1)) / this.columns;
    this.list.style.setProperty("--card", `${this.card}px`);
    const sample = this.blocks.get(0)?.[0];
    if (sample) this.put(sample);
    this.step = (sample?.offsetHeight || this.card + 90) + gap;
    this.gap = gap;
    this.list.style.height = `${Math.ceil(this.total / this.columns) * this.step}px`;
    for (const cards of this.blocks.values()) cards.forEach((card) => this.put(card));
    if (first > 0) scrollTo(0, Math.floor(first / this.columns) * this.step + this.list.offsetTop);
    this.draw();
  }

  put(card) {
    const place = Number(card.dataset.place);
    const [row, column] = [Math.floor(place / this.columns), place % this.columns];
    card.style.transform = `translate(${column * (this.card + this.gap)}px, ${row * (this.step ?? 0)}px)`;
    card.style.width = `${this.card}px`;
    card.ariaSetSize = String(this.total);
    card.ariaPosInSet = String(place + 1);
  }

  /** Puts the screens near the window into the page, and takes the others out but for the one that has the focus. */
  draw() {
    if (!this.total) return;
    const top = -this.list.getBoundingClientRect().top;
    const row = (distance) => Math.max(0, Math.floor(distance / this.step));
    const first = Math.floor((row(top - BEYOND) * this.columns) / this.screen);
    const last = Math.floor(Math.min(this.total - 1, (row(top + innerHeight + BEYOND) + 1) * this.columns) / this.screen);
    for (const [block, cards] of this.blocks) {
      const near = block >= first && block <= last;
      if (!near && !cards.some?.((card) => card.contains(document.activeElement))) cards.forEach?.((card) => card.remove());
    }
    for (let block = first; block <= last; block++) this.show(block);
    this.forget(first, last);
  }

  async show(block) {
    const known = this.blocks.get(block);
    if (known instanceof Promise) return known;
    if (known) return this.attach(known);
    const from = block * this.screen;
    const coming = part(`/cards?view=${this.view}&from=${from}&to=${Math.min(this.total, from + this.screen)}`);
    const view = this.view;
    const drawn = coming.then((html) => {
      if (view !== this.view) return;
      const cards = elements(html);
      this.blocks.set(block, cards);
      cards.forEach((card) => {
        this.put(card);
        Loading.watch(card);
      });
      this.attach(cards);
    });
    this.blocks.set(block, drawn);
    return drawn.catch((error) => {
      if (view !== this.view) return;
      this.blocks.delete(block);
      if (error.status === 410) dispatchEvent(new CustomEvent("forgotten"));
      else Told.fault(error);
    });
  }

  /** In the order of their places, for whoever listens to the page. */
  attach(cards) {
    if (cards.every((card) => card.isConnected)) return;
    const place = Number(cards[0].dataset.place);
    const after = [...this.list.children].find((card) => Number(card.dataset.place) > place);
    this.list.insertBefore(fragment(cards), after ?? null);
    dispatchEvent(new CustomEvent("attached"));
    this.reach(this.current);
  }

  forget(first, last) {
    const far = [...this.blocks].filter(([block, cards]) => Array.isArray(cards) && (block < first || block > last));
    far.sort(([one], [other]) => Math.abs(other - first) - Math.abs(one - first));
    for (const [block, cards] of far.slice(0, Math.max(0, this.blocks.size - MOST_BLOCKS))) {
      if (!cards.some((card) => card.isConnected)) this.blocks.delete(block);
    }
  }

  /** The cards that are in the page. */
  cards() {
    return [...this.list.querySelectorAll(".card")];
  }

  at(place) {
    return this.list.querySelector(`.card[data-place="${place}"]`);
  }

  /** The item at a place, fetched if need be. */
  async keyAt(place) {
    await this.show(Math.floor(place / this.screen));
    const cards = await this.blocks.get(Math.floor(place / this.screen));
    const card = (cards ?? this.blocks.get(Math.floor(place / this.screen)))?.[place % this.screen];
    return card && Number(card.dataset.key);
  }

  /** A card that looks otherwise now; the focus stays where it was in it. */
  replace(card, html) {
    const [fresh] = elements(html);
    fresh.dataset.place = card.dataset.place;
    Loading.watch(fresh);
    const focused = card.contains(document.activeElement) ? document.activeElement : undefined;
    const cards = this.blocks.get(Math.floor(Number(card.dataset.place) / this.screen));
    if (Array.isArray(cards)) cards[Number(card.dataset.place) % this.screen] = fresh;
    const picture = fresh.querySelector(".picture");
    const before = card.querySelector(".picture");
    // The same picture is not fetched, and does not flicker, again.
    if (picture && before && picture.dataset.src === before.dataset.src) picture.replaceWith(before);
    this.put(fresh);
    card.replaceWith(fresh);
    if (Number(fresh.dataset.place) === this.current) this.reach(this.current);
    if (focused) {
      const same = focused.dataset.say ? fresh.querySelector(`[data-say="${focused.dataset.say}"]`) : undefined;
      (same ?? fresh.querySelector(".open")).focus({ preventScroll: true });
    }
  }

  /** One card is in the order of the tabulator; the arrows go on from it. */
  reach(place) {
    for (const button of this.list.querySelectorAll('[tabindex="0"]')) button.tabIndex = -1;
    this.current = place;
    for (const button of this.at(place)?.querySelectorAll("button") ?? []) button.tabIndex = 0;
  }

  /** Brings a card into the window and gives it the focus. */
  async focus(place) {
    if (place < 0 || place >= this.total) return;
    this.current = place;
    const top = Math.floor(place / this.columns) * this.step + this.list.getBoundingClientRect().top;
    const bar = byId("ask").offsetHeight + 12;
    if (top < bar) scrollBy(0, top - bar);
    else if (top + this.step > innerHeight) scrollBy(0, Math.min(top - bar, top + this.step - innerHeight));
    this.draw();
    await this.show(Math.floor(place / this.screen));
    if (this.current !== place) return;
    this.reach(place);
    this.at(place)?.querySelector(".open").focus({ preventScroll: true });
  }

  click(event) {
    const card = event.target.closest(".card");
    if (!card) return;
    const button = event.target.closest("[data-say]");
    if (button) this.say(button.dataset.say, card);
    else if (event.target.closest(".open")) this.open(Number(card.dataset.place));
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !event.target.closest(".card")) return;
    const targets = {
      ArrowLeft: this.current - 1,
      ArrowRight: this.current + 1,
      ArrowUp: this.current - this.columns,
      ArrowDown: this.current + this.columns,
      Home: 0,
      End: this.total - 1,
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    const target = targets[event.key];
    if (target >= 0 && target < this.total) this.focus(target);
    else if (event.key === "ArrowDown") this.focus(this.total - 1);
  }
}

/** Small pictures near the window, a few at a time: a browser has six connections, and no decision waits for pictures. */
const Loading = {
  MOST: 4,
  waiting: new Set(),
  now: 0,
  observer: new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) Loading.waiting.add(target);
      else Loading.waiting.delete(target);
    }
    Loading.next();
  }, { rootMargin: "600px" }),

  watch(card) {
    for (const image of card.querySelectorAll("img[data-src]:not([src])")) this.observer.observe(image);
  },

  next() {
    for (const image of this.waiting) {
      if (this.now >= this.MOST) return;
      this.waiting.delete(image);
      this.observer.unobserve(image);
      this.now += 1;
      const over = () => {
        this.now -= 1;
        this.next();
      };
      image.addEventListener("load", over, { once: true });
      image.addEventListener("error", over, { once: true });
      image.src = image.dataset.src;
    }
  },
};

function fragment(cards) {
  const fragment = document.createDocumentFragment();
  fragment.append(...cards);
  return fragment;
}
