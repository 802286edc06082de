// Draws every figure[data-chart] from the rows of its own table.
(() => {
  // A canvas needs the colour that the theme makes of the variable.
  const colour = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const draw = (figure) => {
    const rows = [...figure.querySelectorAll("tbody tr")];
    const canvas = figure.querySelector(".chart-canvas");
    canvas.replaceChildren();
    const axis = { stroke: colour("--text-soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const language = document.documentElement.lang;
    const compact = new Intl.NumberFormat(language, { notation: "compact" });
    return new uPlot(
      {
        width: canvas.clientWidth,
        height: 180,
        cursor: { y: false },
        legend: { show: false },
        axes: [axis, { ...axis, values: (_plot, ticks) => ticks.map((tick) => compact.format(tick)) }],
        series: [{}, { stroke: colour("--accent"), width: 2, fill: colour("--accent-wash"), points: { show: rows.length < 40 } }],
        fmtDate: () => (date) => new Intl.DateTimeFormat(language, { day: "2-digit", month: "2-digit" }).format(date),
      },
      [rows.map((row) => Number(row.dataset.x)), rows.map((row) => Number(row.dataset.y))],
      canvas,
    );
  };
  const charts = new Map();
  const drawNew = () => document.querySelectorAll("figure[data-chart]").forEach((figure) => {
    if (!charts.has(figure)) charts.set(figure, draw(figure));
  });
  const forget = (wanted) => charts.forEach((chart, figure) => {
    if (wanted(figure)) {
      chart.destroy();
      charts.delete(figure);
    }
  });
  drawNew();
  document.addEventListener("htmx:load", () => {
    forget((figure) => !figure.isConnected);
    drawNew();
  });
  document.addEventListener("themechange", () => {
    forget(() => true);
    drawNew();
  });
  addEventListener("resize", () => charts.forEach((chart, figure) => {
    chart.setSize({ width: figure.querySelector(".chart-canvas").clientWidth, height: 180 });
  }));
})();
