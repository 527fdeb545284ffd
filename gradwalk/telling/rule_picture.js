// The pictures of the rules come into the page as drawings, in its colours and in the chosen names. It may run any number
// of times on a page.
(() => {
  if (!document.getElementById("gw-rule")) {
    const sheet = document.createElement("style");
    sheet.id = "gw-rule";
    sheet.textContent = `.gw-rule {
        --gw-up: color-mix(in srgb, #1c8fa8 80%, var(--jp-content-font-color1, #1d2127));
        --gw-down: color-mix(in srgb, #d0602a 80%, var(--jp-content-font-color1, #1d2127));
        --gw-lit: var(--jp-brand-color1, #3057d5) }
      .gw-rule p { margin: 4px 0 }
      .gw-rule svg { display: block; color: var(--jp-content-font-color1, inherit);
        font-family: var(--jp-content-font-family, system-ui, sans-serif) }
      @media print { .gw-rule { break-inside: avoid } .gw-rule div { overflow: visible !important } }
      @media (forced-colors: active) {
        .gw-rule { --gw-up: CanvasText; --gw-down: CanvasText; --gw-lit: Highlight }
        .gw-rule svg { color: CanvasText } }`;
    document.head.append(sheet);
  }
  for (const picture of document.querySelectorAll(".gw-rule img.gw-plain")) {
    const source = decodeURIComponent(picture.getAttribute("src").replace(/^[^,]*,/, ""));
    const drawing = document.importNode(new DOMParser().parseFromString(source, "image/svg+xml").documentElement, true);
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", picture.alt);
    picture.replaceWith(drawing);
  }
})();
