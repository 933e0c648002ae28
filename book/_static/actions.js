// What one can do with a figure or a table: enlarge it, take it along, point to it, cite it.
// Everything works from disk: the files are made in the page.
addEventListener("DOMContentLoaded", () => {
  const words = ["author", "title"].map((each) => document.querySelector(`meta[name="citation_${each}"]`)?.content).filter(Boolean).join(". ");
  const button = (textContent, act) =>
    Object.assign(document.createElement("button"), { type: "button", textContent, onclick: ({ target }) => act(target) });
  const copy = globalThis.alkpoolCopy = async (text, where) => {
    try {
      await navigator.clipboard.writeText(text);
      const before = where.textContent;
      where.textContent = "copied";
      setTimeout(() => (where.textContent = before), 1500);
    } catch {
      // Pages from disk may not reach the clipboard: a selected field can be copied by hand.
      const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, ariaLabel: "Copy this" });
      where.after(field);
      field.select();
    }
  };
  const save = (name, text, type) => {
    const href = URL.createObjectURL(new Blob([text], { type }));
    Object.assign(document.createElement("a"), { href, download: name }).click();
    URL.revokeObjectURL(href);
  };
  const address = (id) => (id === "explorer" ? location.href : `${location.href.split("#")[0]}${id && `#${id}`}`);
  const caption = (element) => (element.querySelector("figcaption, caption, .gt_title")?.textContent ?? element.getAttribute("aria-label") ?? "").replace(/\s+/g, " ").trim();
  // Which state of the book: the first words of its foot.
  const state = document.querySelector(".extra_footer")?.firstChild.textContent.replace(/[\s·]+$/, "").trim() ?? "";
  // Files that leave the book say what they hold, too.
  const page = `${document.querySelector(".synthetic-strip") ? "synthetic-" : ""}${location.pathname.split("/").pop().replace(/\.html$/, "")}`;

  // As a spreadsheet reads it: quoted, as wide as it is drawn, and no text begins a formula.
  const cell = ({ innerText, colSpan }) => {
    const plain = innerText.replace(/\s+/g, " ").trim();
    const safe = /^[=+\-@]./.test(plain) && !/^[-+]?[\d.,]+%?$/.test(plain) ? `'${plain}` : plain;
    return `"${safe.replaceAll('"', '""')}"${',""'.repeat(colSpan - 1)}`;
  };
  // All pages of a table, but what a search has left.
  const rows = (table) => {
    const body = table.shownBy?.rows({ search: "applied" }).nodes().toArray() ?? [...table.tBodies].flatMap((part) => [...part.rows]);
    return [...(table.tHead?.rows ?? []), ...body].map((row) => [...row.cells].map(cell).join(","));
  };

  const enlarged = document.body.appendChild(Object.assign(document.createElement("dialog"), { className: "enlarged explorer", onclick: () => enlarged.close() }));
  // Before the theme, which takes the key for its search.
  addEventListener("keydown", ({ key }) => key === "Escape" && enlarged.open && enlarged.close(), true);

  const enlarge = (element, name) => {
    const large = element.cloneNode(true);
    large.classList.remove("few");
    for (const each of [large, ...large.querySelectorAll("[id]")]) each.removeAttribute("id");
    enlarged.replaceChildren(large);
    enlarged.ariaLabel = name || "Enlarged";
    enlarged.showModal();
  };

  // A drawing of the page takes its looks along; a picture has them.
  const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "text-anchor"];
  const svg = (element) => {
    if (element.src) return new TextDecoder().decode(Uint8Array.from(atob(element.src.split(",")[1]), (byte) => byte.charCodeAt(0)));
    const alone = element.cloneNode(true), parts = element.querySelectorAll("*");
    alone.querySelectorAll("*").forEach((each, at) => each.setAttribute("style", LOOKS.map((name) => `${name}: ${getComputedStyle(parts[at])[name]}`).join(";")));
    for (const each of ["width", "height"]) alone.setAttribute(each, element.viewBox.baseVal[each]);
    alone.style.background = getComputedStyle(document.body).backgroundColor;
    return new XMLSerializer().serializeToString(alone);
  };
  // Twice as sharp as a screen: for slides.
  const png = async (element, name) => {
    const image = Object.assign(new Image(), { src: `data:image/svg+xml,${encodeURIComponent(svg(element))}` });
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * image.naturalWidth, height: 2 * image.naturalHeight });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((drawn) => save(name, drawn, "image/png"));
  };

  const bar = (element, frame, files) => {
    const id = frame.closest("[id]")?.id ?? "", name = caption(frame) || caption(element);
    const made = Object.assign(document.createElement("div"), { className: "actions" });
    made.append(
      button("Enlarge", () => enlarge(element, name)), ...files,
      // What is enlarged is printed alone.
      button("PDF", () => (enlarge(element, name), print())),
      button("Copy link", (where) => copy(address(id), where)),
      button("Cite", (where) => copy([name.replace(/\.$/, ""), words, state, address(id)].filter(Boolean).join(". "), where)));
    frame.after(made);
    return made;
  };

  // Under each figure, drawing and table of the page, or of an answer that has just been drawn.
  let tables = 0;
  globalThis.alkpoolActions = (root) => {
    for (const drawn of root.querySelectorAll("figure[id] img, svg:is(.domain, .potencies)")) {
      const frame = drawn.closest("figure, .frame") ?? drawn;
      const name = frame.id || `${page}-${drawn.classList[0]}`;
      bar(drawn, frame, [
        button("SVG", () => save(`${name}.svg`, svg(drawn), "image/svg+xml")),
        button("PNG", () => png(drawn, `${name}.png`)),
      ]);
    }
    for (const table of root.querySelectorAll("table")) {
      const frame = table.closest(".cell_output .text_html, .cell_output > .output, .pst-scrollable-table-container, .frame") ?? table;
      const name = `${page}-table-${++tables}.csv`;
      bar(table, frame, [button("CSV", () => save(name, `\ufeff${rows(table).join("\r\n")}\r\n`, "text/csv"))]);
    }
  };
  globalThis.alkpoolActions(document.querySelector("article") ?? document);
});
