// Elements of the explorer's page and its drawings; text from data reaches the document as text.
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.flat(Infinity).filter((child) => child || child === 0));
    return element;
  }

  const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  const link = (url, text) =>
    /^https?:\/\//.test(url) ? make("a", { href: url, rel: "noopener noreferrer" }, text) : text;

  // Text in which the addresses of the web are links.
  const ADDRESS = /(https?:\/\/[^\s;,()<>"]+)/;
  const withLinks = (text) => text.split(ADDRESS).map((part) => link(part, part));

  const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

  // A table in a frame that scrolls, with the caption as its name.
  function table(caption, heads, rows) {
    return make(
      "div",
      { class: "frame", role: "region", tabindex: "0", "aria-label": caption },
      make(
        "table",
        {},
        make("caption", {}, caption),
        make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
        make("tbody", {}, rows.map((cells) => make("tr", {}, cells.map((cell) => make("td", {}, cell))))),
      ),
    );
  }

  const separated = (items, separator = "; ") =>
    items.filter(Boolean).flatMap((item, place) => (place ? [separator, item] : [item]));

  function kinaseDomain(data, mutations, width) {
    const [first, last] = data.protein.domain;
    const edge = 16;
    const x = (residue) => edge + ((residue - first) / (last - first)) * (width - 2 * edge);
    const places = mutations.map((mutation) => Math.min(Math.max(mutation.residue, first), last));
    const labels = spread(places.map(x), mutations.map((mutation) => mutation.name.length * 8.5 + 10), width);
    const words =
      `Kinase domain of ALK, residues ${first} to ${last}: ` +
      mutations
        .map((mutation) => {
          const motif = data.protein.motifs.find(({ from, to }) => from <= mutation.last && mutation.residue <= to);
          return mutation.name + (motif ? ` (${motif.name})` : "");
        })
        .join(", ");
    const seen = new Set(Object.values(data.profiles).flatMap((facts) => (facts.samples ? facts.residues : [])));
    return draw(
      "svg",
      { class: "domain", viewBox: `0 0 ${width} 112`, role: "img", "aria-label": words },
      draw("rect", { class: "bar", x: x(first), y: 42, width: x(last) - x(first), height: 18, rx: 3 }),
      [...seen]
        .filter((residue) => residue >= first && residue <= last)
        .map((residue) => draw("line", { class: "seen", x1: x(residue), x2: x(residue), y1: 44, y2: 58 })),
      data.protein.motifs.map(({ name, from, to }, place) => [
        draw("rect", { class: "motif", x: x(from) - 1, y: 62, width: Math.max(x(to) - x(from) + 2, 3), height: 4 }),
        draw(
          "text",
          { class: "motif-name", x: x((from + to) / 2), y: place % 2 ? 96 : 80, "text-anchor": "middle" },
          name,
        ),
      ]),
      mutations.map((mutation, place) => [
        draw("path", { class: "stem", d: `M${labels[place]} 22 L${x(places[place])} 36 V62` }),
        draw("circle", { class: "place", cx: x(places[place]), cy: 51, r: 6 }),
        draw("text", { class: "name", x: labels[place], y: 16, "text-anchor": "middle" }, mutation.name),
      ]),
      draw("text", { class: "end", x: edge, y: 110 }, String(first)),
      draw("text", { class: "end", x: width - edge, y: 110, "text-anchor": "end" }, String(last)),
    );
  }

  // Labels moved apart, inside the drawing.
  function spread(centres, widths, total) {
    const moved = [];
    centres.forEach((centre, i) => {
      const least = i ? moved[i - 1] + (widths[i - 1] + widths[i]) / 2 : widths[i] / 2;
      moved.push(Math.max(centre, least));
    });
    for (let i = moved.length - 1, most = total; i >= 0; i--) {
      moved[i] = Math.min(moved[i], most - widths[i] / 2);
      most = moved[i] - widths[i] / 2;
    }
    return moved;
  }

  const RELATIONS = { "=": "", "~": "about ", ">": "> ", "<": "< " };
  const number = (value) => (value === null || value === undefined ? "" : String(value));
  const potency = (call) => (call.value === null ? "" : `${RELATIONS[call.relation] ?? ""}${number(call.value)} ${call.unit}`);

  const MARKS = {
    sensitive: (x, y) => draw("circle", { class: "mark sensitive", cx: x, cy: y, r: 6 }),
    resistant: (x, y) => draw("rect", { class: "mark resistant", x: x - 5.5, y: y - 5.5, width: 11, height: 11 }),
    intermediate: (x, y) => draw("path", { class: "mark intermediate", d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z` }),
    unknown: (x, y) => draw("circle", { class: "mark unknown", cx: x, cy: y, r: 5 }),
  };

  // Measured potencies on a log scale, a track for each, with the thresholds of its model.
  function potencies(data, calls, inhibitor, width) {
    const measured = calls.filter((call) => call.value > 0);
    if (!measured.length) return null;
    const values = measured.flatMap((call) => {
      const control = controlOf(data, call.model, inhibitor);
      return [call.value, call.sensitive_max, call.resistant_min, control].filter((value) => value > 0);
    });
    const low = Math.floor(Math.log10(Math.min(...values)) - 0.1);
    const high = Math.max(Math.ceil(Math.log10(Math.max(...values)) + 0.1), low + 1);
    const edge = 14;
    const x = (value) => edge + ((Math.log10(value) - low) / (high - low)) * (width - 2 * edge);
    const height = 46;
    const bottom = measured.length * height;
    const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
    const words = measured.map((call) => `${call.model} ${potency(call)}, ${calledAs(call)}`).join("; ");
    return draw(
      "svg",
      {
        class: "potencies",
        viewBox: `0 0 ${width} ${bottom + 36}`,
        role: "img",
        "aria-label": `Potency of ${inhibitor} on a log scale: ${words}`,
      },
      decades.map((value) => [
        draw("line", { class: "grid", x1: x(value), x2: x(value), y1: 0, y2: bottom }),
        draw("text", { class: "tick", x: x(value), y: bottom + 15, "text-anchor": "middle" }, shortNumber(value)),
      ]),
      draw("text", { class: "axis", x: width / 2, y: bottom + 32, "text-anchor": "middle" }, "nM, log scale"),
      measured.map((call, place) => {
        const y = place * height + 31;
        const control = controlOf(data, call.model, inhibitor);
        const label = `${call.model}${kindOf(call)}: ${potency(call)}, ${calledAs(call)}`;
        return draw(
          "g",
          {},
          draw("line", { class: "track", x1: edge, x2: width - edge, y1: y, y2: y }),
          call.sensitive_max > 0 &&
            draw("rect", { class: "zone sensitive", x: edge, y: y - 9, width: x(call.sensitive_max) - edge, height: 18 }),
          call.resistant_min > 0 &&
            draw("rect", {
              class: "zone resistant", x: x(call.resistant_min), y: y - 9,
              width: width - edge - x(call.resistant_min), height: 18,
            }),
          control > 0 && [
            draw("line", { class: "control", x1: x(control), x2: x(control), y1: y - 8, y2: y + 8 }),
          ],
          call.relation === ">" && draw("path", { class: "bound", d: `M${x(call.value)} ${y}h18l-5 -4m5 4l-5 4` }),
          call.relation === "<" && draw("path", { class: "bound", d: `M${x(call.value)} ${y}h-18l5 -4m-5 4l5 4` }),
          (MARKS[call.call] ?? MARKS.unknown)(x(call.value), y),
          draw("text", { class: "label", x: edge, y: y - 15 }, label),
        );
      }),
    );
  }

  const kindOf = (call) => (["IC50", "GI50", "Ki"].includes(call.potency) ? ` (${call.potency})` : "");
  const calledAs = (call) => (call.call === "unknown" ? "no call" : call.call);
  const shortNumber = (value) => (value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3))));
  const controlOf = (data, model, inhibitor) => data.controls[`${model}|${inhibitor}`];

  globalThis.alkpoolDrawings = { make, link, withLinks, counted, table, separated, kinaseDomain, potencies, potency, calledAs };
})();
