// One picture as large as the window, with everything that is known of it. Never changes which items are shown.

class Viewer {
  /** `closed` is called with the index of the item that was looked at last. */
  constructor(columns, closed) {
    this.columns = columns;
    this.dialog = document.getElementById("viewer");
    this.stage = document.getElementById("stage");
    this.details = document.getElementById("details");
    document.getElementById("previous").addEventListener("click", () => this.go(this.index - 1));
    document.getElementById("next").addEventListener("click", () => this.go(this.index + 1));
    document.getElementById("close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => closed(this.index));
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("click", (event) => {
      if (event.target === this.stage) this.dialog.close();
    });
  }

  open(items, index) {
    this.items = items;
    this.go(index);
    this.dialog.showModal();
    this.details.focus({ preventScroll: true });
    this.fromTheTop();
  }

  fromTheTop() {
    this.details.scrollTop = this.dialog.scrollTop = 0;
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowLeft: this.index - 1, ArrowRight: this.index + 1, Home: 0, End: this.items.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.go(steps[event.key]);
  }

  go(index) {
    if (index < 0 || index >= this.items.length) return;
    this.index = index;
    const item = this.items[index];
    const place = document.getElementById("place");
    place.textContent = `${(index + 1).toLocaleString("en")} of ${this.items.length.toLocaleString("en")}`;
    document.getElementById("previous").disabled = index === 0;
    document.getElementById("next").disabled = index === this.items.length - 1;
    this.details.replaceChildren(...this.describe(item));
    this.picture(item, 0);
    this.fromTheTop();
    this.fetchAhead();
  }

  /** Shows one of the item's pictures. */
  picture(item, number) {
    this.stage.replaceChildren();
    const picture = item.images?.[number];
    if (!picture) {
      const none = make("p", `none ${item.state}`);
      none.append(make("span", "why", why(item)));
      this.stage.append(none);
      return;
    }
    const link = make("a");
    link.href = picture.href;
    link.target = "_blank";
    link.rel = "noopener";
    link.title = "Open the file by itself";
    link.append(image(picture, item.caption ?? item.prompt, "eager"));
    this.stage.append(link);
    this.details.querySelectorAll(".others button").forEach((button, at) => {
      button.ariaPressed = String(at === number);
    });
  }

  /** The neighbours' pictures, so that the arrows do not have to wait. */
  fetchAhead() {
    for (const index of [this.index + 1, this.index - 1]) {
      const picture = this.items[index]?.images?.[0];
      if (picture) new Image().src = picture.href;
    }
  }

  describe(item) {
    const title = make("h2", "", item.id);
    title.id = "viewer-id";
    const parts = [title, this.state(item)];
    if (item.review) parts.push(review(item.review));
    if (item.images?.length > 1) parts.push(this.others(item));
    if (item.failure) {
      const name = item.state === "failed" ? "Failure" : `Last attempt: ${item.failure.kind}`;
      parts.push(section(name, make("p", "failure", item.failure.message)));
    }
    parts.push(section("Prompt", make("p", "", item.prompt)));
    const captioned = item.review?.edited ? "Caption, edited" : "Caption";
    if (item.caption) parts.push(section(captioned, make("p", "caption", item.caption)));
    if (item.references) parts.push(section("References", references(item.references)));
    parts.push(section("Facts", facts(factsOf(item))));
    const cells = this.columns.map((column, at) => [column, item.cells[at]]).filter(([, text]) => text);
    if (cells.length > 0) parts.push(section("Manifest", facts(cells)));
    return parts;
  }

  state(item) {
    const state = make("p", "state");
    state.append(make("span", `mark ${item.state}`, named(standing(item))));
    state.append(...verdicts(item, "mark"));
    for (const badge of item.badges ?? []) state.append(make("span", "mark notice", BADGES[badge]));
    return state;
  }

  others(item) {
    const others = make("div", "others");
    item.images.forEach((picture, number) => {
      const button = make("button");
      button.type = "button";
      const sorts = [picture.favourite && "the favourite", picture.earlier && "an earlier one"].filter(Boolean);
      button.ariaLabel = [`Picture ${number + 1} of ${item.images.length}`, ...sorts].join(", ");
      button.title = sorts.join(", ");
      button.append(image(picture, "", "lazy"));
      if (picture.favourite) button.append(make("span", "star", SIGNS.favourite));
      button.addEventListener("click", () => this.picture(item, number));
      others.append(button);
    });
    return others;
  }
}

/** What was said of an item, by whom and when. */
function review(said) {
  const when = new Date(said.at).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
  const before = said.decision && !said.holds ? `An earlier picture was ${said.decision}. ` : "";
  const part = section("Review", make("p", "soft", `${before}${said.by}, ${when}`));
  if (said.note) part.append(make("p", "remark", said.note));
  return part;
}

function section(name, content) {
  const section = make("section");
  section.append(make("h3", "", name), content);
  return section;
}

/** Small pictures where the files are there, else their names. */
function references(references) {
  const list = make("ul", "references");
  for (const { name, href } of references) {
    const entry = make("li");
    if (href) {
      const link = make("a");
      link.href = href;
      link.target = "_blank";
      link.rel = "noopener";
      link.title = name;
      link.append(image({ href }, "", "lazy"), make("span", "", name.split("/").at(-1)));
      entry.append(link);
    } else {
      entry.append(make("span", "", name));
    }
    list.append(entry);
  }
  return list;
}

function facts(pairs) {
  const list = make("dl", "facts");
  for (const [name, value] of pairs) list.append(make("dt", "", name), make("dd", "", value));
  return list;
}

function factsOf(item) {
  const measured = (item.images ?? []).filter((picture) => picture.width && picture.height);
  const sizes = new Set(measured.map((picture) => `${picture.width} × ${picture.height}`));
  const asked = item.aspect_ratio && `asked for ${item.aspect_ratio}`;
  return [
    ["Size", [...sizes, asked].filter(Boolean).join(", ")],
    ["File", (item.images ?? []).map(fileName).join("\n")],
    ["Attempts", item.attempts.toLocaleString("en")],
    ["Cost", item.cost_usd === undefined ? "" : money(item.cost_usd)],
    ["Model", item.model],
    ["Ended with", item.finish_reason],
    ["Line", `${item.line.toLocaleString("en")} of the manifest`],
  ].filter(([, value]) => value);
}
