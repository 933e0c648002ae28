// The mutation explorer: asks for one tumour, or two or three, and shows what the evidence amounts
// to. Nothing is decided here: the answers come with the page as alkpool.explorer computed them, and
// what stands behind them as the templates of the book write it.
// Known before anything is drawn, so that nothing moves: that scripts run, and that something is asked.
document.documentElement.classList.add("scripted");
document.documentElement.classList.toggle("answered", /[#&](m|finding)=/.test(location.hash));

document.addEventListener("DOMContentLoaded", () => {
  "use strict";

  const { mutationReader, Refusal, refuse, quoted } = globalThis.alkpoolMutations;

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat(Infinity).filter((child) => child || child === 0));
    return element;
  }

  const link = (url, text) => (/^https?:\/\//.test(url) ? make("a", { href: url, rel: "noopener noreferrer" }, text) : text);
  const cited = ({ url, text, via, via_url, read }) => [link(url, text), via && [", via ", link(via_url, via)], " ", make("span", { class: "tag read" }, read)];
  const separated = (items, separator = "; ") => items.filter(Boolean).flatMap((item, place) => (place ? [separator, item] : [item]));
  // The ALK inhibitor given last.
  const lastOf = (prior, data) => prior.findLast((name) => !data.no_inhibitors.includes(name)) ?? "";

  function answering(data, reader) {
    const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

    // The answers in print: on a profile, on another substitution of a residue, on what nobody
    // has reported. Of a compound that nobody has reported there is none.
    function printed(mutations) {
      const found = own(data.answers, reader.profileOf(mutations));
      if (found || mutations.length > 1) return found;
      return { single: (["substitution", "residue class"].includes(mutations[0].kind) && own(data.substitutions, `${mutations[0].name.slice(0, -1)}X`)) || data.unreported };
    }

    function rowsOf({ rows, after, failed }, prior) {
      const last = lastOf(prior, data);
      return after[data.inhibitors.includes(last) ? last : ""].map(([inhibitor, rank]) => {
        const row = { ...rows[inhibitor], ...(inhibitor === last ? failed[last] : {}), rank };
        const marks = prior.includes(inhibitor) && inhibitor !== last ? [data.words.given, ...row.marks] : row.marks;
        return { ...row, marks, sources: row.sources.map((place) => data.sources[place]) };
      });
    }

    // Readings of the question, the leading one first, the other only where it differs; of a
    // compound that nobody has reported the questions on its parts.
    function answer({ mutations, prior, phase, specimen }) {
      const found = printed(mutations);
      if (!found) {
        const names = mutations.map(({ name }) => name);
        const smaller = Object.keys(data.answers).filter((name) => name.includes("+") && name.split("+").every((part) => names.includes(part)));
        const parts = [...mutations.map((one) => [one]), ...smaller.map((name) => reader.parse(name))];
        return { parts: parts.map((part) => ({ mutations: part, prior, specimen, phase: part.length > 1 ? "cis" : "single" })) };
      }
      const both = specimen === "plasma" ? ["trans", "cis"] : ["cis", "trans"];
      const [lead, other] = (phase === "unknown" ? both : [phase]).map((reading) => ({ reading, rows: rowsOf(found[reading], prior) }));
      const outline = ({ rows }) => JSON.stringify(rows.map((row) => [row.inhibitor, row.standing, row.rank, row.basis]));
      return { ...lead, other: other && outline(lead) !== outline(other) ? other : null };
    }

    return answer;
  }

  const isEmpty = (row) => row.basis === "none" && !row.sources.length && !row.marks.length;

  function standingText(rows, reasons = true) {
    const best = rows.filter((row) => row.standing === "for");
    if (!best.length) return "There is no evidence for any of the assessed inhibitors.";
    const why = (row) => (reasons ? ` (${[row.basis_text, ...row.marks].join("; ")})` : "");
    return `There is evidence for ${best.map((row) => row.inhibitor + why(row)).join(", ")}.`;
  }

  // What stands behind a row, by profile and inhibitor: its cells of the table, evidence and cases.
  function shippedCells() {
    const page = new DOMParser().parseFromString(document.getElementById("explorer-cells").textContent, "text/html");
    const found = new Map([...page.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
    return (row, selector) =>
      [...(found.get(`${row.profile}|${row.inhibitor}`)?.querySelectorAll(selector) ?? [])].map((each) => document.importNode(each, true));
  }

  const why = (row) => [row.basis_text, " ", row.marks.map((mark) => [make("span", { class: "tag" }, mark), " "])];

  function summaryTable(data, shipped, rows, caption) {
    const heads = ["Inhibitor", "Patients", "Groups", "Found after it", "Laboratory", "Why"];
    const all = { colspan: heads.length };
    const nothing = () => heads.slice(1, -1).map((head) => make("td", { "data-head": head, class: "nothing" }, "none"));
    const bodies = Object.entries(data.standings).map(([standing, heading]) => {
      const mine = rows.filter((row) => row.standing === standing);
      const silent = mine.filter(isEmpty).map((row) => row.inhibitor);
      return make("tbody", { "data-standing": standing },
        make("tr", { class: "group" }, make("th", { ...all, scope: "rowgroup" }, heading)),
        mine.filter((row) => !isEmpty(row)).map((row) => {
          const cells = shipped(row, "td");
          return make("tr", { "data-inhibitor": row.inhibitor },
            make("th", { scope: "row" }, row.rank && `${row.rank}. `, make("a", { href: `inhibitors/${row.inhibitor}.html` }, row.inhibitor)),
            cells.length ? cells : nothing(), make("td", { class: "why" }, why(row)));
        }),
        silent.length > 0 && make("tr", {}, make("td", all, `No data: ${silent.join(", ")}`)),
        !mine.length && make("tr", {}, make("td", all, "none")));
    });
    return make("table", { class: "summary" },
      make("caption", { class: "visually-hidden" }, caption),
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
      bodies);
  }

  // Two or three tumours beside each other, an inhibitor in each row.
  function comparison(data, shipped, compared, caption) {
    return make("table", { class: "summary comparison" },
      make("caption", { class: "visually-hidden" }, caption),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Inhibitor"),
        compared.map(({ name, href, reading }) =>
          make("th", { scope: "col" }, make("a", { href }, name), name.includes("+") && make("small", {}, data.readings[reading]))))),
      make("tbody", {}, data.inhibitors.map((inhibitor) =>
        make("tr", { "data-inhibitor": inhibitor }, make("th", { scope: "row" }, inhibitor),
          compared.map(({ name, rows }) => {
            const row = rows.find((each) => each.inhibitor === inhibitor);
            const told = shipped(row, "td").filter((cell) => !cell.classList.contains("nothing"));
            return make("td", { "data-head": name, "data-standing": row.standing }, make("strong", { "data-standing": row.standing }, data.standings[row.standing]),
              told.map((cell) => make("span", { class: "told" }, make("small", {}, `${cell.dataset.head}: `), [...cell.childNodes])),
              make("span", { class: "told" }, why(row)));
          })))));
  }

  function details(shipped, row, open) {
    const sources = row.sources.map((source) => make("li", {}, cited(source)));
    return make("details", { "data-inhibitor": row.inhibitor, open },
      make("summary", {}, `Evidence on ${row.inhibitor} (sources: ${sources.length})`),
      shipped(row, ".evidence"), make("p", {}, "Sources"), make("ul", { class: "sources" }, sources));
  }

  // What a copy and a sheet of paper need besides the table: the cases, and every source.
  function record(shipped, rows) {
    const cases = rows.flatMap((row) => shipped(row, ".case").map((item) => make("li", {}, `${row.inhibitor}: `, [...item.childNodes].filter((each) => each.localName !== "details"))));
    const sources = new Map(rows.flatMap((row) => row.sources).map(({ text, url }) => [url, /PMID|doi/.test(text) ? text : `${text} ${url}`]));
    return make("section", { class: "record" }, make("ul", {}, cases),
      make("p", {}, `Sources: ${[...sources.values()].join("; ") || "none"}.`), askedOn());
  }

  const askedOn = () => make("p", {}, `Asked on ${new Date().toISOString().slice(0, 10)}: ${decoded(location.href)}`);

  const notesWithSources = (notes) =>
    make("ul", { class: "notes" }, notes.map(({ text, sources }) => make("li", {}, text, " ", separated(sources.map(cited)))));

  const named = ({ mutations, phase }) => mutations.map(({ name }) => name).join("+") + (["cis", "trans"].includes(phase) ? ` in ${phase}` : "");

  function inWords(questions) {
    const { prior, specimen } = questions[0];
    const names = questions.map((question) => named(question) + (question.phase === "unknown" ? " (phase not known)" : ""));
    return [`${names.join(" beside ")} ${prior.length ? `after ${prior.join(", ")}` : "with previous treatment not given"}`,
      specimen === "unknown" ? "specimen not stated" : specimen].join(", ");
  }

  // ---------------------------------------------------------------- the page

  // Text of an address, also of one that somebody broke.
  const decoded = (text) => {
    try { return decodeURIComponent(text); } catch { return text; }
  };

  const plainName = (text) => text.replace(/\d+([.,]\d+)?\s*m?g\b.*/i, "").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const MOST_COMPARED = 3;

  function start(root) {
    const data = JSON.parse(document.getElementById("explorer-data").textContent);
    const reader = mutationReader(data.protein);
    const shipped = shippedCells();
    const answerTo = answering(data, reader);
    const treatments = new Map(data.treatments.flatMap(({ name, aliases }) => [name, ...aliases].map((each) => [plainName(each), name])));
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const [input, phase, specimen, finding, reading, status, answer, form, folded] =
      ["mutation", "phase", "specimen", "finding", "reading", "status", "answer", "form", "folded"].map(part);
    let [prior, waiting, drawn, shownAt] = [[], 0, "", ""];

    const treatment = (text) =>
      treatments.get(plainName(text)) ?? refuse(`previous treatment ${quoted(text)} is not known; known are ${data.treatments.map(({ name }) => name).join(", ")}`);

    // A question as the package reads it; throws what is wrong in words.
    function ask({ text, prior, phase, specimen }) {
      const line = reader.read(text), { mutations } = line;
      const single = mutations.length === 1;
      if (!data.phases.includes(phase)) refuse(`phase is ${quoted(phase)}; must be one of ${data.phases.join(", ")}`);
      if (single && !["single", "unknown"].includes(phase)) refuse(`phase is ${phase}, but ${mutations[0].name} is a single mutation: leave the phase out`);
      if (!single && phase === "single") refuse(`phase is single, but there are ${mutations.length} mutations: cis, trans or unknown`);
      if (!data.specimens.includes(specimen)) refuse(`specimen is ${quoted(specimen)}; must be one of ${data.specimens.join(", ")}`);
      if (phase === "cis") reader.refuseInCis(mutations);
      const beside = data.reported.find(([, pattern]) => line.aside.some(([, found]) => new RegExp(pattern, "i").test(found)));
      if (beside) refuse(`${quoted(text)} holds ${beside[0]}, with which no inhibitor is ranked: choose it among the findings`);
      return { mutations, notes: reader.notes(line), prior: prior.map(treatment), specimen, phase: single ? "single" : reader.ofOneResidue(mutations) ? "trans" : phase === "unknown" ? line.phase || phase : phase };
    }

    // One question for each tumour, unless it is a consequence as VEP writes it; of several, the phase concerns those with several mutations.
    function askAll(asked) {
      const texts = (asked.text.includes("|ALK|") ? [asked.text] : asked.text.split("|")).filter((text) => text.trim());
      if (texts.length > MOST_COMPARED) refuse(`${texts.length} tumours are too many to compare (at most ${MOST_COMPARED})`);
      return texts.map((text) => ask({ ...asked, text, phase: texts.length > 1 && !isCompound(text) ? "unknown" : asked.phase }));
    }

    const isCompound = (text) => { try { return reader.read(text).mutations.length > 1; } catch { return false; } };

    // The phase counts only where the field for it does.
    const fromForm = () => ({ text: input.value, prior, phase: input.value.split("|").some(isCompound) ? phase.value : "unknown", specimen: specimen.value, finding: finding.value });

    // What is answered, and nothing else of a report: an address is passed on.
    function toFragment(questions) {
      // Each of several tumours has its own phase.
      const several = questions.length > 1;
      const asked = (question) => (question.mutations.some(reader.isBeyond) ? "ALK " : "") + (several ? named(question) : reader.profileOf(question.mutations));
      const [{ prior, phase, specimen }] = questions;
      const said = { m: questions.map(asked).join("|"), prior: prior.join(","), phase: several || phase === "single" ? "" : phase, specimen };
      return `#${Object.entries(said).filter(([, value]) => value && value !== "unknown").map((pair) => pair.join("=")).join("&")}`;
    }

    // A plus joins mutations here; it stands for no space.
    function fromFragment() {
      const pairs = location.hash.slice(1).split("&").map((pair) => decoded(pair).split(/=(.*)/s));
      const { m: text = "", prior = "", phase = "unknown", specimen = "unknown", finding = "" } = Object.fromEntries(pairs);
      return { text, prior: prior.split(",").map((name) => name.trim()).filter(Boolean), phase, specimen, finding };
    }

    function keep(fragment) {
      shownAt = fragment;
      if (fragment !== decoded(location.hash)) location.hash = fragment;
    }

    function fold(open) {
      folded.hidden = open;
      document.documentElement.classList.toggle("answered", !open);
    }

    function show(asked, { patient = false } = {}) {
      // A field that is left reports its text again; drawing the same would take away what is
      // just being clicked.
      const wanted = JSON.stringify(asked);
      if (wanted === drawn) return;
      drawn = "";
      clearTimeout(waiting);
      showPrior();
      if (!asked.text.trim() && !asked.finding) return clear("");
      let questions;
      try {
        if (asked.finding) return tell(asked.finding, wanted);
        questions = askAll(asked);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        // A half-typed name is no mistake yet.
        if (patient) return void (waiting = setTimeout(() => clear(error.message), 500));
        return clear(error.message);
      }
      phase.disabled = questions.every(({ mutations }) => mutations.length < 2);
      input.removeAttribute("aria-invalid");
      reading.className = "reading";
      const profiles = questions.map(({ mutations }) => reader.profileOf(mutations));
      const notes = questions.flatMap((question) => question.notes);
      reading.replaceChildren("Read as ", make("strong", {}, questions.map(named).join(" beside ")), ...notes.map((note) => `; ${note}`));
      keep(toFragment(questions));
      folded.firstElementChild.textContent = [inWords(questions), ...notes].join("; ");
      mark(questions.flatMap(({ mutations }) => mutations));
      const answers = questions.map(answerTo);
      if (questions.length > 1) compare(questions.flatMap((question, place) => answers[place].parts ?? [question]));
      else if (answers[0].parts) compare(answers[0].parts, `${profiles[0]}: ${data.words.unreported}`);
      else draw(questions[0], profiles[0], answers[0]);
      answer.hidden = false;
      globalThis.alkpoolActions?.(answer);
      drawn = wanted;
    }

    const legend = () => make("p", { class: "key" }, `${data.words.legend} ${data.words.basis}`);

    function draw(question, profile, { rows, reading: lead, other }) {
      const words = inWords([question]);
      const others = Object.hasOwn(data.not_assessed, profile) ? data.not_assessed[profile] : [];
      const history = ({ inhibitor }) => (inhibitor === lastOf(question.prior, data) ? data.words.progressed : question.prior.includes(inhibitor) && data.words.given);
      const table = (of, caption) => summaryTable(data, shipped, of, caption);
      const opened = [...answer.querySelectorAll("details[open]")].map((each) => each.dataset.inhibitor);
      answer.replaceChildren(
        make("p", { class: "verdict" }, standingText(rows, false)),
        ...(question.phase === "unknown" ? [make("p", { class: "key" }, `Phase not known: ${data.readings[lead]}.`)] : []),
        table(rows, `What the evidence amounts to: ${words}`),
        ...(other ? [make("h2", {}, `The other reading: ${data.readings[other.reading]}`), table(other.rows, `The other reading: ${words}`)] : []),
        record(shipped, rows),
        make("h2", {}, "What stands behind it"),
        ...rows.filter((row) => row.basis !== "none" || shipped(row, ".evidence").length).map((row) => details(shipped, row, opened.includes(row.inhibitor))),
        ...(others.length ? [make("h2", {}, "Other inhibitors, not assessed"), notesWithSources(others.map((row) => ({ text: `${row.inhibitor}: ${[history(row), row.known].filter(Boolean).join("; ")}.`, sources: row.sources })))] : []),
        pagesOn(question.mutations, profile),
        legend(),
      );
      status.textContent = `${profile}: ${standingText(rows)}`;
    }

    function compare(questions, heading = "") {
      const compared = questions.map((question) => ({ name: reader.profileOf(question.mutations), href: toFragment([question]), ...answerTo(question) }));
      answer.replaceChildren(
        ...(heading ? [make("p", { class: "verdict" }, heading)] : []),
        comparison(data, shipped, compared, `Compared: ${inWords(questions)}`),
        record(shipped, compared.flatMap(({ rows }) => rows)), legend());
      status.textContent = [heading, ...compared.map(({ name, rows }) => `${name}: ${standingText(rows)}`)].filter(Boolean).join(" ");
    }

    // Residues of the mutations asked for, in the map of the kinase domain.
    function mark(mutations) {
      const residues = mutations.map(({ residue }) => String(residue));
      root.querySelectorAll("svg.domain a").forEach((place) => place.classList.toggle("shown", residues.includes(place.dataset.residue)));
    }

    function pagesOn(mutations, profile) {
      const residues = new Set(mutations.flatMap(({ residue, last }) => [residue, last]));
      const names = Object.keys(data.profiles).filter((name) => name === profile || data.profiles[name].residues.some((each) => residues.has(each)));
      const links = names.map((name) => make("a", { href: `profiles/${data.profiles[name].page}.html` }, name));
      return make("p", { class: "pages" }, "Pages of all evidence on these residues: ", separated(links, ", "), links.length ? "." : "none.");
    }

    // What is known where nothing is ranked: no mutation, or a finding outside ALK.
    function tell(name, wanted) {
      if (!Object.hasOwn(data.findings, name)) refuse(`finding is ${quoted(name)}; must be one of ${Object.keys(data.findings).join(", ")}`);
      clear("");
      keep(`#finding=${name}`);
      folded.firstElementChild.textContent = name;
      answer.replaceChildren(
        make("p", { class: "verdict" }, status.textContent = `${name}: no inhibitor is compared.`),
        notesWithSources(data.findings[name]), make("section", { class: "record" }, askedOn()));
      answer.hidden = false;
      drawn = wanted;
    }

    function clear(message) {
      reading.replaceChildren(message);
      reading.className = message ? "reading refused" : "reading";
      input.ariaInvalid = message ? "true" : null;
      answer.replaceChildren();
      answer.hidden = true;
      phase.disabled = false;
      mark([]);
      fold(true);
      status.textContent = message ? `Not read: ${message}` : "";
    }

    // The answer as text: the table line by line, then the cases, sources and what it rests on.
    function asText() {
      const line = (each) =>
        [...(each.cells ?? [each])].filter((cell) => !cell.classList.contains("nothing"))
          .map((cell) => `${cell.dataset.head ? `${cell.dataset.head}: ` : ""}${cell.textContent.replace(/\s+/g, " ").trim()}`).join(" | ");
      // Which reading a table answers stands above it.
      return [folded.firstElementChild.textContent, ...[...answer.querySelectorAll(".verdict, .verdict + .key, h2:has(+ table), table.summary tbody tr")].map(line), "",
        ...[...answer.querySelectorAll(":is(.verdict + .notes, .record) :is(li, p)")].map((each) => each.textContent.replace(/\s+/g, " ").trim()), "",
        part("disclaimer").textContent].join("\n");
    }

    const DO = {
      change: () => { fold(true); input.focus(); },
      compare: () => { fold(true); input.value += " | "; input.focus(); },
      copy: (button) => globalThis.alkpoolCopy(asText(), button),
      link: (button) => globalThis.alkpoolCopy(location.href, button),
      print: () => print(),
    };

    function showPrior() {
      part("prior").replaceChildren(
        ...prior.map((name, place) =>
          make("li", {}, make("span", {}, name), make("button", {
            type: "button", class: "remove", "aria-label": `Remove ${name}, number ${place + 1}`,
            click: () => {
              prior = prior.filter((_, other) => other !== place);
              show(fromForm());
              (part("prior").querySelectorAll("button")[place] ?? part("add")).focus();
            },
          }, "×")),
        ),
      );
      part("no-prior").hidden = prior.length > 0;
    }

    const give = (name) => { prior = [...prior, name]; show(fromForm()); };

    part("add").addEventListener("change", ({ target }) => (give(target.value), (target.value = "")));
    input.addEventListener("input", () => ((finding.value = ""), show(fromForm(), { patient: true })));
    for (const field of [input, phase, specimen, finding]) field.addEventListener("change", () => show(fromForm()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      drawn = "";
      show(fromForm());
      if (!drawn) return;
      fold(false);
      // The button that was pressed stood below.
      scrollTo({ top: 0, behavior: "instant" });
    });
    form.addEventListener("click", ({ target }) => target.dataset.give && give(target.dataset.give));
    folded.addEventListener("click", ({ target }) => target.dataset.do && DO[target.dataset.do](target));

    function restore() {
      const asked = fromFragment();
      if (drawn && shownAt === decoded(location.hash)) return;
      input.value = asked.text;
      prior = asked.prior.map((name) => treatments.get(plainName(name)) ?? name);
      phase.value = data.phases.includes(asked.phase) ? asked.phase : "unknown";
      specimen.value = data.specimens.includes(asked.specimen) ? asked.specimen : "unknown";
      finding.value = asked.finding;
      show(asked);
      if (drawn) fold(false);
    }
    addEventListener("hashchange", restore);
    restore();
    globalThis.alkpoolExplorer = {
      canonical: (text) => reader.profileOf(reader.parse(text)),
      read: (text) => (({ mutations, ...line }) => ({ ...line, profile: reader.profileOf(mutations) }))(reader.read(text)),
      answer: (asked) => answerTo(ask(asked)),
    };
  }

  // ---------------------------------------------------------------- the other pages

  const asking = (mutation, prior = "") => `explorer.html#m=${encodeURIComponent(mutation)}${prior && `&prior=${prior}`}`;

  // The question on the start page leads to its answer.
  document.querySelector("form.question")?.addEventListener("submit", (event) => {
    event.preventDefault();
    location.href = asking(event.target.elements.m.value, event.target.elements.prior.value);
  });

  // A search for what looks like a mutation is offered its answer.
  const sought = new URLSearchParams(location.search).get("q") ?? "";
  if (/(?:\p{L}|c\.)\w*\d{3,4}\D/u.test(sought)) {
    document.getElementById("search-results")?.before(make("p", { class: "offer" }, make("a", { href: asking(sought) }, `What is the evidence on ${sought}?`)));
  }

  // The matrix of patients, by residue or by evidence.
  for (const sorting of document.querySelectorAll(".sorting")) {
    const rows = [...document.querySelectorAll("table.patients tbody tr")];
    const heavier = (a, b) => b.dataset.weight - a.dataset.weight;
    sorting.hidden = false;
    sorting.addEventListener("click", ({ target }) => {
      if (!target.dataset.sort) return;
      sorting.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each === target)));
      rows[0].parentElement.append(...(target.dataset.sort === "evidence" ? rows.toSorted(heavier) : rows));
    });
  }

  // Bootstrap would take the fragment of every link on the page for a selector; only those of the
  // list of sections are.
  if (document.querySelector(".sidebar-secondary-items")) document.body.dataset.bsTarget = ".sidebar-secondary-items";
  else document.body.removeAttribute("data-bs-spy");

  const root = document.getElementById("explorer");
  if (root) start(root);
});
