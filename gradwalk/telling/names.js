// The switch of names. Every output carries all dialects side by side; one attribute on the page's body says which is
// seen. No kernel is asked, and nothing that is saved changes. It may run any number of times on a page. What a hand
// chose is kept for the next page; where there is no room to keep it, the next page begins with the course's names.
(() => {
  const NAMES = DIALECTS;
  const KEPT = "gradwalk.names";
  const kept = () => {
    try {
      return NAMES.find((name) => name === localStorage.getItem(KEPT));
    } catch {
      return undefined;
    }
  };
  const keep = (name) => {
    try {
      localStorage.setItem(KEPT, name);
    } catch {}
  };
  if (!document.getElementById("gw-names")) {
    const seen = "visibility: visible !important; height: auto !important; overflow: visible !important";
    const unseen = "visibility: hidden !important; height: 0 !important; overflow: hidden !important";
    const sheet = document.createElement("style");
    sheet.id = "gw-names";
    sheet.textContent = `.gw-own, .mjx-gw-own { color: var(--jp-content-font-color2, #757575); fill: currentColor }
      ${NAMES.map((name) => `body[data-gradwalk-names="${name}"] .gw-said:not(.gw-${name}) { ${unseen} }
      body[data-gradwalk-names="${name}"] .gw-said.gw-${name} { ${seen} }
      body[data-gradwalk-names="${name}"] .gw-column.gw-${name} {
        background: var(--jp-layout-color2, #eef1f5) !important; font-weight: 600 }`).join("\n")}
      .gw-switch { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 0; margin: 4px 0 }
      .gw-switch span { margin-right: 10px }
      .gw-switch label { position: relative; cursor: pointer; padding: 4px 12px; margin-left: -1px;
        border: 1px solid var(--jp-border-color1, #bdbdbd); color: var(--jp-content-font-color1, inherit) }
      .gw-switch label:first-of-type { border-radius: 7px 0 0 7px }
      .gw-switch label:last-of-type { border-radius: 0 7px 7px 0 }
      .gw-switch input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer }
      .gw-switch label:has(:checked) { z-index: 1; border-color: var(--jp-brand-color1, #3057d5);
        background: var(--jp-layout-color2, #eef1f5); font-weight: 600 }
      .gw-switch label:has(:focus-visible) { outline: 2px solid var(--jp-brand-color1, #3057d5); outline-offset: 2px;
        z-index: 2 }`;
    document.head.append(sheet);
    document.addEventListener("change", (event) => {
      if (!event.target.closest?.(".gw-switch")) return;
      window.gradwalkNames(event.target.value);
      keep(event.target.value);
    });
    document.addEventListener("input", ({ target }) => {
      if (!target.matches?.(".gw-ledger input")) return;
      const wanted = target.value.toLowerCase().split(/\s+/);
      const ledger = target.closest(".gw-ledger");
      let found = 0;
      for (const row of ledger.querySelectorAll("tbody tr")) {
        const told = row.textContent.toLowerCase();
        row.hidden = !wanted.every((word) => told.includes(word));
        found += !row.hidden;
      }
      ledger.querySelector("output").textContent = `${found} of ${ledger.querySelectorAll("tbody tr").length}`;
    });
  }
  window.gradwalkNames = (name) => {
    document.body.dataset.gradwalkNames = name;
    for (const input of document.querySelectorAll(".gw-switch input")) input.checked = input.value === name;
  };
  window.gradwalkNames(CHOSEN || document.body.dataset.gradwalkNames || kept() || "course");
})();
