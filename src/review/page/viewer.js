// One item as large as the window: its reference and a candidate side by side, and everything that is known of it. Never
// decides anything by itself.

class Viewer {
  /** `closed` is called with the place of the item that was looked at last. */
  constructor(grid, closed) {
    this.grid = grid;
    this.dialog = byId("viewer");
    this.sight = byId("sight");
    this.kept = new Map();
    this.dialog.addEventListener("close", () => {
      document.body.append(byId("told"));
      closed(this.place);
    });
    this.dialog.addEventListener("click", (event) => this.click(event));
    this.dialog.addEventListener("scroll", (event) => this.follow(event.target), { capture: true, passive: true });
  }

  get isOpen() {
    return this.dialog.open;
  }

  /** Whether somebody is writing into it. */
  get isWriting() {
    return this.dialog.open && this.dialog.contains(document.activeElement) && isField(document.activeElement);
  }

  /** Looks again at what is shown, if it may be otherwise by now and nobody is writing. */
  async refresh() {
    if (this.isStale && this.isOpen && !this.isWriting) await this.load();
  }

  /** What was written and not said yet: where, and the words. */
  drafts() {
    const fields = [...this.sight.querySelectorAll("form [name]")].filter((field) => field.value !== field.defaultValue);
    return fields.map((field) => [`#${field.form.id} [name="${field.name}"]`, field.value]);
  }

  /** Shows the item at a place of what was found. */
  async open(place) {
    if (place < 0 || place >= this.grid.total) return;
    const key = await this.grid.keyAt(place);
    if (key !== undefined) await this.show(key, place);
  }

  async show(key, place) {
    if (!(await this.load(key, place ?? this.place))) return;
    if (!this.dialog.open) this.dialog.showModal();
    byId("details")?.focus({ preventScroll: true });
    byId("details").scrollTop = this.sight.scrollTop = 0;
    this.fetchAhead();
  }

