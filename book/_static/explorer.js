// The mutation explorer: asks for one tumour and shows what the evidence amounts to. The answers
// come with the page as alkpool.explorer computed them; only a compound that is not in the data
// is composed here, from the answers on its parts and the table that comes with them.
// The other scripts of the page are read by then, in whatever order.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";

  const { mutationReader, Refusal, refuse, quoted, ONE_LETTER } = globalThis.alkpoolMutations;
  const { make, link, withLinks, counted, table, separated, kinaseDomain, potencies, potency, calledAs } =
    globalThis.alkpoolDrawings;

  // ---------------------------------------------------------------- the answer

  const filled = (template, values) => template.replace(/\{(\w+)\}/g, (_, key) => values[key]);

  const before = (a, b) => {
    const place = a.findIndex((value, i) => value !== b[i]);
    return place >= 0 && place < b.length && (place >= a.length || a[place] < b[place]);
  };

  function answering(data, reader) {
    const { compose, words } = data;
    const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : null);
    const silent = (inhibitor) => ({
      inhibitor, standing: "undecided", rank: null, basis: compose.none, basis_text: compose.words.nothing,
      patients: { k: 0, n: 0, not_counted: 0, text: "0/0", lines: [] }, groups: [], relapsed: { k: 0, n: null, source: "" },
      laboratory: { sensitive: 0, resistant: 0, no_call: 0, calls: [] }, sources: [], marks: [],
      key: compose.keys[compose.none],
    });

    // The answer in print on a profile, or on another substitution of a residue.
    function known(mutations, reading) {
      const found = own(data.answers, reader.profileOf(mutations));
      if (found) return own(found, reading);
      const related = mutations[0].kind === "substitution" || mutations[0].kind === "residue class";
      return mutations.length === 1 && related ? own(data.substitutions, reader.residueClass(mutations)) : null;
    }

    const rowOn = (mutations, reading, inhibitor) => known(mutations, reading)?.rows[inhibitor] ?? silent(inhibitor);

    const worst = (rows) =>
      rows.reduce((one, other) => (compose.standings.indexOf(other.standing) > compose.standings.indexOf(one.standing) ? other : one));

    // Parts of a compound: its mutations, and the smaller compounds in it that are known.
    function partsOf(mutations) {
      const names = mutations.map(({ name }) => name);
      const smaller = Object.keys(data.answers).filter((name) => {
        const parts = name.split("+");
        return parts.length > 1 && parts.length < names.length && parts.every((part) => names.includes(part));
      });
      return [...mutations.map((one) => [one]), ...smaller.sort().map((name) => reader.parse(name))];
    }

    function inCis(mutations, inhibitor) {
      const parts = partsOf(mutations);
      const said = parts.map((part) => ({ part: reader.profileOf(part), ...rowOn(part, part.length > 1 ? "cis" : "single", inhibitor) }));
      let { standing } = worst(said);
      const told = said.filter((row) => row.basis !== compose.none);
      if (!told.length) return silent(inhibitor);
      const against = standing === "against";
      const shown = told.filter((row) => !against || row.standing === standing);
      const restored = said.filter(({ part }) => compose.restoring.some((pair) => pair[0] === part && pair[1] === inhibitor));
      let text = shown.map((row) => filled(compose.words.alone, { part: row.part, text: row.basis_text })).join("; ");
      if (restored.length && against) {
        standing = "undecided";
        text = filled(compose.words.restored, { parts: restored.map(({ part }) => part).join(", "), text });
      } else if (standing === "undecided") text = filled(compose.words.undecided, { text });
      const sources = new Map(shown.flatMap((row) => row.sources).map((source) => [source.url || source.label, source]));
      const key = [...compose.keys[standing]];
      // Within "for" the lower limit of the weakest part orders.
      if (standing === "for") key.push(Math.max(...shown.map((row) => row.key.at(-1))));
      return {
        ...silent(inhibitor), standing, basis: compose.basis, basis_text: text,
        marks: [compose.words.parts], sources: [...sources.values()], key,
      };
    }

    function inTrans(mutations, inhibitor) {
      return mutations
        .map((one) => {
          const row = rowOn([one], "single", inhibitor);
          if (row.basis === compose.none) return row;
          return { ...row, basis_text: filled(compose.words.trans, { part: one.name, text: row.basis_text }) };
        })
        .reduce((weakest, row) => (before(weakest.key, row.key) ? row : weakest));
    }

    function composed(mutations, reading, last) {
      const rows = data.inhibitors.map((inhibitor) => {
        const row = (reading === "trans" ? inTrans : inCis)(mutations, inhibitor);
        if (inhibitor !== last) return row;
        const because = row.standing === "against" ? ` (${row.basis_text})` : "";
        return {
          ...row, standing: "against", basis: compose.failed, basis_text: words.failed + because,
          marks: [words.just], key: compose.keys[compose.failed],
        };
      });
      rows.sort((a, b) => (before(a.key, b.key) ? -1 : before(b.key, a.key) ? 1 : 0));
      const best = rows.filter((row) => row.standing === "for");
      return rows.map((row) => ({
        ...row,
        rank: row.standing === "for" ? 1 + best.filter((other) => before(other.key, row.key)).length : null,
      }));
    }

    function rowsOf(mutations, reading, prior) {
      const last = prior.filter((name) => !data.no_inhibitors.includes(name)).at(-1) ?? "";
      const failed = data.inhibitors.includes(last) ? last : "";
      const printed = known(mutations, reading);
      const rows = printed
        ? printed.after[failed].map(([inhibitor, rank]) => ({
            ...printed.rows[inhibitor], ...(inhibitor === failed ? printed.failed[failed] : {}), rank,
          }))
        : composed(mutations, mutations.length > 1 ? reading : "trans", failed);
      return rows.map((row) => ({
        ...row,
        marks: prior.includes(row.inhibitor) && row.inhibitor !== last ? [words.given, ...row.marks] : row.marks,
      }));
    }

    // Readings of the question, the leading one first; the other only where it differs.
    function answer({ mutations, prior, phase, specimen }) {
      const both = specimen === "plasma" ? ["trans", "cis"] : ["cis", "trans"];
      const [lead, other] = (phase === "unknown" ? both : [phase]).map((reading) => ({ reading, rows: rowsOf(mutations, reading, prior) }));
      const outline = ({ rows }) => JSON.stringify(rows.map((row) => [row.inhibitor, row.standing, row.rank, row.basis]));
      return { ...lead, other: other && outline(lead) !== outline(other) ? other : null };
    }

    const isEmpty = (row) => row.basis === compose.none && !row.sources.length && !row.marks.includes(words.given);
    return { answer, isEmpty };
  }

  function standingText(rows) {
    const best = rows.filter((row) => row.standing === "for");
    if (!best.length) return "No assessed inhibitor has evidence that speaks for it.";
    return `There is evidence for ${best.map((row) => `${row.inhibitor} (${[row.basis_text, ...row.marks].join("; ")})`).join(", ")}.`;
  }

  function verdictOf(rows) {
    const best = rows.filter((row) => row.standing === "for").map((row) => row.inhibitor);
    return best.length ? `There is evidence for ${best.join(", ")}.` : standingText(rows);
  }

  // ---------------------------------------------------------------- the summary

  const DOTS = { benefit: ["yes", "+"], "no benefit": ["no", "−"], unknown: ["open", "?"] };

  function patientsCell({ patients }) {
    const dots = patients.lines.map((line) => {
      const [kind, sign] = line.counted ? DOTS[line.benefit] : DOTS.unknown;
      return make("span", { class: `dot ${kind}`, "aria-hidden": "true" }, sign);
    });
    const left = patients.lines.filter((line) => !line.counted).map((line) => line.text);
    const counts = `${patients.k}/${patients.n}`;
    if (!patients.lines.length) return "none";
    return [dots, " ", counts, left.length > 0 && make("small", {}, `, ${left.length} not counted (${left.join("; ")})`)];
  }

  const groupsCell = ({ groups }) =>
    groups.length
      ? separated(groups.map((group) => (group.k === null ? `${group.percent_printed || "?"}%` : `${group.k} of ${group.n}`)), ", ")
      : "none";

  function relapsedCell({ relapsed }) {
    if (!relapsed.k) return "none";
    return relapsed.n ? `${relapsed.k} of ${relapsed.n}` : `${counted(relapsed.k, "sample")}, chosen`;
  }

  function laboratoryCell({ laboratory }) {
    const { sensitive, resistant, calls } = laboratory;
    if (sensitive || resistant) return separated([sensitive && `${sensitive} sensitive`, resistant && `${resistant} resistant`], ", ");
    return calls.length ? `${counted(calls.length, "value")}, none decides` : "none";
  }

  function summaryTable(data, rows, isEmpty, caption) {
    const heads = ["Inhibitor", "Patients", "Groups", "Found after it", "Laboratory", "Why"];
    const bodies = Object.entries(data.standings).map(([standing, heading]) => {
      const mine = rows.filter((row) => row.standing === standing);
      const told = mine.filter((row) => !isEmpty(row));
      const silent = mine.filter(isEmpty).map((row) => row.inhibitor);
      const last = silent.length ? make("tr", {}, make("td", { colspan: heads.length }, `No data: ${silent.join(", ")}`)) : null;
      return make("tbody", { "data-standing": standing },
        make("tr", { class: "group" }, make("th", { colspan: heads.length, scope: "rowgroup" }, heading)),
        told.map((row) =>
          make("tr", { "data-inhibitor": row.inhibitor },
            make("th", { scope: "row" }, row.rank && make("span", { class: "rank" }, `${row.rank}. `), row.inhibitor),
            [patientsCell(row), groupsCell(row), relapsedCell(row), laboratoryCell(row)].map((cell, place) =>
              make("td", { "data-head": heads[place + 1], class: cell === "none" && "nothing" }, cell)),
            make("td", { class: "why" }, row.basis_text, " ", row.marks.map((mark) => make("span", { class: "tag" }, mark))))),
        last || (!told.length && make("tr", {}, make("td", { colspan: heads.length }, "none"))));
    });
    return make("table", { class: "summary" },
      make("caption", { class: "visually-hidden" }, caption),
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
      bodies);
  }

  // ---------------------------------------------------------------- what stands behind it

  const sourceItem = ({ label, url }) => make("li", {}, link(url, label));

  function evidenceOf(data, row, width) {
    const { patients, groups, laboratory, sources, inhibitor } = row;
    const measured = laboratory.calls.filter((call) => call.value > 0);
    return [
      patients.lines.length > 0 && table(`Lines of ${inhibitor}`, ["Patient", "Outcome", "Benefit", "Source"],
        patients.lines.map((line) => [line.patient, line.text, line.counted ? line.benefit : `${line.benefit}, not counted`, link(line.url, line.label)])),
      groups.length > 0 && table(`Published groups given ${inhibitor}`, ["Mutations", "Of whom", "Endpoint", "Result", "Source"],
        groups.map((group) => [
          group.mutations.replaceAll(";", " or "), group.population, group.endpoint,
          separated([group.k !== null && `${group.k} of ${group.n} (${group.k_origin})`, group.percent_printed && `${group.percent_printed}% printed`], ", "),
          link(group.url, group.label),
        ])),
      laboratory.calls.length > 0 && [
        measured.length > 0 && potencies(data, measured, inhibitor, width),
        table(`Laboratory, ${inhibitor}`, ["Model", "Value", "Call", "Source and place"], laboratory.calls.map((call) => [
          [call.model, make("small", {}, `${call.system}; ${call.assay}`)], potency(call),
          separated([calledAs(call), call.ours && "threshold is ours", !call.counts && "does not decide"], ", "),
          [link(call.url, call.label), make("small", { class: "locator" }, withLinks(call.locator))],
        ])),
      ],
      sources.length > 0 && [make("p", {}, "Sources:"), make("ul", { class: "sources" }, sources.map(sourceItem))],
    ];
  }

  function details(data, row, width, isOpen, remember) {
    const body = make("div", { class: "evidence" });
    const element = make("details", {
      "data-inhibitor": row.inhibitor,
      toggle: () => {
        remember(row.inhibitor, element.open);
        if (element.open && !body.hasChildNodes()) body.append(...[evidenceOf(data, row, width)].flat(Infinity).filter(Boolean));
      },
    }, make("summary", {}, `Evidence on ${row.inhibitor}: ${counted(row.patients.lines.length, "line")}, ${counted(row.groups.length, "group")}, ${counted(row.laboratory.calls.length, "measurement")}, ${counted(row.sources.length, "source")}`), body);
    element.open = isOpen;
    return element;
  }

  const notesWithSources = (notes) =>
    make("ul", { class: "notes" }, notes.map(({ text, sources }) => make("li", {}, text, " ", separated(sources.map(({ label, url }) => link(url, label)), ", "))));

  function inWords({ mutations, prior, phase, specimen }) {
    const name = mutations.map((mutation) => mutation.name).join("+") || "No ALK mutation";
    const given = prior.length ? `after ${prior.join(", ")}` : "previous treatment not given";
    return [name, given, phase === "single" ? "" : phase === "unknown" ? "phase not known" : `in ${phase}`, specimen === "unknown" ? "specimen not stated" : specimen]
      .filter(Boolean).join(", ");
  }

  // ---------------------------------------------------------------- the page

  // Text of an address, also of one that somebody broke.
  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  const plainName = (text) => text.replace(/\d+([.,]\d+)?\s*m?g\b.*/i, "").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

  function start(root) {
    const data = JSON.parse(document.getElementById("explorer-data").textContent);
    const reader = mutationReader(data.protein);
    const { answer: answerTo, isEmpty } = answering(data, reader);
    const named = new Map(data.treatments.flatMap(({ name, aliases }) => [name, ...aliases].map((each) => [plainName(each), name])));
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const input = part("mutation");
    const [phase, specimen, finding] = [part("phase"), part("specimen"), part("finding")];
    const [reading, status, answer, form, folded] = [part("reading"), part("status"), part("answer"), part("form"), part("folded")];
    const opened = new Set();
    let prior = [];
    let waiting = 0;
    let drawn = "";

    const remember = (inhibitor, open) => (open ? opened.add(inhibitor) : opened.delete(inhibitor));

    function treatment(text) {
      return named.get(plainName(text)) ?? refuse(`previous treatment ${quoted(text)} is not known; known are ${data.treatments.map(({ name }) => name).join(", ")}`);
    }

    // A question as the package reads it; throws what is wrong in words.
    function ask({ text, prior, phase, specimen }) {
      const mutations = reader.parse(text);
      const single = mutations.length === 1;
      const given = prior.map(treatment);
      if (!data.phases.includes(phase)) refuse(`phase is ${quoted(phase)}; must be one of ${data.phases.join(", ")}`);
      if (single && !["single", "unknown"].includes(phase)) {
        refuse(`phase is ${phase}, but ${mutations[0].name} is a single mutation: leave the phase out`);
      }
      if (!single && phase === "single") refuse(`phase is single, but there are ${mutations.length} mutations: cis, trans or unknown`);
      if (!data.specimens.includes(specimen)) {
        refuse(`specimen is ${quoted(specimen)}; must be one of ${data.specimens.join(", ")}`);
      }
      return { mutations, prior: given, specimen, phase: single ? "single" : phase };
    }

    // The phase counts only where the field for it does.
    function fromForm() {
      let several = false;
      try {
        several = reader.parse(input.value).length > 1;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
      return { text: input.value, prior, phase: several ? phase.value : "unknown", specimen: specimen.value };
    }

    function toFragment(question) {
      const pairs = [["m", reader.profileOf(question.mutations)]];
      if (question.prior.length) pairs.push(["prior", question.prior.join(",")]);
      if (question.phase !== "single" && question.phase !== "unknown") pairs.push(["phase", question.phase]);
      if (question.specimen !== "unknown") pairs.push(["specimen", question.specimen]);
      return `#${pairs.map((pair) => pair.join("=")).join("&")}`;
    }

    // A plus joins mutations here; it stands for no space.
    function fromFragment() {
      const pairs = location.hash.slice(1).split("&").map((pair) => decoded(pair).split(/=(.*)/s));
      const given = Object.fromEntries(pairs);
      return {
        text: given.m ?? "",
        prior: (given.prior ?? "").split(",").map((name) => name.trim()).filter(Boolean),
        phase: given.phase ?? "unknown",
        specimen: given.specimen ?? "unknown",
      };
    }

    function fold(open) {
      form.hidden = !open;
      folded.hidden = open;
      root.classList.toggle("answered", !open);
    }

    function show(asked, { patient = false } = {}) {
      // A field that is left reports its text again; drawing the same would take away what is
      // just being clicked.
      const wanted = JSON.stringify(asked);
      if (wanted === drawn) return;
      drawn = "";
      clearTimeout(waiting);
      showPrior();
      if (!asked.text.trim()) {
        clear("");
        phase.disabled = false;
        return;
      }
      let question;
      try {
        question = ask(asked);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        // A half-typed name is no mistake yet.
        if (patient) waiting = setTimeout(() => clear(error.message), 500);
        else clear(error.message);
        return;
      }
      phase.disabled = question.mutations.length < 2;
      input.removeAttribute("aria-invalid");
      reading.className = "reading";
      const profile = reader.profileOf(question.mutations);
      reading.replaceChildren("Read as ", make("strong", {}, profile),
        ...reader.notes(question.mutations).flatMap((note) => ["; note: ", note]));
      draw(question, profile);
      drawn = wanted;
      const fragment = toFragment(question);
      if (fragment !== decoded(location.hash)) location.hash = fragment;
    }

    function draw(question, profile) {
      const { rows, reading: lead, other } = answerTo(question);
      const width = Math.max(Math.min(root.clientWidth - 34, 900), 260);
      const words = inWords(question);
      const others = Object.hasOwn(data.not_assessed, profile) ? data.not_assessed[profile] : [];
      folded.firstElementChild.textContent = words;
      answer.replaceChildren(
        make("p", { class: "verdict" }, verdictOf(rows)),
        ...(question.phase === "unknown" ? [make("p", { class: "key" }, `Phase not known: ${data.readings[lead]}.`)] : []),
        summaryTable(data, rows, isEmpty, `What the evidence amounts to: ${words}`),
        ...(other ? [make("h3", {}, `The other reading: ${data.readings[other.reading]}`), summaryTable(data, other.rows, isEmpty, `The other reading: ${words}`)] : []),
        ...(others.length ? [make("h3", {}, "Other inhibitors, not assessed"), notesWithSources(others.map((row) => ({ text: `${row.inhibitor}: ${row.known}.`, sources: row.sources })))] : []),
        make("h3", {}, "What stands behind it"),
        ...rows.filter((row) => !isEmpty(row)).map((row) => details(data, row, width, opened.has(row.inhibitor), remember)),
        make("h3", {}, "Place in the kinase domain"),
        make("div", { class: "place" }, kinaseDomain(data, question.mutations, width)),
        pagesOn(question.mutations, profile),
        make("p", { class: "key" }, `${data.words.legend} ${data.words.basis}`),
      );
      for (const open of answer.querySelectorAll("details[open]")) open.dispatchEvent(new Event("toggle"));
      answer.hidden = false;
      status.textContent = `${profile}: ${standingText(rows)}`;
    }

    function pagesOn(mutations, profile) {
      const residues = new Set(mutations.flatMap(({ residue, last }) => [residue, last]));
      const names = Object.keys(data.profiles).filter(
        (name) => name === profile || data.profiles[name].residues.some((residue) => residues.has(residue)),
      );
      if (!names.length) return make("p", { class: "pages" }, "No profile of the data concerns these residues.");
      const links = names.map((name) => make("a", { href: `profiles/${data.profiles[name].page}.html` }, name));
      return make("p", { class: "pages" }, "Pages of all evidence on these residues: ", separated(links, ", "), ".");
    }

    // What is known where nothing is ranked: no mutation, or a finding outside ALK.
    function tell(heading, notes) {
      drawn = "";
      answer.replaceChildren(make("h2", {}, heading), make("p", {}, "Nothing is ranked."), notesWithSources(notes));
      answer.hidden = false;
      status.textContent = `${heading}: nothing is ranked`;
    }

    function clear(message) {
      reading.replaceChildren(message);
      reading.className = message ? "reading refused" : "reading";
      if (message) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      answer.replaceChildren();
      answer.hidden = true;
      fold(true);
      status.textContent = message ? `Not read: ${message}` : "";
    }

    // Previous treatments, in order.
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

    function give(name) {
      prior = [...prior, name];
      show(fromForm());
    }

    for (const name of data.inhibitors) {
      part("add").before(make("button", { type: "button", click: () => give(name) }, `+ ${name}`));
    }
    part("add").append(...data.treatments.map(({ name }) => name).filter((name) => !data.inhibitors.includes(name)).map((name) => make("option", { value: name }, name)));
    part("add").addEventListener("change", ({ target }) => {
      if (target.value) give(target.value);
      target.value = "";
    });
    for (const name of data.phases.filter((each) => each !== "single")) phase.append(make("option", { value: name }, name === "unknown" ? "not known" : name));
    for (const name of data.specimens) specimen.append(make("option", { value: name }, name === "unknown" ? "not known" : name));
    finding.append(make("option", { value: "none" }, "no ALK mutation found"), ...Object.keys(data.findings).map((name) => make("option", { value: name }, name)));
    finding.addEventListener("change", ({ target }) => {
      if (target.value === "none") tell("No ALK mutation found", data.without_mutation);
      else if (target.value) tell(target.value, data.findings[target.value]);
      else show(fromForm());
    });

    input.addEventListener("input", () => show(fromForm(), { patient: true }));
    input.addEventListener("change", () => show(fromForm()));
    phase.addEventListener("change", () => show(fromForm()));
    specimen.addEventListener("change", () => show(fromForm()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      drawn = "";
      show(fromForm());
      if (drawn) fold(false);
    });
    folded.querySelector("button").addEventListener("click", () => {
      fold(true);
      input.focus();
    });
    part("print").addEventListener("click", () => print());
    suggest(data, input, part("suggestions"), () => show(fromForm()));

    function restore() {
      const asked = fromFragment();
      const shown = (() => {
        try {
          return toFragment(ask(fromForm()));
        } catch {
          return "";
        }
      })();
      if (shown && shown === decoded(location.hash)) return;
      input.value = asked.text;
      prior = asked.prior.map((name) => named.get(plainName(name)) ?? name);
      phase.value = data.phases.includes(asked.phase) ? asked.phase : "unknown";
      specimen.value = data.specimens.includes(asked.specimen) ? asked.specimen : "unknown";
      show(asked);
      if (drawn) fold(false);
    }
    addEventListener("hashchange", restore);
    root.hidden = false;
    restore();
    globalThis.alkpoolExplorer = {
      canonical: (text) => reader.profileOf(reader.parse(text)),
      notes: (text) => reader.notes(reader.parse(text)),
      answer: (asked) => answerTo(ask(asked)),
    };
  }

  // A list below the field completes the mutation that is being typed (ARIA combobox pattern).
  function suggest(data, input, list, chosen) {
    const MOST = 8;
    let active = -1;

    // What stands before the mutation that is being typed, and that mutation.
    function typed() {
      const [, kept, word] = /^(.*[+/,;&\s])?([^+/,;&\s]*)$/s.exec(input.value);
      return [kept ?? "", word];
    }

    function found() {
      const [kept, word] = typed();
      const sought = word
        .replace(/^(?:NP_004295(?:\.\d+)?:)?(?:p\.)?\(?/i, "")
        .toUpperCase()
        .replace(/[A-Z]{3}(?=\d|$)/g, (code) => (ONE_LETTER.has(code) ? ONE_LETTER.get(code) : code));
      const names = Object.keys(data.profiles).filter((name) => !kept || !name.includes("+"));
      const starting = names.filter((name) => name.toUpperCase().startsWith(sought));
      const containing = names.filter((name) => !starting.includes(name) && name.toUpperCase().includes(sought));
      return [...starting, ...containing].filter((name) => name !== input.value).slice(0, MOST);
    }

    function open() {
      const names = found();
      active = -1;
      list.replaceChildren(
        ...names.map((name, place) =>
          make("li", {
            id: `explorer-option-${place}`, role: "option", "aria-selected": "false", "data-name": name,
            // The field keeps the focus.
            pointerdown: (event) => { event.preventDefault(); choose(name); },
          }, make("span", {}, name), make("small", {}, counted(data.profiles[name].samples, "sample"))),
        ),
      );
      list.hidden = names.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      input.removeAttribute("aria-activedescendant");
    }

    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function choose(name) {
      input.value = typed()[0] + name;
      close();
      chosen();
    }

    function move(step) {
      if (list.hidden) open();
      const options = [...list.children];
      if (!options.length) return;
      active = active < 0 && step < 0 ? options.length - 1 : (active + step + options.length) % options.length;
      options.forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
      input.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }

    input.addEventListener("input", open);
    input.addEventListener("click", open);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        move(event.key === "ArrowDown" ? 1 : -1);
        event.preventDefault();
      } else if (event.key === "Enter" && active >= 0) {
        choose(list.children[active].dataset.name);
        event.preventDefault();
      } else if (event.key === "Enter") {
        close();
      } else if (event.key === "Escape" && !list.hidden) {
        close();
        event.preventDefault();
      }
    });
  }

  // Bootstrap would take the fragment of every link on the page for a selector; only those of the
  // list of sections are.
  function keepScrollSpyToSections() {
    const sections = document.querySelector(".sidebar-secondary-items");
    if (sections) document.body.dataset.bsTarget = ".sidebar-secondary-items";
    else document.body.removeAttribute("data-bs-spy");
  }

  keepScrollSpyToSections();
  const root = document.getElementById("explorer");
  if (root) start(root);
});
