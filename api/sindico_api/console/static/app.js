// The console's own behaviour, by attribute, for the page as loaded and for what htmx puts in later.
(() => {
  const body = document.body;

  // Light and dark
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const switchTheme = () => {
    const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    document.documentElement.dataset.bsTheme = theme;
    document.cookie = `sindico_theme=${theme}; Path=/console; Max-Age=31536000; SameSite=Lax${secure}`;
    document.dispatchEvent(new CustomEvent("themechange"));
  };

  // Toasts
  const expire = (toast) => {
    let timer = setTimeout(() => toast.remove(), 7000);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("focusin", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => {
      timer = setTimeout(() => toast.remove(), 3000);
    });
  };
  const showToast = (text, tone) => {
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    toast.classList.replace("tone-neutral", `tone-${tone}`);
    toast.querySelector("p").textContent = text;
    document.getElementById("toasts").append(toast);
    if (tone !== "bad") expire(toast);
  };
  document.querySelectorAll("#toasts [data-toast]").forEach(expire);
  // The server's way: header HX-Trigger: {"toast": {"text": "…", "tone": "good"}}
  body.addEventListener("toast", (event) => showToast(event.detail.text, event.detail.tone || "good"));

  // Clicks
  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
    else document.execCommand("copy"); // plain http has no clipboard object
    showToast(body.dataset.copied, "good");
  };
  const reveal = (button) => {
    const field = document.getElementById(button.dataset.reveal);
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  const checkRow = (button) => {
    const boxes = [...button.closest("tr").querySelectorAll("input[type=checkbox]:enabled")];
    const mark = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = mark;
  };
  const actions = {
    themeSwitch: switchTheme,
    dialogOpen: (element) => document.getElementById(element.dataset.dialogOpen).showModal(),
    dialogClose: (element) => element.closest("dialog").close(),
    dismiss: (element) => element.closest(".notice, .toast-box").remove(),
    checkRow,
    copy,
    fill: (element) => { document.getElementById(element.dataset.fill).value = element.dataset.value; },
    reveal,
  };
  document.addEventListener("click", (event) => {
    for (const [name, act] of Object.entries(actions)) {
      const attribute = `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      const element = event.target.closest?.(`[${attribute}]`);
      if (element) act(element);
    }
    if (event.target instanceof HTMLDialogElement) event.target.close(); // the backdrop
  });

  // A file may be dropped on the field that takes it
  const dropZone = (event) => event.target.closest?.("[data-drop]");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      const zone = dropZone(event);
      if (!zone) return;
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    const zone = dropZone(event);
    if (zone && !zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    const zone = dropZone(event);
    if (!zone) return;
    event.preventDefault();
    zone.classList.remove("is-over");
    if (event.dataTransfer.files.length) document.getElementById(zone.dataset.drop).files = event.dataTransfer.files;
    document.getElementById(zone.dataset.drop).dispatchEvent(new Event("change", { bubbles: true }));
  });

  // One box for all boxes of a name
  document.addEventListener("change", (event) => {
    const field = event.target;
    const name = field.dataset?.checkAll ?? field.name;
    const all = name && field.form?.querySelector(`[data-check-all="${CSS.escape(name)}"]`);
    if (!all) return;
    const boxes = [...field.form.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)];
    if (field === all) boxes.forEach((box) => { box.checked = all.checked; });
    const checked = boxes.filter((box) => box.checked).length;
    all.checked = checked === boxes.length;
    all.indeterminate = checked > 0 && checked < boxes.length;
  });

  // A file that cannot be taken is told before its bytes are sent
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.dataset?.maxBytes) return;
    const { size } = field.files[0] ?? { size: 1 };
    const reason = size > Number(field.dataset.maxBytes) ? field.dataset.tooLarge : size ? "" : field.dataset.empty;
    const note = document.getElementById(`${field.id}-refused`);
    note.hidden = !reason;
    note.querySelector("span").textContent = reason;
    field.setAttribute("aria-invalid", String(Boolean(reason)));
    field.form.querySelector(".form-actions button[type=submit]").disabled = Boolean(reason);
  });
  // How much of a form with a file has been sent
  document.addEventListener("htmx:xhr:loadstart", (event) => {
    event.target.querySelector?.(".upload-progress")?.removeAttribute("hidden");
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const line = event.target.querySelector?.(".upload-progress");
    const { loaded, total, lengthComputable } = event.detail;
    if (!line || !lengthComputable || total < Number(line.dataset.total || 0)) return; // the answer's own
    line.dataset.total = total;
    const bar = line.querySelector("progress");
    if (loaded < total) bar.value = (100 * loaded) / total;
    else bar.removeAttribute("value"); // it is being written down now
    line.querySelector("strong").textContent = `${Math.floor((100 * loaded) / total)} %`;
    line.querySelector("span").textContent = loaded < total ? line.dataset.sending : line.dataset.storing;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    event.target.querySelector?.(".upload-progress")?.setAttribute("hidden", "");
  });

  // A dialog that asks to type a name
  document.addEventListener("input", (event) => {
    const wanted = event.target.dataset?.mustEqual;
    if (wanted !== undefined) {
      const submit = event.target.form.querySelector("button[type=submit]");
      submit.disabled = event.target.value.trim() !== wanted;
    }
  });

  // A search answers while one types. The change that follows when it loses the focus would fetch
  // the list again under the pointer, and the click on a row would be lost.
  document.addEventListener("change", (event) => {
    if (event.target.type === "search") event.stopPropagation();
  }, true);

  // Addresses of lists name the filters in use, not those left empty, and keep the order that was
  // chosen since the form came.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.elt.matches(".filter-bar")) return;
    const given = event.detail.formData;
    for (const [name, value] of [...given.entries()]) if (value === "") given.delete(name);
    const sort = new URLSearchParams(location.search).get("sort");
    if (sort) given.set("sort", sort);
  });

  // The language changes on the page as it stands, with filters that were set since it came.
  document.addEventListener("submit", (event) => {
    if (event.target.matches(".language-switch")) event.target.elements.next.value = location.pathname + location.search;
  });

  // Tables are cards on a narrow screen; each cell then says its column.
  const nameCells = (root) => {
    root.querySelectorAll("table.table-list:not(.not-stacked)").forEach((table) => {
      const names = [...table.tHead.rows[0].cells].map((cell) => cell.innerText.trim());
      for (const row of [...table.tBodies].flatMap((part) => [...part.rows])) {
        [...row.cells].forEach((cell, index) => {
          if (names[index] && cell.colSpan === 1 && !cell.dataset.label) cell.dataset.label = names[index];
        });
      }
    });
  };
  // The list of what to mend names each field, so that equal reasons can be told apart.
  const nameErrors = (root) => {
    root.querySelectorAll(".form-errors a:not([data-named])").forEach((link) => {
      const field = document.getElementById(link.hash.slice(1));
      const name = field?.closest(".field")?.querySelector(".field > label, .check, legend")?.firstChild;
      link.dataset.named = "";
      if (name?.textContent.trim()) link.prepend(`${name.textContent.trim()}: `);
    });
  };
  // On a narrow screen the tab one is on may lie beyond the edge.
  const showTab = (root) => {
    const tab = root.querySelector(".tabs [aria-current]");
    const strip = tab?.closest(".tabs");
    if (strip) strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
  };
  const prepare = (root) => {
    showTab(root);
    nameCells(root);
    nameErrors(root);
    root.querySelectorAll("[data-must-equal]").forEach((field) => {
      field.form.querySelector("button[type=submit]").disabled = field.value.trim() !== field.dataset.mustEqual;
    });
  };
  prepare(document);
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt.parentElement || document));

  // After a refused form, the reader is at the list of what to mend.
  document.addEventListener("htmx:afterSettle", (event) => {
    const errors = event.detail.elt?.querySelector?.(".form-errors");
    if (errors) errors.focus();
    if (event.detail.elt?.matches?.("#problems, .form-problem")) event.detail.elt.scrollIntoView({ block: "nearest" });
  });
  // A dialog whose command was answered is done, whether with a page or a problem. What a dialog shows
  // inside itself, such as what it searches, is no such answer; nor is what the page fetches by itself,
  // such as the bell. A list that keeps itself fresh leaves a dialog within it open, for its next turn.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig: { elt: asker } } = event.detail;
    const dialog = asker.closest("dialog[open]");
    if (dialog) {
      if (!dialog.contains(target)) dialog.close();
      return;
    }
    const others = asker.getAttribute("hx-select-oob")?.split(",").map((each) => each.trim().split(":")[0]) ?? [];
    const held = [target, ...others.map((each) => document.querySelector(each))]
      .flatMap((region) => [...(region?.querySelectorAll("dialog[open]") ?? [])]);
    if (held.length && asker.matches("[hx-trigger^=every]")) event.detail.shouldSwap = false;
    else held.forEach((each) => each.close());
  });
  // What a reader unfolded stays so when the list around it is refreshed.
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element, change) =>
    !(name === "open" && change === "remove" && element.matches("details"));
  document.addEventListener("htmx:sendError", () => showToast(body.dataset.offline, "bad"));

  // Slid in over a narrow page the menu is a dialog, and a dialog has a name.
  const drawer = document.getElementById("menu");
  drawer?.addEventListener("show.bs.offcanvas", () => drawer.setAttribute("aria-labelledby", "menu-brand"));
  drawer?.addEventListener("hidden.bs.offcanvas", () => drawer.removeAttribute("aria-labelledby"));

  // The test of a form as it stands shows its stages one after another, while it runs. A refused
  // form, or a problem, comes as the page or the box that htmx would get.
  const readEvents = async (body, tell) => {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value.replaceAll("\r", "");
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) {
        const lines = event.split("\n").filter((line) => line.startsWith("data:"));
        if (lines.length) tell(lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n"));
      }
    }
  };
  const runTest = async (button) => {
    const place = document.getElementById(button.dataset.liveTest);
    const fields = new URLSearchParams(new FormData(button.form));
    button.disabled = true;
    place.setAttribute("aria-busy", "true");
    document.getElementById("problems").replaceChildren();
    try {
      const answer = await fetch(button.formAction, {
        method: "POST",
        body: fields,
        headers: { Accept: "text/event-stream", "HX-Request": "true" },
      });
      if (answer.headers.get("Content-Type").startsWith("text/event-stream")) {
        place.scrollIntoView({ block: "nearest" });
        await readEvents(answer.body, (html) => {
          Idiomorph.morph(place, html, { morphStyle: "innerHTML" });
        });
      } else {
        const target = answer.headers.get("HX-Retarget") || `#${button.form.id}`;
        const swap = answer.headers.get("HX-Reswap") || "outerHTML";
        const part = answer.headers.get("HX-Reselect") || target;
        htmx.swap(target, await answer.text(), { swapStyle: swap }, { select: part });
      }
    } catch {
      showToast(body.dataset.offline, "bad");
    } finally {
      button.disabled = false;
      place.removeAttribute("aria-busy");
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-live-test]");
    if (!button) return;
    event.preventDefault();
    runTest(button);
  });

  // Live parts
  const lost = (event, hidden) => {
    const note = event.target.closest?.(".live")?.querySelector(".live-lost");
    if (note) note.hidden = hidden;
  };
  // A stream that is refused, not broken, may be so because the session has ended: the page then
  // leads to the sign-in. Whatever else it is, the stream is tried again by itself.
  const askForSession = async () => {
    const asked = { "HX-Request": "true", "HX-Current-URL": location.href };
    const answer = await fetch(location.href, { headers: asked }).catch(() => null);
    const signIn = answer?.headers.get("HX-Redirect");
    if (signIn) location.assign(signIn);
  };
  document.addEventListener("htmx:sseError", (event) => {
    lost(event, false);
    if (event.detail.source.readyState === EventSource.CLOSED) askForSession();
  });
  document.addEventListener("htmx:sseOpen", (event) => lost(event, true));
})();
