// The mutation explorer: asks for one tumour, ranks the inhibitors, shows the evidence.
// Mutations are read as alkpool.mutations reads them and ranked as alkpool.ranking ranks them; a
// test compares both with the package. All data stand in the page, as the JSON that
// alkpool.explorer makes, and reach the document as text only.
(() => {
  "use strict";

  // ---------------------------------------------------------------- reading mutations

  const AMINO_ACIDS = "ARNDCQEGHILKMFPSTWYV";
  const THREE_LETTER =
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL XAA TER".split(" ");
  const ONE_LETTER = new Map(THREE_LETTER.map((code, place) => [code, `${AMINO_ACIDS}X*`[place]]));
  ONE_LETTER.set("STOP", "*");

  const CODE = `(?:${[...ONE_LETTER.keys()].join("|")}|[A-Z*])`;
  const NUMBER = "[1-9]\\d*";
  const PREFIX = "(?:ALK[:_-]?|NP_004295(?:\\.\\d+)?(?::|(?=p\\.)))?(?:p\\.)?";
  const BODY =
    `(?:(?<first>${CODE})(?<start>${NUMBER})` +
    `(?:(?<new>${CODE}|=)` +
    `|(?<frameshift>${CODE}?fs(?:\\*|TER|X)?\\d*)` +
    `|(?:[_-](?<last>${CODE})(?<end>${NUMBER}))?` +
    `(?:(?<lost>del|dup)|(?<verb>delins|ins)(?<inserted>[A-Z]+)))` +
    `|(?<oldFirst>${CODE})?(?<oldStart>${NUMBER})(?<oldInserted>[A-Z]+)ins)`;
  const FORMS = [`${PREFIX}${BODY}`, `${PREFIX}\\(${BODY}\\)`].map((form) => new RegExp(`^${form}$`, "i"));
  const SEPARATOR = / ?(?:[,;]? ?\band\b|[/+,;&]) ?/i;
  const ACCEPTED =
    "accepted are G1202R, p.Gly1202Arg, G1202del, A1200_G1201del, T1151dup, T1151_L1152insK, " +
    "G1202delinsRS and I1171X, several joined by '+'";
  const REASONS = [
    [/wild[ -]?type|\bwt\b|\bparental\b/i, "wild type is the absence of a mutation"],
    [
      new RegExp(`\\||\\bor\\b|^${CODE}$`, "i"),
      "write alternatives one by one (I1171N, then I1171S) or as the residue class (I1171X)",
    ],
    [/\bc\.|>/i, "DNA-level names are not read, write the protein change, as G1202R"],
    [
      new RegExp(`^${PREFIX} ?${CODE} ?${NUMBER}$`, "i"),
      "the new residue is missing; X stands for any, as in I1171X",
    ],
    [
      new RegExp(`^${PREFIX} ?${NUMBER} ?[A-Z]+$`, "i"),
      "the wild-type residue is missing, as the G in G1202R",
    ],
  ];
  // White space as Python splits at; the escapes of its repr.
  const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  const ESCAPES = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

  class Refusal extends Error {}

  const refuse = (message) => {
    throw new Refusal(message);
  };

  // A text as Python quotes it.
  function quoted(text) {
    const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
    const shown = [...text].map((character) => {
      if (character in ESCAPES) return ESCAPES[character];
      if (character === mark) return `\\${mark}`;
      if (character === " " || !/[\p{C}\p{Z}]/u.test(character)) return character;
      const number = character.codePointAt(0);
      const [letter, width] = number < 0x100 ? ["x", 2] : number < 0x10000 ? ["u", 4] : ["U", 8];
      return `\\${letter}${number.toString(16).padStart(width, "0")}`;
    });
    return mark + shown.join("") + mark;
  }

  // Typography reduced to ASCII: compatibility forms, dashes, white space, invisible marks.
  const cleaned = (text) =>
    text
      .normalize("NFKC")
      .replace(/[\p{Pd}\u2212]/gu, "-")
      .replace(/\p{Cf}/gu, "")
      .split(SPACES)
      .filter(Boolean)
      .join(" ");

  function mutationReader(protein) {
    const last = protein.first + protein.sequence.length - 1;
    const reference = (place) => protein.sequence[place - protein.first];

    function refuseLong(text) {
      const characters = [...text];
      if (characters.length > protein.max_characters) {
        const start = quoted(characters.slice(0, 20).join(""));
        refuse(
          `${start}...: ${characters.length} characters are too many for a mutation profile ` +
            `(at most ${protein.max_characters})`,
        );
      }
    }

    function parse(text) {
      refuseLong(text);
      const found = new Map();
      for (const part of cleaned(text).split(SEPARATOR)) {
        if (!part) refuse(`${quoted(text)}: a mutation is missing; ${ACCEPTED}`);
        const forms = formsOf(part.split(" "));
        if (forms === null) {
          const reason = REASONS.find(([pattern]) => pattern.test(part));
          refuse(`${quoted(part)} is not read as a mutation: ${reason ? reason[1] : ACCEPTED}`);
        }
        for (const form of forms) {
          try {
            const mutation = read(form.groups);
            found.set(mutation.name, mutation);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            refuse(`${form[0]}: ${error.message}`);
          }
        }
      }
      const sorted = [...found.values()].sort(
        (a, b) => a.residue - b.residue || a.last - b.last || ascending(a.kind, b.kind) || ascending(a.name, b.name),
      );
      refuseLong(sorted.map((mutation) => mutation.name).join("+"));
      return sorted;
    }

    // A space may stand within a name or between two: it separates wherever it can.
    function formsOf(pieces) {
      const tails = new Map([[pieces.length, []]]);
      for (let start = pieces.length - 1; start >= 0; start--) {
        for (let end = start + 1; end <= pieces.length; end++) {
          if (!tails.has(end)) continue;
          const joined = pieces.slice(start, end).join("");
          const form = FORMS.map((pattern) => pattern.exec(joined)).find(Boolean);
          if (form) {
            tails.set(start, [form, ...tails.get(end)]);
            break;
          }
        }
      }
      return tails.get(0) ?? null;
    }

    function read(form) {
      const code = form.first ?? form.oldFirst;
      const startDigits = form.start ?? form.oldStart;
      const start = Number(startDigits);
      const end = Number(form.end ?? startDigits);
      // What the name tells is added to the reference, which does not reach everywhere.
      const told = new Map();
      const wild = (place) => told.get(place) ?? reference(place);
      if (code) told.set(start, wildType(code, startDigits));
      if (form.end) told.set(end, wildType(form.last, form.end));
      if (end < start) refuse(`the range runs backwards, from ${start} to ${end}`);
      if (form.frameshift) refuse("frameshifts are not resistance mutations and are not read");
      if (form.lost) return shifted(start, end, form.lost.toLowerCase(), wild);
      if (form.new) return substitution(form.new, start, wild);
      const inserted = sequence(form.inserted ?? form.oldInserted, code);
      if (!code && start > protein.length) refuse(unnamed(startDigits));
      if ((form.verb ?? "").toLowerCase() === "delins") return replaced(start, end, inserted, wild);
      if (form.end && end !== start + 1) refuse(`residues ${start} and ${end} are not neighbours`);
      return insertion(start, inserted, wild);
    }

    const unnamed = (place) => `residue ${place} is not in the reference and must be named`;

    function wildType(code, digits) {
      const found = letter(code);
      if (Number(digits) > protein.length) {
        refuse(`residue ${digits} does not exist, ALK has ${protein.length}`);
      }
      const expected = reference(Number(digits));
      if (expected && expected !== found) refuse(`residue ${digits} is ${expected}, not ${found}`);
      return found;
    }

    function letter(code) {
      const found = ONE_LETTER.get(code.toUpperCase()) ?? code.toUpperCase();
      if (found === "*") refuse("a stop codon is not a resistance mutation");
      if (!AMINO_ACIDS.includes(found)) refuse(`${code} is not one of the 20 amino acids`);
      return found;
    }

    // THR is threonine beside Leu but three residues beside L; Thr beside L could be either.
    function sequence(letters, neighbour) {
      const codes = letters.match(/.{1,3}/g);
      const spelled = codes.every((code) => ONE_LETTER.has(code.toUpperCase()));
      const long = neighbour !== undefined && neighbour.length === 3;
      const capitals = letters === letters.toUpperCase();
      if ((long && !spelled) || (!long && spelled && !capitals)) {
        refuse("use three-letter code or one-letter code in capitals, not a mixture");
      }
      return (long ? codes : [...letters]).map(letter).join("");
    }

    function substitution(code, place, wild) {
      if (["X", "XAA"].includes(code.toUpperCase())) {
        return { residue: place, last: place, kind: "residue class", name: `${wild(place)}${place}X` };
      }
      return replaced(place, place, code === "=" ? wild(place) : letter(code), wild);
    }

    // What remains of a replacement once the unchanged residues are trimmed.
    function replaced(from, to, inserted, wild) {
      const old = [];
      for (let place = from; place <= to; place++) old.push(wild(place));
      while (old.length && inserted && old[0] === inserted[0]) {
        old.shift();
        inserted = inserted.slice(1);
        from += 1;
      }
      while (old.length && inserted && old.at(-1) === inserted.at(-1)) {
        old.pop();
        inserted = inserted.slice(0, -1);
        to -= 1;
      }
      if (!old.length && !inserted) refuse("a synonymous change leaves the protein as it is");
      if (!old.length) return insertion(to, inserted, wild);
      if (!inserted) return shifted(from, to, "del", wild);
      const kind = old.length === 1 && inserted.length === 1 ? "substitution" : "delins";
      return named(from, to, kind, inserted, wild);
    }

    // A deletion or duplication as far towards the C-terminus as it goes.
    function shifted(from, to, kind, wild) {
      while (wild(to + 1) && wild(to + 1) === wild(from)) {
        from += 1;
        to += 1;
      }
      return named(from, to, kind, "", wild);
    }

    // An insertion as far towards the C-terminus as it goes, or the duplication it is.
    function insertion(after, inserted, wild) {
      while (wild(after + 1) === inserted[0]) {
        after += 1;
        inserted = inserted.slice(1) + inserted[0];
      }
      const from = after - inserted.length + 1;
      if ([...inserted].every((residue, place) => wild(from + place) === residue)) {
        return named(from, after, "dup", "", wild);
      }
      return named(after, after + 1, "ins", inserted, wild);
    }

    function named(from, to, kind, inserted, wild) {
      const ends = from === to ? [from] : [from, to];
      for (const place of ends) if (!wild(place)) refuse(unnamed(place));
      const change = kind === "substitution" ? "" : kind;
      const name = ends.map((place) => `${wild(place)}${place}`).join("_") + change + inserted;
      return { residue: from, last: to, kind, name };
    }

    const inDomain = (mutation) =>
      protein.domain[0] <= mutation.residue && mutation.last <= protein.domain[1];

    // What alkpool warns of: mutations outside the kinase domain.
    const notes = (mutations) =>
      mutations
        .filter((mutation) => !inDomain(mutation))
        .map((mutation) => {
          const checked = [mutation.residue, mutation.last].every(reference);
          const unchecked = `; could not be checked, the reference covers residues ${protein.first}-${last} only`;
          const domain = `residues ${protein.domain.join("-")}`;
          return `${mutation.name}: outside the kinase domain (${domain})${checked ? "" : unchecked}`;
        });

    const profileOf = (mutations) => mutations.map((mutation) => mutation.name).join("+");

    // Each substitution of a profile replaced by the class of its residue.
    const residueClass = (mutations) =>
      profileOf(
        parse(
          mutations
            .map(({ kind, name }) => (kind === "substitution" ? `${name.slice(0, -1)}X` : name))
            .join("+"),
        ),
      );

    return { parse, profileOf, residueClass, inDomain, notes };
  }

  const ascending = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  // ---------------------------------------------------------------- the decision rule

  const filled = (template, values) => template.replace(/\{(\w+)\}/g, (_, key) => values[key]);

  const before = (a, b) => {
    const place = a.findIndex((value, i) => value !== b[i]);
    return place >= 0 && a[place] < b[place];
  };

  function decisionRule(data, reader) {
    const { expectations, tiers, expected, reasons, warnings } = data.rule;
    const behind = indexed(data);

    const factOn = (level, name, inhibitor) => {
      const facts = data.facts[level];
      return { ...facts[Object.hasOwn(facts, name) ? name : ""][inhibitor], name };
    };

    // Clinical evidence first, in vitro calls where it is insufficient.
    function outcomeOf(fact) {
      if (fact.verdict !== "insufficient evidence") return ["clinical", fact.verdict];
      if (fact.sensitive && fact.resistant) return ["in vitro", "conflicting evidence"];
      if (fact.sensitive) return ["in vitro", "sensitive"];
      if (fact.resistant) return ["in vitro", "resistant"];
      return ["none", "insufficient evidence"];
    }

    function assess(mutations, inhibitor) {
      const asked = reader.profileOf(mutations);
      const residueClass = reader.residueClass(mutations);
      let fact = factOn("profile", asked, inhibitor);
      let [tier, outcome] = outcomeOf(fact);
      let template = tier;
      let expectation = expected[outcome][0];
      if (tier === "none") {
        const related = factOn("residue class", residueClass, inhibitor);
        const [basis, seen] = outcomeOf(related);
        if (basis !== "none") {
          fact = related;
          tier = "residue class";
          template = `residue class, ${basis}`;
          expectation = expected[seen][1];
        }
      }
      const strength = tier === "clinical" && fact.benefit_n ? fact.sensitivity_low : 0;
      const key = [expectations.indexOf(expectation), tiers.indexOf(tier), -strength];
      const row = { ...fact, asked, residueClass, tier, expectation, key };
      return { ...row, reason: filled(reasons[template], row) };
    }

    function warningsOn(row, question) {
      const progressed = question.prior.at(-1) === row.inhibitor;
      const outside = question.mutations.filter((mutation) => !reader.inDomain(mutation));
      const applies = {
        progressed,
        given: question.prior.includes(row.inhibitor) && !progressed,
        cis: question.phase === "cis",
        trans: question.phase === "trans",
        phase: question.phase === "unknown",
        plasma: question.specimen === "plasma",
        domain: outside.length > 0,
        class: row.tier === "residue class",
        limited: row.rule === "V6" && row.relapse_n === 0,
        disagree: row.sensitive && row.resistant,
        review: row.review,
        findings: row.findings,
      };
      const values = { ...row, outside: outside.map((mutation) => mutation.name).join(", ") };
      return Object.entries(warnings)
        .filter(([code]) => applies[code])
        .map(([, template]) => filled(template, values));
    }

    // The rows behind a fact do not depend on the history: they are collected once.
    const collected = new Map();

    function evidenceOn(row) {
      const level = row.tier === "residue class" ? "residue class" : "profile";
      const key = [level, row.name, row.inhibitor].join("|");
      if (!collected.has(key)) collected.set(key, collect(level, row));
      return collected.get(key);
    }

    function collect(level, row) {
      const { cases, calls } = behind(level, row.name, row.inhibitor);
      const assertions = assertionsOn(level, [row.name, row.residueClass], row.inhibitor);
      const sources = new Map();
      for (const item of [...cases.map(({ sample }) => sample), ...calls, ...assertions]) {
        const { source_id, label, url } = item;
        if (!sources.has(url || label)) sources.set(url || label, { source_id, label, url });
      }
      const samples = new Set(cases.map(({ sample }) => sample));
      const findings = [...samples]
        .filter((sample) => sample.other_findings)
        .map((sample) => `${sample.other_findings} (${sample.sample_id})`)
        .join("; ");
      return { cases, calls, assertions, sources: [...sources.values()], findings };
    }

    // What a knowledge base asserts of any substitution of the residue holds for each.
    function assertionsOn(level, names, inhibitor) {
      const column = level === "profile" ? "profile" : "residue_class";
      return data.assertions.filter((item) => item.inhibitor === inhibitor && names.includes(item[column]));
    }

    function rank(question) {
      const parts = question.phase === "trans" ? question.mutations.map((one) => [one]) : [question.mutations];
      const rows = data.inhibitors.map((inhibitor) => {
        const found = parts.map((part) => assess(part, inhibitor));
        const weakest = found.reduce((worst, row) => (before(worst.key, row.key) ? row : worst));
        const row = { ...weakest, ...evidenceOn(weakest), profile: weakest.name };
        const [level, tier, strength] = row.key;
        const progressed = question.prior.at(-1) === inhibitor;
        return { ...row, warnings: warningsOn(row, question), order: [level, Number(progressed), tier, strength] };
      });
      return rows
        .map((row) => ({ ...row, rank: 1 + rows.filter((other) => before(other.order, row.order)).length }))
        .map((row, _, ranked) => ({ ...row, tied: ranked.filter((other) => other.rank === row.rank).length > 1 }))
        .sort((a, b) => a.rank - b.rank);
    }

    return { rank, behind };
  }

  // What stands behind each fact: samples and lines of treatment, and calls.
  function indexed(data) {
    const shelves = new Map();
    const nothing = { cases: [], calls: [] };
    const put = (kind, level, name, inhibitor, item) => {
      const key = `${level}|${name}|${inhibitor}`;
      if (!shelves.has(key)) shelves.set(key, { cases: [], calls: [] });
      shelves.get(key)[kind].push(item);
    };
    for (const sample of data.cases) {
      const profiles = sample.assessed.map(([profile]) => ["profile", profile]);
      const classes = [...new Set(sample.assessed.map((names) => names[1]))];
      for (const [level, name] of [...profiles, ...classes.map((each) => ["residue class", each])]) {
        put("cases", level, name, sample.resistance_on, { sample });
        for (const line of sample.lines) put("cases", level, name, line.inhibitor, { sample, line });
      }
    }
    for (const call of data.calls) {
      put("calls", "profile", call.profile, call.inhibitor, call);
      put("calls", "residue class", call.residue_class, call.inhibitor, call);
    }
    return (level, name, inhibitor) => shelves.get(`${level}|${name}|${inhibitor}`) ?? nothing;
  }

  // ---------------------------------------------------------------- building the document

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
  const percent = (share) => `${Math.round(share * 100)}%`;

  function share(k, n, low, high) {
    if (n === 0) return "0/0";
    return `${k}/${n} (${percent(low)} to ${percent(high)})`;
  }

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

  // ---------------------------------------------------------------- drawings

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

  // ---------------------------------------------------------------- evidence of one inhibitor

  const CASES_AT_ONCE = 50;

  const months = (relation, value) => (value === null ? "" : `${RELATIONS[relation] ?? ""}${number(value)} months`);
  const told = (name, value) => (value && value !== "unknown" ? `${name} ${value}` : "");

  function caseCells(data, { sample, line }) {
    const source = data.sources[sample.source_id];
    const what = line
      ? separated([
          make("strong", {}, `given ${line.inhibitor}`),
          `best response ${line.best_response}`,
          told("PFS", months(line.pfs_relation, line.pfs_months)),
          told("DoT", months(line.dot_relation, line.dot_months)),
          line.status === "unknown" ? "" : line.status,
        ])
      : [make("strong", {}, `progressed on ${sample.resistance_on}`), " with this mutation"];
    const evaluated = line && line.monotherapy === "yes";
    const decided = `${line && line.benefit} (${line && line.rule}: ${line && data.rules[line.rule]})`;
    const left = line && `not counted: monotherapy ${line.monotherapy} (${line.rule})`;
    const notes = [...new Set([sample.note_of_patient, sample.note, line && line.note].filter(Boolean))];
    const locators = [...new Set([sample.locator, line && line.locator].filter(Boolean))];
    return [
      [sample.patient_id, make("small", {}, separated([told("sex", sample.sex), told("fusion", sample.fusion_partner), told("variant", sample.fusion_variant)], ", "))],
      what,
      line ? (evaluated ? decided : left) : "counts as relapsed",
      separated([
        sample.mutations,
        `phase ${sample.phase}`,
        `specimen ${sample.specimen}`,
        sample.vaf_percent && `VAF ${sample.vaf_percent}%`,
        `previous inhibitors ${sample.prior_inhibitors.split(";").join(", ")}`,
      ]),
      sample.other_findings || "none stated",
      [
        sourceLinks(source, sample.label),
        make("small", { class: "locator" }, withLinks(locators.join("; "))),
        notes.map((note) => make("small", {}, note)),
      ],
    ];
  }

  function sourceLinks(source, label) {
    const { doi = "", pmid = "", journal = "" } = source ?? {};
    return separated([
      [label, journal && `, ${journal}`],
      doi && link(`https://doi.org/${encodeURI(doi)}`, `doi:${doi}`),
      pmid && link(`https://pubmed.ncbi.nlm.nih.gov/${encodeURIComponent(pmid)}/`, `PMID ${pmid}`),
    ]);
  }

  function caseTable(data, name, cases) {
    const heads = ["Patient", "What happened", "Benefit, and the rule that decided", "Sample", "Other findings", "Source and place"];
    const caption = `Cases with ${name}: ${cases.length}`;
    const frame = table(caption, heads, cases.slice(0, CASES_AT_ONCE).map((item) => caseCells(data, item)));
    let shown = CASES_AT_ONCE;
    if (cases.length <= shown) return frame;
    const rest = () => `Show ${Math.min(CASES_AT_ONCE, cases.length - shown)} more of ${cases.length} cases`;
    const more = make("button", { type: "button", class: "more", click: () => {
      const rows = cases.slice(shown, shown + CASES_AT_ONCE).map((item) => caseCells(data, item));
      frame.querySelector("tbody").append(...rows.map((cells) => make("tr", {}, cells.map((cell) => make("td", {}, cell)))));
      shown += CASES_AT_ONCE;
      if (shown >= cases.length) more.remove();
      else more.textContent = rest();
    } }, rest());
    return [frame, more];
  }

  function callTable(data, calls) {
    const caption = `In vitro measurements: ${calls.length}`;
    return table(
      caption,
      ["Model", "Mutations", "Value", "Fold of wild type", "Call", "Thresholds of the model", "Source and place"],
      calls.map((call) => {
        const thresholds = separated([
          call.sensitive_max !== null && `sensitive up to ${call.sensitive_max} ${call.unit}`,
          call.resistant_min !== null && `resistant from ${call.resistant_min} ${call.unit}`,
        ]);
        const basis = { source: "stated by the source", threshold: "by the threshold", none: "" }[call.basis];
        return [
          [call.model, make("small", {}, call.assay)],
          call.profile,
          potency(call) + (call.value === null ? "" : kindOf(call)),
          number(call.fold_change),
          [calledAs(call), basis && `, ${basis}`, call.secondary === "yes" && "; a review, does not count"],
          thresholds.length ? thresholds : "none stated",
          [sourceLinks(data.laboratory[call.source_id], call.label), make("small", { class: "locator" }, withLinks(call.locator)), call.note && make("small", {}, call.note)],
        ];
      }),
    );
  }

  function assertionTable(assertions) {
    return table(
      `Assertions of knowledge bases, which decide nothing: ${assertions.length}`,
      ["Knowledge base", "Mutations", "Asserts", "Level", "Kind of evidence", "Study"],
      assertions.map((item) => [
        `${item.knowledge_base} ${item.record}`,
        item.profile,
        item.direction,
        item.level,
        item.evidence_type,
        link(item.url, item.label),
      ]),
    );
  }

  function evidenceOf(data, row, width) {
    const { cases, calls, assertions, name, inhibitor } = row;
    return [
      cases.length ? caseTable(data, name, cases) : make("p", {}, `No case with ${name} and ${inhibitor}.`),
      calls.length
        ? [
            potencies(data, calls, inhibitor, width),
            calls.some((call) => call.value > 0) &&
              make("p", { class: "key" }, "Filled circle sensitive, square resistant, diamond intermediate, open circle no call; dashed line wild type, dashed box threshold of the model, arrow a bound."),
            callTable(data, calls),
          ]
        : make("p", {}, `No in vitro measurement of ${name} with ${inhibitor}.`),
      assertions.length
        ? assertionTable(assertions)
        : make("p", {}, `No assertion of a knowledge base on ${name} with ${inhibitor}.`),
    ];
  }

  // ---------------------------------------------------------------- the answer

  function card(data, row, width, isOpen, remember) {
    const body = make("div", { class: "evidence" });
    const details = make(
      "details",
      { toggle: () => {
        remember(row.inhibitor, details.open);
        if (details.open && !body.hasChildNodes()) body.append(...[evidenceOf(data, row, width)].flat(Infinity).filter(Boolean));
      } },
      make("summary", {}, `Evidence: ${counted(row.cases.length, "case")}, ${counted(row.calls.length, "in vitro measurement")}, ${counted(row.assertions.length, "assertion")}`,
        make("span", { class: "visually-hidden" }, ` on ${row.inhibitor}`)),
      body,
    );
    details.open = isOpen;
    const asserted = (direction) => row.assertions.filter((item) => item.direction === direction).length;
    const facts = {
      Evidence: row.tier === "none" ? "none" : `${row.tier}, on ${row.name}`,
      Benefit: share(row.benefit_k, row.benefit_n, row.sensitivity_low, row.sensitivity_high),
      Relapsing: share(row.relapsed, row.relapse_n, row.relapse_low, row.relapse_high),
      "In vitro": `${row.sensitive} sensitive, ${row.resistant} resistant`,
      "Knowledge bases": `${asserted("sensitivity")} sensitive, ${asserted("resistance")} resistant`,
    };
    return make(
      "li",
      { class: "inhibitor", "data-expectation": row.expectation, "data-inhibitor": row.inhibitor },
      make("div", { class: "head" },
        make("span", { class: "rank" }, make("span", { class: "visually-hidden" }, "Rank "), `${row.rank}${row.tied ? "=" : ""}`),
        make("h3", {}, separated([row.inhibitor, historyOf(data, row).join(", ")], ", ")),
        make("span", { class: "expectation" }, row.expectation)),
      make("dl", {}, Object.entries(facts).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))),
      make("p", { class: "reason" }, row.reason),
      row.warnings.length > 0 && make("ul", { class: "warnings", "aria-label": `Warnings on ${row.inhibitor}` }, row.warnings.map((text) => make("li", {}, text))),
      details,
    );
  }

  function inWords(question, profile) {
    const { prior, phase, specimen } = question;
    return separated([
      prior.length ? `progressed on ${prior.at(-1)}${prior.length > 1 ? `, after ${prior.slice(0, -1).join(", ")}` : ""}` : "no previous inhibitor named",
      phase === "single" ? "" : `phase ${phase}`,
      `specimen ${specimen}`,
    ]).join("");
  }

  // What the evidence speaks for, in the words of alkpool look-up.
  function summaryOf(data, rows) {
    const favourable = data.rule.expectations.slice(0, data.rule.expectations.indexOf("conflicting evidence"));
    const found = rows.filter((row) => favourable.includes(row.expectation));
    if (!found.length) return "No inhibitor has evidence that speaks for it.";
    const named = found.map((row) => `${row.inhibitor} (${[row.expectation, ...historyOf(data, row)].join("; ")})`);
    return `There is evidence for ${named.join(", ")}.`;
  }

  function historyOf(data, row) {
    const { progressed, given } = data.rule.warnings;
    const marks = { [progressed]: "just progressed", [given]: "given before" };
    return row.warnings.filter((warning) => warning in marks).map((warning) => marks[warning]);
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

  function start(root) {
    const data = JSON.parse(document.getElementById("explorer-data").textContent);
    const reader = mutationReader(data.protein);
    const rule = decisionRule(data, reader);
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const input = part("mutation");
    const [phase, specimen] = [part("phase"), part("specimen")];
    const [reading, status, answer] = [part("reading"), part("status"), part("answer")];
    const opened = new Set();
    let prior = [];
    let waiting = 0;
    let drawn = "";

    const remember = (inhibitor, open) => (open ? opened.add(inhibitor) : opened.delete(inhibitor));

    // A question as the package reads it; throws what is wrong in words.
    function ask({ text, prior, phase, specimen }) {
      const mutations = reader.parse(text);
      const single = mutations.length === 1;
      const unknown = prior.find((name) => !data.known_inhibitors.includes(name));
      if (unknown !== undefined) {
        refuse(
          `prior inhibitor ${quoted(unknown)} is not known; give generic names, no generation and ` +
            `no abbreviation: ${data.known_inhibitors.join(", ")}`,
        );
      }
      if (!data.phases.includes(phase)) refuse(`phase is ${quoted(phase)}; must be one of ${data.phases.join(", ")}`);
      if (single && !["single", "unknown"].includes(phase)) {
        refuse(`phase is ${phase}, but ${mutations[0].name} is a single mutation`);
      }
      if (!single && phase === "single") refuse(`phase is single, but there are ${mutations.length} mutations`);
      if (!data.specimens.includes(specimen)) {
        refuse(`specimen is ${quoted(specimen)}; must be one of ${data.specimens.join(", ")}`);
      }
      return { mutations, prior, specimen, phase: single ? "single" : phase };
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
        prior: (given.prior ?? "").split(",").map((name) => name.trim().toLowerCase()).filter(Boolean),
        phase: given.phase ?? "unknown",
        specimen: given.specimen ?? "unknown",
      };
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
      const profile = reader.profileOf(question.mutations);
      phase.disabled = question.mutations.length < 2;
      input.removeAttribute("aria-invalid");
      reading.className = "reading";
      reading.replaceChildren(
        ...[
          "Read as ",
          make("strong", {}, profile),
          ...reader.notes(question.mutations).flatMap((note) => ["; note: ", note]),
        ],
      );
      const rows = rule.rank(question);
      const width = Math.max(Math.min(root.clientWidth - 34, 900), 260);
      answer.replaceChildren(
        make("h2", {}, profile),
        make("p", { class: "asked" }, inWords(question, profile)),
        make("ol", { class: "ranking" }, rows.map((row) => card(data, row, width, opened.has(row.inhibitor), remember))),
        make("h2", {}, "Place in the kinase domain"),
        make("div", { class: "place" }, kinaseDomain(data, question.mutations, width)),
        make("p", { class: "key" }, "Grey marks: residues mutated in the cases of the pool."),
        pagesOn(question.mutations, profile),
      );
      for (const details of answer.querySelectorAll("details[open]")) details.dispatchEvent(new Event("toggle"));
      answer.hidden = false;
      drawn = wanted;
      status.textContent = `${profile}: ${summaryOf(data, rows)}`;
      const fragment = toFragment(question);
      if (fragment !== decoded(location.hash)) location.hash = fragment;
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

    function clear(message) {
      reading.replaceChildren(message);
      reading.className = message ? "reading refused" : "reading";
      if (message) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      answer.replaceChildren();
      answer.hidden = true;
      status.textContent = message ? `Not read: ${message}` : "";
    }

    // Previous inhibitors, in order.
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
      const button = make("button", { type: "button", click: () => give(name) }, `+ ${name}`);
      part("add").before(button);
    }
    part("add").append(
      ...data.known_inhibitors.filter((name) => !data.inhibitors.includes(name)).map((name) => make("option", { value: name }, name)),
    );
    part("add").addEventListener("change", ({ target }) => {
      if (target.value) give(target.value);
      target.value = "";
    });
    for (const name of data.phases.filter((each) => each !== "single")) phase.append(make("option", { value: name }, name === "unknown" ? "not known" : name));
    for (const name of data.specimens) specimen.append(make("option", { value: name }, name === "unknown" ? "not known" : name));

    input.addEventListener("input", () => show(fromForm(), { patient: true }));
    input.addEventListener("change", () => show(fromForm()));
    phase.addEventListener("change", () => show(fromForm()));
    specimen.addEventListener("change", () => show(fromForm()));
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      show(fromForm());
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
      prior = asked.prior;
      phase.value = data.phases.includes(asked.phase) ? asked.phase : "unknown";
      specimen.value = data.specimens.includes(asked.specimen) ? asked.specimen : "unknown";
      show(asked);
    }
    addEventListener("hashchange", restore);
    root.hidden = false;
    restore();
    globalThis.alkpoolExplorer = {
      canonical: (text) => reader.profileOf(reader.parse(text)),
      notes: (text) => reader.notes(reader.parse(text)),
      rank: (asked) => rule.rank(ask(asked)),
      summary: (asked) => summaryOf(data, rule.rank(ask(asked))),
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

  document.addEventListener("DOMContentLoaded", () => {
    keepScrollSpyToSections();
    const root = document.getElementById("explorer");
    if (root) start(root);
  });
})();
