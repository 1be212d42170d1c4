// Style sheet of report.html. Colours of states and verdicts are Okabe and Ito's set, which people
// with any of the common colour blindnesses can tell apart; for text they are darkened (light page)
// or lightened (dark page) to a contrast of at least 4.5:1. No meaning is in colour alone.

#include "harness/report/style.h"

namespace lab {

const char* const kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0;
  --ran: #009e73; --ready: #e69f00; --waited: #b9d7ea; --emit: #d55e00;
  --nmi: #d55e00; --other: #56a5d8;
  --good: #00664b; --bad: #a63c00; --none: #6b5200;
  --good-bg: #e0f3ec; --bad-bg: #fbe6da; --none-bg: #f7efd5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1d2127; --ink: #e8eaed; --soft: #a3abb5; --line: #353b44;
    --ran: #0fae82; --ready: #e69f00; --waited: #2f5674; --emit: #ff7f2a;
    --nmi: #ff7f2a; --other: #56b4e9;
    --good: #5fd9b4; --bad: #ff9d66; --none: #f0cf65;
    --good-bg: #12342b; --bad-bg: #40220f; --none-bg: #38300f;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 20px 24px 48px; background: var(--paper);
  color: var(--ink); font: 15px/1.45 system-ui, "Segoe UI", "Liberation Sans", sans-serif; }
h1 { font-size: 24px; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 17px; margin: 30px 0 10px; }
p { margin: 6px 0; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 2px; }
code { font: 13px ui-monospace, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; }
.sum { margin-left: auto; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 14px; }
th { text-align: left; font-weight: 600; font-size: 13px; color: var(--soft); }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.name { white-space: normal; overflow-wrap: anywhere; min-width: 260px; }
td.why { white-space: normal; min-width: 260px; color: var(--soft); font-size: 13px; }
.badge { display: inline-block; min-width: 62px; padding: 1px 8px; border-radius: 10px;
  font-weight: 600; font-size: 13px; text-align: center; }
.good { color: var(--good); } .bad { color: var(--bad); } .none { color: var(--none); }
.badge.good { background: var(--good-bg); } .badge.bad { background: var(--bad-bg); }
.badge.none { background: var(--none-bg); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 12px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 12px 6px; }
.card-head { display: flex; justify-content: space-between; align-items: center; gap: 8px;
  font-weight: 600; font-size: 12.5px; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 10px system-ui, "Liberation Sans", sans-serif; fill: var(--soft); }
svg.threads text { font-size: 11px; }
.tick { stroke: var(--soft); fill: none; } .grid { stroke: var(--line); fill: none; }
.limit { stroke: var(--soft); stroke-dasharray: 2 3; fill: none; }
rect.nmi, .key.nmi { fill: var(--nmi); background: var(--nmi); }
rect.other, .key.other { fill: var(--other); background: var(--other); }
circle.full { fill: var(--soft); stroke: var(--soft); }
circle.hollow { fill: var(--card); stroke: var(--soft); stroke-width: 2; }
.ran { fill: var(--ran); background: var(--ran); }
.ready { fill: var(--ready); background: var(--ready); }
.waited { fill: var(--waited); background: var(--waited); }
.emit { fill: var(--emit); background: var(--emit); }
.stall { fill: var(--emit); opacity: .10; }
.stall-edge { stroke: var(--emit); fill: none; stroke-dasharray: 4 3; }
svg text.stall-text { fill: var(--bad); font-weight: 600; }
.keys { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--soft);
  margin: 2px 0 10px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 6px;
  vertical-align: -1px; }
details { border-top: 1px solid var(--line); padding: 8px 0; }
summary { cursor: pointer; font-weight: 600; }
details ul { margin: 6px 0; padding-left: 20px; color: var(--soft); font-size: 14px; }
h3 { font-size: 15px; margin: 18px 0 6px; }
.small { font-size: 12px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px;
  margin: 12px 0 6px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 14px; font-size: 14px; color: var(--soft); }
.tile .figure { font-size: 22px; font-weight: 650; color: var(--ink); line-height: 1.3; }
.tile.good .figure { color: var(--good); } .tile.bad .figure { color: var(--bad); }
.tile.none .figure { color: var(--none); }
.tile.bad { border-color: var(--bad); }
ul.changes { margin: 4px 0; padding-left: 20px; }
ul.changes li { margin: 4px 0; overflow-wrap: anywhere; }
.badge.known { color: var(--none); background: var(--none-bg); }
table.matrix .badge { text-align: left; }
svg.strips { width: auto; max-width: none; }
svg.strips text { font-size: 12px; }
.square text { font-size: 11px; font-weight: 600; }
.square.good rect, .square-good { fill: var(--good-bg); background: var(--good-bg); }
.square.bad rect, .square-bad { fill: var(--bad); background: var(--bad); }
.square.known rect, .square-known { fill: var(--none-bg); background: var(--none-bg);
  stroke: var(--none); border: 1px solid var(--none); }
.square.none rect, .square-none { fill: none; stroke: var(--line); border: 1px solid var(--line); }
svg .square.good text { fill: var(--good); } svg .square.bad text { fill: var(--paper); }
svg .square.known text { fill: var(--none); }
table.bars th.group { color: var(--ink); font-size: 14px; padding-top: 14px; }
table.bars td.bar { width: 344px; } svg.bar { width: 324px; }
.track { fill: var(--line); } .range { fill: var(--other); } .point { fill: var(--ink); }
.past { fill: var(--soft); fill-opacity: .55; } .key.past { background: var(--soft); }
.key.range { background: var(--other); } .key.point { background: var(--ink); }
@media print { details > * { display: block; } }
)css";

}  // namespace lab
