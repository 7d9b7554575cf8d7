// What changes while somebody looks: a run that is on, another person's word. Never reloads the page, and never asks while
// nobody sees it.

const EVERY = 1_500;

class Live {
  constructor(grid, viewer) {
    this.grid = grid;
    this.viewer = viewer;
    this.change = 0;
    this.asking = undefined;
    setInterval(() => { if (!document.hidden) this.now().catch(() => {}); }, EVERY);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.now().catch(() => {}); });
  }

  /** Asks at once; who asks while an answer is awaited is answered by the next. */
  async now() {
    while (this.asking) await this.asking.catch(() => {});
    this.asking = this.ask();
    try {
      await this.asking;
    } finally {
      this.asking = undefined;
    }
    await this.viewer.refresh();
  }

  async ask() {
    const { grid } = this;
    const cards = grid.cards().map((card) => [Number(card.dataset.key), Number(card.dataset.place), card.dataset.stamp]);
    const answer = await say("/live", { view: grid.view, change: this.change, cards }).catch((error) => {
      if (error.status === 410) dispatchEvent(new CustomEvent("forgotten"));
      else throw error;
    });
    if (!answer || answer.view !== grid.view) return;
    this.change = answer.change;
    byId("head").textContent = answer.head;
    for (const [name, items] of answer.counts) {
      const number = document.querySelector(`[data-count="${CSS.escape(name)}"]`);
      if (number) number.textContent = items;
    }
    const come = byId("come");
    come.hidden = answer.come === 0;
    come.textContent = `${count(answer.come, "more item is", "more items are")} found now: show`;
    const seen = new Map(grid.cards().map((card) => [card.dataset.place, card]));
    let isOpenOne = false;
    for (const [key, place, html] of answer.cards) {
      const card = seen.get(String(place));
      if (card) grid.replace(card, html);
      isOpenOne ||= key === this.viewer.key;
    }
    this.viewer.isStale ||= isOpenOne || !grid.at(this.viewer.place ?? -1);
  }
}
