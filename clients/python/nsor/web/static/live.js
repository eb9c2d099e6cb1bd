// Draws calls a second where a page has a place for it, and asks again every five seconds. The page says the same in a table
// by minute, which is open until the curves are there.
"use strict";
const place = document.querySelector(".live");
const colours = { answered: "#2f7d4f", refused: "#a16207", failed: "#b42318" };
const names = Object.keys(colours);
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Karachi", hour: "2-digit", minute: "2-digit" });
const options = {
  width: place.clientWidth || 900,
  height: 220,
  legend: { live: false },
  // Whole minutes, as the clock writes them: by half ones each would stand there twice.
  axes: [{ incrs: [60, 120, 300, 600], values: (_chart, ticks) => ticks.map((tick) => clock.format(tick * 1000)) }, {}],
  series: [{}, ...names.map((name) => ({ label: place.dataset[name], stroke: colours[name], width: 2, points: { show: false } }))],
};
let chart = null;
async function draw() {
  const answer = await fetch(place.dataset.source);
  if (!answer.ok) return;
  const [times, ...counts] = await answer.json();
  const data = [times, ...counts.map((each) => each.map((count) => count / 10))];
  if (chart === null) {
    chart = new uPlot(options, data, place);
    document.querySelector(".minutes").open = false;
  } else chart.setData(data);
}
draw();
setInterval(draw, 5000);
