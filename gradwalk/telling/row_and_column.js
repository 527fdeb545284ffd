// A cell of row-and-column is chosen by mouse or key, without a kernel: its row and its column are lit, and told. It may
// run any number of times on a page.
(() => {
  if (!document.getElementById("gw-cells")) {
    const sheet = document.createElement("style");
    sheet.id = "gw-cells";
    sheet.textContent = `.gw-cells { position: absolute; display: grid }
      .gw-cells > div { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr }
      .gw-cells span { cursor: pointer }
      .gw-cells span:focus-visible { outline: 2px solid var(--gw-lit); outline-offset: -2px }`;
    document.head.append(sheet);
  }
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const made = (name, more) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(more)) node.setAttribute(key, value);
    return node;
  };
  for (const place of document.querySelectorAll(".gw-rule[data-cells]:not([data-live])")) {
    const { left, top, width, height, rows, columns, cells, at } = JSON.parse(place.dataset.cells);
    const drawing = place.querySelector("svg");
    place.dataset.live = "";
    const choose = (i, j, focus) => {
      for (const row of all) for (const cell of row) {
        const chosen = cell === all[i][j];
        cell.tabIndex = chosen ? 0 : -1;
        cell.setAttribute("aria-selected", chosen);
      }
      drawing.querySelector(".gw-lit-row").setAttribute("transform", `translate(0 ${i * height})`);
      drawing.querySelector(".gw-lit-column").setAttribute("transform", `translate(${j * width} 0)`);
      place.querySelector(".gw-out").textContent = rows[i].said;
      place.querySelector(".gw-back").textContent = columns[j].said;
      if (focus) all[i][j].focus();
    };
    const grid = made("div", { class: "gw-cells", role: "grid", "aria-label": "cells of the matrix" });
    Object.assign(grid.style, { left: `${left}px`, top: `${top}px`, width: `${width * columns.length}px`,
      height: `${height * rows.length}px` });
    const all = rows.map((row, i) => {
      const line = made("div", { role: "row" });
      const inside = columns.map((column, j) => {
        const named = `${row.name}, ${column.name}: ${cells[i][j]}`;
        const cell = made("span", { role: "gridcell", "aria-label": named, title: named,
          "data-lm-suppress-shortcuts": "true" });
        cell.addEventListener("pointerenter", () => choose(i, j));
        cell.addEventListener("click", () => choose(i, j, true));
        cell.addEventListener("keydown", (event) => {
          const step = STEPS[event.key];
          if (!step) return;
          event.preventDefault();
          event.stopPropagation();
          const within = (k, by, most) => Math.min(Math.max(k + by, 0), most - 1);
          choose(within(i, step[0], rows.length), within(j, step[1], columns.length), true);
        });
        return cell;
      });
      line.append(...inside);
      grid.append(line);
      return inside;
    });
    drawing.after(grid);
    place.querySelector("small").append(" Point at a cell, or go to it with the arrow keys.");
    choose(...at);
  }
})();
