// What pages do beyond plain forms: token on live requests, failures in words, folding of questions,
// keys that press buttons, uploads that show how far they are.
"use strict";

(function () {
  const troubles = {
    0: "The server cannot be reached. Nothing was saved; check the connection and try again.",
    403: "This page has grown stale, so nothing was saved. Reload the page and answer again.",
    404: "This no longer exists. Reload the page.",
    413: "That is too long to be saved.",
    507: "The disk of the server is full. Nothing was saved.",
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

  // One key does what a button, link or choice of the page does; never while somebody types.
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (event.target.closest("textarea, select, input:not([type=radio]):not([type=checkbox])")) return;
    const key = CSS.escape(event.key.toLowerCase());
    const found = document.querySelector('[data-key="' + key + '"], [data-key-toggle="' + key + '"]');
    if (!found || found.disabled) return;
    event.preventDefault();
    if (found.dataset.keyToggle) {
      found.open = !found.open;
      if (found.open) {
        found.querySelector("summary").focus();
        found.scrollIntoView({ block: "nearest" });
      }
      return;
    }
    const fold = found.closest("details");
    if (fold) fold.open = true;
    found.click();
  });

  // A file is sent on its own, with its progress; without scripts the form itself does it.
  for (const form of document.querySelectorAll("form[data-upload]")) watchUpload(form);
  function watchUpload(form) {
    const input = form.querySelector("input[type=file]");
    const chosen = form.querySelector("[data-chosen]");
    for (const part of form.querySelectorAll("[data-with-script]")) part.hidden = false;
    function show() {
      const files = [...input.files];
      const bytes = files.reduce(function (sum, file) { return sum + file.size; }, 0);
      const name = files.length > 1 ? files.length + " files" : files.length ? files[0].name : "";
      chosen.textContent = name && name + ", " + size(bytes);
    }
    input.addEventListener("change", show);
    for (const name of ["dragenter", "dragover"]) {
      form.addEventListener(name, function (event) {
        event.preventDefault();
        form.classList.add("dropping");
      });
    }
    for (const name of ["dragleave", "drop"]) {
      form.addEventListener(name, function () { form.classList.remove("dropping"); });
    }
    form.addEventListener("drop", function (event) {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      show();
    });
    form.addEventListener("submit", function (event) {
      if (!input.files.length) return;
      event.preventDefault();
      send(form, [...input.files]);
    });
  }

  // One file after the other: what is refused stops no other, and is said at the end.
  function send(form, files) {
    const box = form.querySelector("[data-sending]");
    const button = form.querySelector("button.main");
    const problems = [];
    let taken = "";
    let stopped = false;
    function tell(text, part) {
      box.querySelector("p").textContent = text;
      box.querySelector("progress").value = part;
    }
    function finish() {
      box.hidden = true;
      button.disabled = false;
      // taken: the next page says what is in it, also where it cannot be read
      if (taken && !problems.length) window.location.assign(taken);
      else refused(problems, taken);
    }
    function start(place) {
      if (place >= files.length || stopped) return finish();
      const file = files[place];
      const many = files.length > 1 ? " (" + (place + 1) + " of " + files.length + ")" : "";
      const request = sendOne(form, file, many, tell, function (where, problem) {
        if (where) taken = where;
        if (problem) problems.push(many ? file.name + ": " + problem : problem);
        start(place + 1);
      });
      box.querySelector("[data-stop]").onclick = function () {
        stopped = true;
        if (request) request.abort();
      };
    }
    refused([]);
    box.hidden = false;
    button.disabled = true;
    start(0);
  }

  // `done` is told the address that follows where the file was taken, or else why it was not.
  function sendOne(form, file, many, tell, done) {
    const largest = Number(form.dataset.largest);
    if (file.size > largest) {
      done("", "The file has " + size(file.size) + "; at most " + size(largest) + " are taken.");
      return null;
    }
    const request = new XMLHttpRequest();
    request.open("POST", form.action + "?name=" + encodeURIComponent(file.name));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
    request.upload.addEventListener("progress", function (event) {
      const part = event.lengthComputable ? Math.floor((100 * event.loaded) / event.total) : 0;
      tell(
        part < 100
          ? "Uploading " + file.name + many + ": " + part + "% of " + size(file.size)
          : "Looking at " + file.name + many,
        part
      );
    });
    request.addEventListener("load", function () {
      if (request.status < 400) return done(request.responseURL, "");
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const said = page.querySelector("#problems li");
      return done("", said ? said.textContent : troubles[request.status] || troubles[500]);
    });
    request.addEventListener("error", function () { done("", troubles[0]); });
    request.addEventListener("abort", function () {
      done("", "Stopped. Nothing of the file was kept.");
    });
    tell("Uploading " + file.name + many, 0);
    request.send(file);
    return request;
  }

  function refused(problems, taken) {
    const place = document.getElementById("upload-problems");
    place.replaceChildren();
    const old = document.getElementById("problems");
    if (old) old.remove();
    if (!problems.length) return;
    const notice = document.createElement("div");
    notice.className = "notice bad";
    notice.setAttribute("role", "alert");
    for (const problem of problems) {
      const line = document.createElement("p");
      line.textContent = problem;
      notice.append(line);
    }
    if (taken) {
      const link = document.createElement("a");
      link.href = taken;
      link.textContent = "The other files were taken: see all of them";
      notice.append(link);
    }
    place.append(notice);
  }

  function size(bytes) {
    for (const [unit, least] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
      if (bytes >= least) return Number((bytes / least).toPrecision(3)) + " " + unit;
    }
    return bytes + " bytes";
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", function () {
      const text = document.getElementById(button.dataset.copy).textContent;
      navigator.clipboard.writeText(text).then(function () {
        const near = button.parentElement.querySelector("[data-copied]");
        (near || document.querySelector("[data-copied]")).textContent = "Copied.";
      });
    });
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  }
})();
