// The index: search, facets and sort over the rules in data/rules.js; the address tells them all.
"use strict";
(() => {
  const SHOWN = 100;
  const LEVELS = ["critical", "high", "medium", "low", "informational", ""];
  const OUTCOMES = ["exact", "approximate", "refused", "failed"];
  const data = window.CATALOGUE;
  const byId = (id) => document.getElementById(id);

  const rules = data.rules.map((row, at) => ({
    at,
    slug: row[0],
    title: row[1],
    level: row[2],
    status: row[3],
    product: row[4],
    category: row[5],
    tactics: row[6],
    techniques: row[7],
    outcomes: row[8],
    changed: row[9],
    hidden: row[10] === 1,
    lowTitle: row[1].toLowerCase(),
    text: row[11].toLowerCase(),
  }));

  const facets = [
    { key: "tactic", name: "Tactic", of: (rule) => rule.tactics },
    {
      key: "technique",
      name: "Technique",
      of: (rule) => rule.techniques,
      label: (id) => `${id} ${data.techniques[id] || ""}`,
    },
    { key: "product", name: "Product", of: (rule) => [rule.product] },
    { key: "category", name: "Category", of: (rule) => [rule.category] },
    { key: "level", name: "Severity", of: (rule) => [rule.level], order: LEVELS },
    { key: "status", name: "Status", of: (rule) => [rule.status] },
    ...data.targets.map(([name, title], at) => ({
      key: `on-${name}`,
      name: `Fidelity: ${title}`,
      of: (rule) => [rule.outcomes[at]],
      order: OUTCOMES,
    })),
  ];

  const state = { query: "", sort: "", deprecated: false, limit: SHOWN };
  for (const facet of facets) facet.chosen = new Set();

  // --- the address

  const readAddress = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    state.query = asked.get("q") || "";
    state.sort = ["title", "level", "changed"].includes(asked.get("sort")) ? asked.get("sort") : "";
    state.deprecated = asked.get("deprecated") === "1";
    state.limit = SHOWN;
    for (const facet of facets) facet.chosen = new Set(asked.getAll(facet.key));
    byId("query").value = state.query;
    byId("sort").value = state.sort;
    byId("deprecated").checked = state.deprecated;
    for (const facet of facets) drawChosen(facet);
  };

  const writeAddress = () => {
    const said = new URLSearchParams();
    if (state.query) said.set("q", state.query);
    if (state.sort) said.set("sort", state.sort);
    if (state.deprecated) said.set("deprecated", "1");
    for (const facet of facets) for (const value of facet.chosen) said.append(facet.key, value);
    const text = said.toString();
    if (text !== location.hash.slice(1)) {
      history.replaceState(null, "", text ? `#${text}` : location.pathname);
    }
  };

  // --- what is found

  const words = (query) =>
    (query.toLowerCase().match(/"[^"]+"|[^\s"]+/g) || []).map((word) => word.replaceAll('"', ""));

  const find = () => {
    const wanted = words(state.query);
    const asksHidden = facets.some(
      (facet) => facet.key === "status" && (facet.chosen.has("deprecated") || facet.chosen.has("unsupported")),
    );
    for (const facet of facets) facet.counts = new Map();
    const found = [];
    for (const rule of rules) {
      if (rule.hidden && !state.deprecated && !asksHidden) continue;
      if (!wanted.every((word) => rule.text.includes(word))) continue;
      // A rule counts for a facet if all other facets let it through.
      let failed = null;
      let failures = 0;
      for (const facet of facets) {
        if (facet.chosen.size && !facet.of(rule).some((value) => facet.chosen.has(value))) {
          failed = facet;
          if (++failures > 1) break;
        }
      }
      if (failures === 0) {
        found.push(rule);
        for (const facet of facets) add(facet, rule);
      } else if (failures === 1) add(failed, rule);
    }
    sort(found, wanted);
    return found;
  };

  const add = (facet, rule) => {
    for (const value of facet.of(rule)) facet.counts.set(value, (facet.counts.get(value) || 0) + 1);
  };

  const sort = (found, wanted) => {
    const level = (rule) => LEVELS.indexOf(rule.level);
    if (state.sort === "level") found.sort((a, b) => level(a) - level(b) || a.at - b.at);
    else if (state.sort === "changed")
      found.sort((a, b) => (a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : a.at - b.at));
    else if (state.sort === "" && wanted.length) {
      const score = (rule) => wanted.filter((word) => rule.lowTitle.includes(word)).length;
      for (const rule of found) rule.score = score(rule);
      found.sort((a, b) => b.score - a.score || a.at - b.at);
    }
  };

  // --- what is drawn

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const drawFacets = () => {
    const every = new Map(facets.map((facet) => [facet, new Map()]));
    for (const rule of rules)
      for (const facet of facets)
        for (const value of facet.of(rule)) {
          const counts = every.get(facet);
          counts.set(value, (counts.get(value) || 0) + 1);
        }
    for (const facet of facets) {
      const counts = every.get(facet);
      const values = [...counts.keys()].sort((a, b) =>
        facet.order
          ? facet.order.indexOf(a) - facet.order.indexOf(b)
          : counts.get(b) - counts.get(a) || (a < b ? -1 : 1),
      );
      const box = element("details", "facet");
      box.open = ["tactic", "product", "level"].includes(facet.key);
      box.append(element("summary", "", facet.name));
      const group = element("div", "values");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", facet.name);
      facet.rows = new Map();
      for (const value of values) {
        const label = element("label", "check");
        const input = element("input");
        input.type = "checkbox";
        input.value = value;
        input.addEventListener("change", () => {
          if (input.checked) facet.chosen.add(value);
          else facet.chosen.delete(value);
          changed();
        });
        const count = element("span", "count");
        const shown = value ? (facet.label ? facet.label(value) : value) : "not given";
        label.append(input, " ", shown, " ", count);
        group.append(label);
        facet.rows.set(value, { label, input, count });
      }
      box.append(group);
      byId("facets").append(box);
      facet.box = box;
    }
  };

  const drawChosen = (facet) => {
    for (const [value, row] of facet.rows) row.input.checked = facet.chosen.has(value);
    if (facet.chosen.size) facet.box.open = true;
  };

  const drawCounts = () => {
    for (const facet of facets)
      for (const [value, row] of facet.rows) {
        const count = facet.counts.get(value) || 0;
        row.count.textContent = count;
        row.label.hidden = count === 0 && !facet.chosen.has(value);
      }
  };

  const rowOf = (rule) => {
    const row = element("tr");
    const title = element("td");
    const link = element("a", "", rule.title);
    link.href = `rules/${rule.slug}.html`;
    title.append(link);
    if (rule.hidden) title.append(" ", element("span", "status", rule.status));
    const level = element("td");
    level.append(element("span", `level ${rule.level}`, rule.level || "no severity"));
    const source = [rule.product, rule.category].filter(Boolean).join(" / ");
    const fidelity = element("td", "dots");
    rule.outcomes.forEach((outcome, at) => {
      const dot = element("span", `dot ${outcome}`);
      dot.title = `${data.targets[at][1]}: ${outcome}`;
      dot.setAttribute("role", "img");
      dot.setAttribute("aria-label", dot.title);
      fidelity.append(dot);
    });
    const shown = rule.techniques.filter(
      (id) => !rule.techniques.some((other) => other.startsWith(`${id}.`)),
    );
    row.append(
      title,
      level,
      element("td", "source", source),
      element("td", "techniques", shown.join(" ")),
      fidelity,
      element("td", "changed", rule.changed),
    );
    return row;
  };

  const draw = () => {
    const begun = performance.now();
    const found = find();
    const body = byId("rules").tBodies[0];
    body.replaceChildren(...found.slice(0, state.limit).map(rowOf));
    byId("more").hidden = found.length <= state.limit;
    const plural = found.length === 1 ? "" : "s";
    byId("found").textContent = `${found.length} rule${plural}`;
    drawCounts();
    document.documentElement.dataset.drawn = String(Math.round(performance.now() - begun));
  };

  const changed = () => {
    state.limit = SHOWN;
    writeAddress();
    draw();
  };

  // --- keys

  const keys = (event) => {
    const query = byId("query");
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement.tagName);
    if (event.key === "/" && (!typing || document.activeElement.type === "checkbox")) {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === "Escape" && document.activeElement === query) {
      query.value = state.query = "";
      changed();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const links = [...byId("rules").querySelectorAll("tbody a")];
      const at = links.indexOf(document.activeElement);
      if (at < 0 && document.activeElement !== query) return;
      const next = event.key === "ArrowDown" ? at + 1 : at - 1;
      event.preventDefault();
      if (next < 0) query.focus();
      else if (links[next]) links[next].focus();
    }
  };

  drawFacets();
  byId("facets").hidden = byId("search").hidden = byId("legend").hidden = byId("rules").hidden = false;
  byId("facets").addEventListener("submit", (event) => event.preventDefault());
  byId("query").addEventListener("input", (event) => {
    state.query = event.target.value;
    changed();
  });
  byId("sort").addEventListener("change", (event) => {
    state.sort = event.target.value;
    changed();
  });
  byId("deprecated").addEventListener("change", (event) => {
    state.deprecated = event.target.checked;
    changed();
  });
  byId("clear").addEventListener("click", () => {
    for (const facet of facets) {
      facet.chosen.clear();
      drawChosen(facet);
    }
    state.query = byId("query").value = "";
    state.deprecated = byId("deprecated").checked = false;
    changed();
  });
  byId("more").addEventListener("click", () => {
    const before = state.limit;
    state.limit += SHOWN * 5;
    draw();
    const links = byId("rules").querySelectorAll("tbody a");
    if (links[before]) links[before].focus();
  });
  window.addEventListener("hashchange", () => {
    readAddress();
    draw();
  });
  document.addEventListener("keydown", keys);
  readAddress();
  draw();
})();
