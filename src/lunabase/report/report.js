// Draws the charts from the JSON beside them, links their time axes, switches the plan's rows, filters the events.
(async () => {
  "use strict";
  const PRINT_WIDTH_PX = 700;
  const PRINT_HEIGHT_PX = 860;
  // Lower on paper than on screen, so that two sections share a page.
  const PRINT_HEIGHTS_PX = { sky: 270, earth: 250, light: 590, data: 470, partners: 440 };
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const config = {
    responsive: true,
    displaylogo: false,
    doubleClick: "reset",
    showTips: false,
    modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
    displayModeBar: touch ? false : "hover",
  };
  const charts = [];
  const unfolded = [];
  let sharing = false;

  const linked = () => charts.filter((chart) => chart.div.classList.contains("linked"));
  const visible = (chart) => chart.div.offsetParent !== null;

  function show(range) {
    sharing = true;
    const drawn = linked().map((chart) => window.Plotly.relayout(chart.div, { "xaxis.range": range.slice() }));
    return Promise.all(drawn).finally(() => { sharing = false; });
  }

  function follow(chart, change) {
    if (sharing) return;
    const moved = Object.keys(change).some((key) => key.startsWith("xaxis.range"));
    if (moved) show(chart.div.layout.xaxis.range);
    else if (change["xaxis.autorange"]) show(chart.whole);
  }

  // All linked charts show the same span of time, so one fraction of the axis is the same moment in each.
  function pointAt(chart, event) {
    const axis = chart.div._fullLayout.xaxis;
    const x = event.clientX - chart.div.getBoundingClientRect().left - axis._offset;
    const fraction = x / axis._length;
    for (const other of linked()) {
      const line = other.cursor;
      line.hidden = fraction < 0 || fraction > 1 || !visible(other);
      if (line.hidden) continue;
      const theirs = other.div._fullLayout.xaxis;
      line.style.left = `${theirs._offset + fraction * theirs._length}px`;
    }
  }

  function link(chart) {
    chart.whole = chart.div.layout.xaxis.range.slice();
    chart.div.on("plotly_relayout", (change) => follow(chart, change));
    chart.cursor = document.createElement("div");
    chart.cursor.className = "cursor";
    chart.cursor.hidden = true;
    chart.div.append(chart.cursor);
    chart.div.addEventListener("pointermove", (event) => pointAt(chart, event));
    chart.div.addEventListener("pointerleave", () => {
      for (const other of linked()) if (other.cursor) other.cursor.hidden = true;
    });
  }

  async function draw(source) {
    const div = document.getElementById(`chart-${source.dataset.chart}`);
    const figure = JSON.parse(source.textContent);
    if (touch) figure.layout.dragmode = false;
    await window.Plotly.newPlot(div, figure.data, figure.layout, config);
    const chart = { id: source.dataset.chart, div, height: figure.layout.height };
    charts.push(chart);
    if (div.classList.contains("linked")) link(chart);
  }

  function choosePlan(grouping) {
    for (const button of document.querySelectorAll("button[data-plan]")) {
      const chosen = button.dataset.plan === grouping;
      button.setAttribute("aria-pressed", String(chosen));
      document.getElementById(`figure-plan-${button.dataset.plan}`).classList.toggle("unchosen", !chosen);
    }
    const div = document.getElementById(`chart-plan-${grouping}`);
    if (div.data) window.Plotly.Plots.resize(div);
  }

  function filterEvents(form) {
    const chosen = new FormData(form);
    const severities = chosen.getAll("severity");
    const source = chosen.get("source");
    const words = chosen.get("text").trim().toLowerCase();
    let count = 0;
    for (const row of document.querySelectorAll("#event-table tbody tr")) {
      const fits = severities.includes(row.dataset.severity)
        && (!source || row.dataset.source === source)
        && (!words || row.textContent.toLowerCase().includes(words));
      row.hidden = !fits;
      count += fits ? 1 : 0;
    }
    document.getElementById("event-count").textContent = `${count} event${count === 1 ? "" : "s"}`;
  }

  function prepareEvents() {
    const form = document.getElementById("event-filter");
    if (!form) return;
    form.addEventListener("input", () => filterEvents(form));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  // Boxes that scroll sideways get a hint that they do.
  function hintScrolling() {
    const boxes = new ResizeObserver((changes) => {
      for (const { target } of changes) {
        const box = target.closest(".scroll, .chart-scroll");
        box.classList.toggle("overflows", box.scrollWidth > box.clientWidth + 1);
      }
    });
    for (const box of document.querySelectorAll(".scroll, .chart-scroll")) {
      boxes.observe(box);
      boxes.observe(box.firstElementChild);
    }
  }

  function fitPaper() {
    for (const details of document.querySelectorAll("details.printed:not([open])")) {
      details.open = true;
      unfolded.push(details);
    }
    for (const chart of charts) {
      const small = chart.div.closest(".small-charts") !== null;
      const size = { width: small ? PRINT_WIDTH_PX / 2 - 10 : PRINT_WIDTH_PX, height: Math.min(chart.height, PRINT_HEIGHTS_PX[chart.id] ?? PRINT_HEIGHT_PX) };
      chart.div.style.height = `${size.height}px`;
      window.Plotly.relayout(chart.div, size);
    }
  }

  function fitScreen() {
    for (const details of unfolded.splice(0)) details.open = false;
    for (const chart of charts) {
      chart.div.style.height = `${chart.height}px`;
      window.Plotly.relayout(chart.div, { width: null, height: chart.height, autosize: true });
    }
  }

  prepareEvents();
  hintScrolling();
  for (const button of document.querySelectorAll("button[data-plan]")) {
    button.addEventListener("click", () => choosePlan(button.dataset.plan));
  }
  document.getElementById("whole").addEventListener("click", () => show(linked()[0].whole));
  window.addEventListener("beforeprint", fitPaper);
  window.addEventListener("afterprint", fitScreen);
  for (const source of document.querySelectorAll("script[data-chart]")) await draw(source);
  choosePlan("module");
  document.documentElement.dataset.ready = "yes";
})();
