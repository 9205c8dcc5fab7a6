// The page to try a rule on: what is typed is explained by the server.
"use strict";
(() => {
  const PAUSE = 250;
  const rule = document.getElementById("rule");
  const result = document.getElementById("result");
  const state = document.getElementById("state");
  let timer = 0;
  let running = null;

  const explain = async () => {
    if (running) running.abort();
    running = new AbortController();
    const mine = running;
    try {
      const answer = await fetch("api/explain", {
        method: "POST",
        body: rule.value,
        headers: { "Content-Type": "application/yaml" },
        signal: mine.signal,
      });
      const text = await answer.text();
      if (mine !== running) return;
      if (answer.ok) {
        result.innerHTML = text;
        window.dressPage(result);
        state.textContent = "";
      } else state.textContent = text;
    } catch (error) {
      if (error.name !== "AbortError") state.textContent = "The server does not answer.";
    }
  };

  rule.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(explain, PAUSE);
  });
  explain();
})();
