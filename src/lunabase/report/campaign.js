// Draws the charts of a campaign's page from the JSON beside them.
(async () => {
  "use strict";
  const config = { responsive: true, displaylogo: false, displayModeBar: "hover", modeBarButtons: [["toImage"], ["resetScale2d"]] };
  for (const source of document.querySelectorAll("script[data-chart]")) {
    const { data, layout } = JSON.parse(source.textContent);
    await window.Plotly.newPlot(`chart-${source.dataset.chart}`, data, layout, config);
  }
  document.documentElement.dataset.drawn = "yes";
})();
