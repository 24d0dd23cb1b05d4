// What pages do beyond plain forms: token on live requests, failures in words, folding of questions.
"use strict";

(function () {
  const troubles = {
    0: "The server cannot be reached. Nothing was saved; check the connection and try again.",
    403: "This page has grown stale, so nothing was saved. Reload the page and answer again.",
    404: "This no longer exists. Reload the page.",
    413: "That is too long to be saved.",
    500: "Something went wrong on the server. Nothing was saved; try again in a moment.",
  };

  function say(text) {
    const place = document.getElementById("announce");
    if (place) place.textContent = text;
  }

  function trouble(text) {
    const place = document.getElementById("trouble");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }

  document.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRF-Token"] = document.body.dataset.csrf;
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) trouble("");
  });
  document.addEventListener("htmx:responseError", function (event) {
    const status = event.detail.xhr.status;
    trouble(troubles[status] || troubles[status < 500 ? 404 : 500]);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, function () { trouble(troubles[0]); });
  }

  // The server names what changed; the words reach screen readers without moving the focus.
  document.addEventListener("formfact:say", function (event) { say(event.detail.value); });

  // A field that was refused is marked as such for assistive technology.
  document.addEventListener("htmx:afterSettle", function (event) {
    const question = event.target.closest && event.target.closest(".question");
    if (question) markProblems(question);
  });
  function markProblems(question) {
    const wrong = question.querySelector(".problem") !== null;
    for (const field of question.querySelectorAll("input[type=text]")) {
      if (wrong) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }

  // A number and "I don't know" exclude each other.
  document.addEventListener("input", function (event) {
    const field = event.target;
    const question = field.closest ? field.closest(".question") : null;
    if (!question || !question.querySelector("[data-unsure]")) return;
    if (field.type === "text" && field.value.trim()) {
      question.querySelector("[data-unsure]").checked = false;
    } else if (field.matches("[data-unsure]") && field.checked) {
      question.querySelector("input[type=text]").value = "";
    }
  });

  // In a what-if, answers that differ from what is known stand out.
  document.addEventListener("input", function (event) {
    const field = event.target;
    if (!field.form || field.form.id !== "what-if-form") return;
    const kept = field.options
      ? [...field.options].every((option) => option.selected === option.defaultSelected)
      : field.value === field.defaultValue;
    field.classList.toggle("is-changed", !kept);
  });

  // Questions that can no longer change the step are folded away, those that can come back.
  document.addEventListener("formfact:folded", function (event) {
    const folded = new Set(event.detail.value);
    const open = document.getElementById("open-questions");
    const away = document.getElementById("folded-questions");
    if (!open || !away) return;
    for (const question of document.querySelectorAll(".question")) {
      const busy = question.contains(document.activeElement);
      const place = folded.has(question.dataset.fact) ? away : open;
      if (!busy && question.parentElement !== place) place.append(question);
    }
    const count = away.querySelectorAll(".question").length;
    const box = document.getElementById("folded");
    box.hidden = count === 0;
    box.querySelector("[data-count]").textContent = count;
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  }
})();
