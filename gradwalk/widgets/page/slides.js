// A page as slides. Each cell of its notebook says whether it begins one, and a slide's cells come one by one. Boards,
// sliders and names move there as on the page. A slide that is longer than the screen scrolls.

/** @typedef {{blocks: Element[], begins: boolean}} Cell */

/** @type {(node: Element) => Element[]} */
const blocksOf = (node) => [...node.children].flatMap((block) => block.tagName === "SECTION" ? blocksOf(block) : [block]);

/** @type {(article: Element) => Cell[]} */
function cellsOf(article) {
  /** @type {Cell[]} */
  const cells = [];
  for (const block of blocksOf(article)) {
    const kind = block.getAttribute("data-slide");
    if (kind) cells.push({ blocks: [], begins: kind !== "fragment" });
    else cells.at(-1)?.blocks.push(block);
  }
  return cells;
}

/**
 * The bar that turns a page into slides and back; nothing where no cells are.
 * @param {Element} article
 */
export function slides(article) {
  const cells = cellsOf(article), begun = cells.filter(({ begins }) => begins), root = document.documentElement;
  if (!cells.length) return;
  const bar = document.createElement("div"), at = document.createElement("span");
  let k = -1; // the cell that came last; no slides: -1
  /** @type {(holds: (cell: Cell, i: number) => boolean) => number} */
  const last = (holds) => cells.reduce((found, cell, i) => holds(cell, i) ? i : found, 0);

  /** @param {number} next */
  function go(next) {
    k = Math.min(cells.length - 1, next);
    const first = last(({ begins }, i) => begins && i <= k);
    root.classList.toggle("gw-slides", k >= 0);
    cells.forEach(({ blocks }, i) => blocks.forEach((block) =>
      block.classList.toggle("gw-off", k >= 0 && (i < first || i > k))));
    at.textContent = k < 0 ? "" : `${begun.indexOf(cells[first]) + 1} / ${begun.length}`;
    cells[k]?.blocks.at(-1)?.scrollIntoView({ block: k === first ? "end" : "nearest", behavior: "instant" });
  }

  const acts = {
    begin: () => go(last(({ blocks }) => blocks[0]?.getBoundingClientRect().top < 200)), // what was in sight
    back: () => go(Math.max(0, k - 1)),
    on: () => go(k + 1),
    end() {
      const [there] = cells[k].blocks;
      go(-1);
      there?.scrollIntoView({ behavior: "instant" });
    },
  };
  /** @type {[act: keyof typeof acts, label: string][]} */
  const buttons = [["begin", "as slides"], ["back", "\u2190 back"], ["on", "on \u2192"], ["end", "end"]];
  bar.className = "gw-present";
  bar.append(...buttons.map(([act, label]) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: label, className: act === "begin" ? "gw-begin" : "" });
    button.addEventListener("click", acts[act]);
    return button;
  }), at);
  article.before(bar);

  /** @type {Record<string, keyof typeof acts>} */
  const keys = { ArrowLeft: "back", PageUp: "back", ArrowRight: "on", PageDown: "on", Escape: "end" };
  document.addEventListener("keydown", (event) => {
    const free = event.target === document.body || bar.contains(/** @type {Node} */ (event.target)); // a dial keeps its keys
    if (k < 0 || !free || !keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    acts[keys[event.key]]();
    event.preventDefault();
  });
}
