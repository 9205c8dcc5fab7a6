// What every page does: theme, tabs for queries, copy buttons.
"use strict";
(() => {
  const start = () => {
    theme();
    dress(document);
  };

  const theme = () => {
    const root = document.documentElement;
    const button = document.getElementById("theme");
    const current = () =>
      root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    const label = () => {
      button.textContent = current() === "dark" ? "Light theme" : "Dark theme";
    };
    button.hidden = false;
    label();
    button.addEventListener("click", () => {
      root.dataset.theme = current() === "dark" ? "light" : "dark";
      label();
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // It lasts for this page only.
      }
    });
  };

  // Gives a part of the page what needs scripts; also called for parts that come later.
  const dress = (part) => {
    part.querySelectorAll(".tabs").forEach(tabs);
    part.querySelectorAll(".query").forEach(copier);
  };

  const tabs = (box) => {
    const panels = [...box.querySelectorAll(":scope > .panel")];
    if (panels.length < 2) return;
    const list = document.createElement("div");
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Targets");
    const buttons = panels.map((panel) => {
      const button = document.createElement("button");
      button.type = "button";
      button.id = `tab-${panel.id}`;
      button.setAttribute("role", "tab");
      button.setAttribute("aria-controls", panel.id);
      button.append(panel.dataset.title, " ");
      const outcome = document.createElement("span");
      outcome.className = `outcome ${panel.dataset.outcome}`;
      outcome.textContent = panel.dataset.outcome;
      button.append(outcome);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", button.id);
      list.append(button);
      return button;
    });
    const choose = (chosen, focus) => {
      panels.forEach((panel, at) => {
        panel.hidden = at !== chosen;
        buttons[at].setAttribute("aria-selected", String(at === chosen));
        buttons[at].tabIndex = at === chosen ? 0 : -1;
      });
      if (focus) buttons[chosen].focus();
      try {
        localStorage.setItem("target", panels[chosen].id);
      } catch {
        // The next page begins with the first target.
      }
    };
    list.addEventListener("click", (event) => {
      const at = buttons.indexOf(event.target.closest("button"));
      if (at >= 0) choose(at, false);
    });
    list.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const last = buttons.length - 1;
      const next = {
        ArrowRight: at === last ? 0 : at + 1,
        ArrowLeft: at === 0 ? last : at - 1,
        Home: 0,
        End: last,
      }[event.key];
      if (at < 0 || next === undefined) return;
      event.preventDefault();
      choose(next, true);
    });
    box.prepend(list);
    let kept = null;
    try {
      kept = localStorage.getItem("target");
    } catch {
      // As above.
    }
    choose(Math.max(0, panels.findIndex((panel) => panel.id === kept)), false);
  };

  const copier = (box) => {
    const button = box.querySelector(".copy");
    const exact = box.querySelector("script");
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = exact
        ? JSON.parse(exact.textContent)
        : box.querySelector("code").textContent;
      button.textContent = (await copy(text)) ? "Copied" : "Select and copy by hand";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "quiet";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };

  window.dressPage = dress;
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