  /** Fetches what is known now, and keeps what was chosen to be seen; whether it is shown. Until then the item before is
   * the one that is looked at, and that keys are about. */
  async load(key = this.key, place = this.place) {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    const html = await part(`/item/${key}?view=${this.grid.view}&place=${place ?? 0}`);
    if (asked !== this.asked) return false;
    const isSame = this.shown?.key === key;
    const before = isSame ? this.shown.picture : undefined;
    // Whoever has begun to write meanwhile is not disturbed.
    this.isStale = isSame && this.isWriting;
    if (this.isStale) return false;
    // What was written and not said waits until its item is looked at again.
    if (this.shown) this.kept.set(this.shown.key, this.drafts());
    const drafts = this.kept.get(key) ?? [];
    [this.key, this.place] = [key, place];
    const focus = isSame && this.sight.contains(document.activeElement) ? whereabouts(document.activeElement) : undefined;
    const scrolled = isSame ? byId("details").scrollTop : 0;
    const fresh = fragment(elements(html));
    // What is seen stays as it is: the part that was pointed at, the picture beside it.
    const [panes, next] = [this.sight.querySelector("#panes"), fresh.querySelector("#panes")];
    const [seen, anew] = [panes, next].map((panes) => panes?.querySelector("#now img"));
    if (isSame && seen && anew) {
      seen.alt = anew.alt;
      next.replaceWith(panes);
    }
    this.sight.replaceChildren(fresh);
    byId("details").scrollTop = scrolled;
    if (focus) (this.sight.querySelector(focus) ?? byId("details")).focus({ preventScroll: true });
    for (const [field, words] of drafts) {
      const same = this.sight.querySelector(field);
      if (!same) continue;
      same.value = words;
      same.closest(".words-of")?.classList.add("written");
    }
    for (const time of this.sight.querySelectorAll("time")) {
      time.textContent = new Date(Number(time.dataset.at)).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
    const choices = this.candidates();
    const same = choices.find((choice) => choice.dataset.picture === before && Number(choice.dataset.key) === key);
    const own = choices.filter((choice) => Number(choice.dataset.key) === key);
    const first = same ?? own.find((choice) => choice.ariaPressed === "true") ?? own[0];
    this.shown = { key };
    if (first) this.choose(first);
    return true;
  }

  candidates() {
    return [...this.sight.querySelectorAll(".candidate[data-picture]")];
  }

  /** Shows a candidate; one of another item leads to that item. */
  choose(button) {
    const { key, picture, word, reference } = button.dataset;
    if (reference !== undefined) return this.beside(`/picture/${this.key}/reference-${reference}`, word);
    if (Number(key) !== this.key) return this.show(Number(key)).then(() => this.pick(picture));
    this.shown = { key: this.key, picture };
    this.candidates().forEach((other) => { other.ariaPressed = String(other === button); });
    const now = byId("now");
    const address = `/picture/${key}/${picture}`;
    if (now.querySelector("img").getAttribute("src") !== address) now.querySelector("img").src = address;
    now.querySelector("figcaption").textContent = word;
    const favourite = this.sight.querySelector('.decide [data-say="favourite"]');
    if (favourite) favourite.ariaPressed = String(this.sight.querySelector(".stage").dataset.favourite === picture);
  }

  pick(picture) {
    const button = this.candidates().find((choice) => choice.dataset.picture === picture);
    if (button) this.choose(button);
  }

  number(digit) {
    const button = this.candidates()[digit - 1];
    if (button) this.choose(button);
  }

  /** Another picture beside the one that is looked at. */
  beside(address, word) {
    const pane = byId("beside");
    pane.hidden = false;
    pane.querySelector("img").src = address;
    pane.querySelector("img").alt = word;
    pane.querySelector("figcaption").textContent = word;
  }

  /** Keeps the picture that is looked at in sight, to compare it with another. */
  pin() {
    if (!this.shown?.picture) return;
    const button = this.candidates().find((choice) => choice.ariaPressed === "true");
    this.beside(`/picture/${this.key}/${this.shown.picture}`, `Pinned: ${button?.dataset.word ?? ""}`);
  }

  /** Pixel by pixel, around the place that was pointed at; and back. */
  zoom(event) {
    const panes = byId("panes");
    const image = event?.target.closest(".window")?.querySelector("img");
    const box = image?.getBoundingClientRect();
    const [x, y] = box?.width ? [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height] : [0.5, 0.5];
    panes.classList.toggle("close-up");
    if (!panes.classList.contains("close-up")) return;
    for (const window of panes.querySelectorAll(".window")) this.look(window, x, y);
  }

  look(window, x, y) {
    window.scrollLeft = x * window.scrollWidth - window.clientWidth / 2;
    window.scrollTop = y * window.scrollHeight - window.clientHeight / 2;
  }

  /** What is seen of one picture is seen of the one beside it. */
  follow(window) {
    if (!window.classList?.contains("window")) return;
    const part = (at, all, seen) => (all > seen ? at / (all - seen) : 0);
    const x = part(window.scrollLeft, window.scrollWidth, window.clientWidth);
    const y = part(window.scrollTop, window.scrollHeight, window.clientHeight);
    for (const other of byId("panes").querySelectorAll(".window")) {
      const [left, top] = [x * (other.scrollWidth - other.clientWidth), y * (other.scrollHeight - other.clientHeight)];
      if (other === window || Math.abs(other.scrollLeft - left) + Math.abs(other.scrollTop - top) < 2) continue;
      [other.scrollLeft, other.scrollTop] = [left, top];
    }
  }

  click(event) {
    const { target } = event;
    const candidate = target.closest(".candidate");
    if (candidate) this.choose(candidate);
    else if (target.closest("[data-close]")) this.dialog.close();
    else if (target.closest("[data-go]")) this.go(Number(target.closest("[data-go]").dataset.go));
    else if (target.closest("[data-open]")) this.show(Number(target.closest("[data-open]").dataset.open));
    else if (target.closest(".window")) this.zoom(event);
  }

  go(step) {
    return this.open((this.place ?? 0) + step).catch(Told.fault.bind(Told));
  }

  /** The next item's pictures, so that the arrows do not have to wait. */
  fetchAhead() {
    const next = this.grid.at((this.place ?? 0) + 1);
    if (!next?.dataset.picture) return;
    new Image().src = `/picture/${next.dataset.key}/${next.dataset.picture}`;
    if (next.querySelector(".reference")) new Image().src = `/picture/${next.dataset.key}/reference-0`;
  }
}

/** What finds an element's like in the same item, looked at anew. */
function whereabouts(element) {
  const { say, go, picture, reference, close } = element.dataset;
  const named = Object.entries({ say, go, picture, reference, close }).find(([, value]) => value !== undefined);
  if (named) return `[data-${named[0]}="${CSS.escape(named[1])}"]`;
  if (element.matches(".window")) return `#${element.closest(".pane").id} .window`;
  return element.matches("summary") ? "#back summary" : "#details";
}

/** Whether keys write into this. */
function isField(element) {
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ||
    (element instanceof HTMLInputElement && element.type !== "radio");
}
