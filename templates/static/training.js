// Pages of training: what a job tells appears as it comes, and the queue is ordered by hand.
"use strict";

(function () {
  // ---- a job, live ----
  // Events of the server say that something changed; what changed is then fetched as the page would
  // show it. So there is one way to draw it, and a page without scripts shows the same.

  const KINDS = ["state", "stage", "metric", "validation", "checkpoint", "sample", "memory", "message", "warning"];
  const LEAST = 1000; // milliseconds between two looks at most
  const SLOW = 10000; // what no event tells of, such as the queue and the workers
  const AGAIN = 3000;

  // What is about to be there is looked for now and then; the server says until when.
  if (document.querySelector("[data-soon]")) {
    window.setTimeout(function () { window.location.reload(); }, AGAIN);
  }

  const line = document.querySelector("[data-live]");
  if (line) watch(line);

  function watch(line) {
    let last = Number(document.getElementById("job-live").dataset.last) || 0;
    let source = null;
    let timer = null;
    let busy = false;
    let wanted = false;
    let said = words();

    function tell(text) {
      if (line.textContent !== text) line.textContent = text;
    }

    function connect() {
      source = new EventSource(line.dataset.events + "?after=" + last);
      source.addEventListener("open", function () { tell("Live."); });
      for (const kind of KINDS) source.addEventListener(kind, heard);
      source.addEventListener("end", function () {
        source.close();
        look();
      });
      source.addEventListener("error", function () {
        tell("The connection is lost; trying again.");
        // the browser connects again by itself, unless the server answered with something else
        if (source.readyState === EventSource.CLOSED) window.setTimeout(again, AGAIN);
      });
    }

    function again() {
      source.close();
      connect();
      soon();
    }

    function heard(event) {
      last = Number(event.lastEventId) || last;
      tell("Live.");
      soon();
    }

    function soon() {
      if (busy) wanted = true;
      else if (!timer) timer = window.setTimeout(look, LEAST);
    }

    function look() {
      window.clearTimeout(timer);
      timer = null;
      if (busy) return;
      busy = true;
      wanted = false;
      fetch(line.dataset.live, { headers: { "HX-Request": "true" } })
        .then(function (answer) {
          if (answer.status === 404) return window.location.reload();
          return answer.ok ? answer.text().then(show) : null;
        })
        .catch(function () { tell("The connection is lost; trying again."); })
        .finally(function () {
          busy = false;
          if (wanted) soon();
        });
    }

    function show(text) {
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("job-live");
      const here = document.getElementById("job-live");
      if (!fresh) return;
      // a verdict, or the beginning of another chapter, is a page of its own
      if (fresh.dataset.state !== here.dataset.state) {
        source.close();
        return window.location.reload();
      }
      for (const part of fresh.querySelectorAll("[data-part]")) swap(document.getElementById(part.id), part);
      here.dataset.last = fresh.dataset.last;
      const now = words();
      if (now !== said) {
        said = now;
        document.getElementById("announce").textContent = now;
      }
    }

    connect();
    window.setInterval(soon, SLOW);
    window.addEventListener("pagehide", function () { source.close(); });
    window.addEventListener("pageshow", function (event) { if (event.persisted) again(); });
  }

  function words() {
    return document.getElementById("job-state").dataset.stateWords;
  }

  // Only what changed is put in place; folds stay open, logs stay where they were scrolled to.
  function swap(old, fresh) {
    if (!old) return;
    const versions = [old.dataset.version, fresh.dataset.version];
    if (versions[0] !== undefined && versions[0] === versions[1]) return;
    const known = new Map();
    for (const fold of old.querySelectorAll("details[data-keep]")) known.set(fold.dataset.keep, fold.open);
    for (const fold of fresh.querySelectorAll("details[data-keep]")) {
      if (known.has(fold.dataset.keep)) fold.open = known.get(fold.dataset.keep);
    }
    if (old.innerHTML === fresh.innerHTML) return;
    const focused = old.contains(document.activeElement) ? path(old, document.activeElement) : null;
    const scrolled = new Map();
    for (const box of old.querySelectorAll("[data-scroll]")) {
      const end = box.scrollHeight - box.clientHeight - box.scrollTop < 8;
      const follows = end && box.dataset.scroll === "log"; // what comes is at its end
      scrolled.set(box.dataset.scroll, follows ? Infinity : box.scrollTop);
    }
    old.innerHTML = fresh.innerHTML;
    if (fresh.dataset.version !== undefined) old.dataset.version = fresh.dataset.version;
    for (const box of old.querySelectorAll("[data-scroll]")) {
      const place = scrolled.get(box.dataset.scroll);
      if (place === Infinity) box.scrollTop = box.scrollHeight;
      else if (place !== undefined) box.scrollTop = place;
    }
    const again = focused && find(old, focused);
    if (again) again.focus({ preventScroll: true });
  }

  // Where an element stands below another one, as indexes of children.
  function path(root, element) {
    const places = [];
    for (let node = element; node !== root; node = node.parentElement) {
      places.unshift([...node.parentElement.children].indexOf(node));
    }
    return places;
  }

  function find(root, places) {
    return places.reduce(function (node, place) { return node && node.children[place]; }, root);
  }

  for (const box of document.querySelectorAll('[data-scroll="log"]')) box.scrollTop = box.scrollHeight;

  // ---- the queue ----

  document.addEventListener("submit", function (event) {
    if (event.target.querySelector('[aria-disabled="true"]')) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);

  document.addEventListener("keydown", function (event) {
    const row = event.altKey && event.target.closest && event.target.closest("[data-queue] > li");
    const way = { ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" }[event.key];
    if (!row || !way) return;
    event.preventDefault();
    const button = row.querySelector('[data-move="' + way + '"]');
    if (button.getAttribute("aria-disabled") !== "true") {
      button.focus();
      button.click();
    }
  });

  function ready() {
    for (const row of document.querySelectorAll("[data-queue] > li")) row.draggable = true;
    for (const part of document.querySelectorAll("[data-with-script]")) part.hidden = false;
  }
  if (document.getElementById("queue")) {
    ready();
    document.addEventListener("htmx:afterSettle", ready);
    // what is being dragged must not be replaced under the hand
    document.addEventListener("htmx:beforeRequest", function (event) {
      if (event.target.id === "queue" && document.querySelector(".dragging")) event.preventDefault();
    });
    drag();
  }

  function drag() {
    let moved = null;
    function over(event) {
      const row = event.target.closest && event.target.closest("[data-queue] > li");
      return moved && row !== moved ? row : null;
    }
    function clear() {
      for (const row of document.querySelectorAll(".drop-here")) row.classList.remove("drop-here");
    }
    document.addEventListener("dragstart", function (event) {
      moved = event.target.closest && event.target.closest("[data-queue] > li");
      if (!moved) return;
      moved.classList.add("dragging");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", moved.dataset.job);
    });
    document.addEventListener("dragover", function (event) {
      const row = over(event);
      clear();
      if (!row) return;
      event.preventDefault();
      row.classList.add("drop-here");
    });
    document.addEventListener("drop", function (event) {
      const row = over(event);
      if (!row) return;
      event.preventDefault();
      const address = moved.dataset.place;
      moved.classList.remove("dragging");
      window.htmx.ajax("POST", address, {
        values: { before: row.dataset.job, back: "queue" }, target: "#queue", swap: "outerHTML",
      });
      moved = null;
    });
    document.addEventListener("dragend", function () {
      clear();
      if (moved) moved.classList.remove("dragging");
      moved = null;
    });
  }
})();
