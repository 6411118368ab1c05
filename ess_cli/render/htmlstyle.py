"""How the report looks: light and dark, wide and narrow, on a screen and on paper."""

STYLE = """
:root { color-scheme: light dark;
  --ground: #ffffff; --panel: #f5f7f9; --ink: #1a2129; --soft: #55606c; --rule: #d3dae1;
  --ok: #2a7de1; --bad: #b3261e; --bad-ground: #fbe3e1; --retry: #8a5a00; --retry-ground: #ffedc9;
  --wait: #8b97a3; --well: #1a7f4b; --code: #eef1f4; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #11161c; --panel: #1a2129; --ink: #e7ecf1; --soft: #a3afbb; --rule: #36414c;
  --ok: #5aa2f5; --bad: #ff8a80; --bad-ground: #4a1f1c; --retry: #f5bd4f;
  --retry-ground: #45340f; --wait: #7d8995; --well: #56c98a; --code: #232c35; } }
@media print { :root { color-scheme: light;
  --ground: #ffffff; --panel: #ffffff; --ink: #000000; --soft: #444444; --rule: #b5bcc4;
  --ok: #2a7de1; --bad: #b3261e; --bad-ground: #fbe3e1; --retry: #8a5a00;
  --retry-ground: #ffedc9; --wait: #8b97a3; --well: #1a7f4b; --code: #ffffff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, header, footer { max-width: 60rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h3, p, pre, dd, caption { overflow: hidden; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: 1.25rem;
  border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
p { margin: .35rem 0 .75rem; max-width: 46rem; }
.soft, figcaption, .legend, footer { color: var(--soft); font-size: .9rem; }
bdi, code, td, th, dd { overflow-wrap: anywhere; }
.tight { margin: .2rem 0 0; }
.verdict { display: flex; gap: 1rem; align-items: center; margin: 1.25rem 0; padding: 1rem 1.25rem;
  background: var(--panel); border: 1px solid var(--rule); border-left-width: .5rem;
  border-radius: .4rem; }
.verdict svg { flex: none; width: 2.5rem; height: 2.5rem; }
.verdict strong { display: block; font-size: 1.25rem; line-height: 1.3; }
.verdict p { margin: .15rem 0 0; }
.verdict.failing { border-left-color: var(--bad); }
.verdict.watch { border-left-color: var(--retry); }
.verdict.well { border-left-color: var(--well); }
.failing .shape { fill: var(--bad); } .watch .shape { fill: var(--retry); }
.well .shape { fill: var(--well); } .nothing .shape { fill: var(--wait); }
.sign { stroke: var(--ground); stroke-width: 3; fill: none; stroke-linecap: round; }
.cards { display: grid; grid-template-columns: repeat(3, 1fr); gap: .75rem;
  list-style: none; margin: 1rem 0; padding: 0; }
.cards li { border: 1px solid var(--rule); border-radius: .4rem; padding: .75rem 1rem;
  background: var(--panel); }
.cards b { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.cards span { color: var(--soft); font-size: .85rem; line-height: 1.35; display: block; }
svg { display: block; width: 100%; height: auto; }
svg.patterns { position: absolute; width: 0; height: 0; }
figure { margin: 1rem 0 1.5rem; }
text { fill: var(--soft); font-size: 12px; } .end { text-anchor: end; }
.ok { fill: var(--ok); } .bad { fill: url(#hatch); stroke: var(--bad); stroke-width: 1; }
.wait { fill: var(--ground); stroke: var(--wait); stroke-width: 1.5; }
.retry { fill: url(#dots); stroke: var(--retry); stroke-width: 1; }
.other { fill: var(--panel); stroke: var(--ink); stroke-dasharray: 3 3; }
.hatch-ground { fill: var(--bad-ground); } .hatch-line { stroke: var(--bad); stroke-width: 2; }
.dots-ground { fill: var(--retry-ground); } .dots-dot { fill: var(--retry); }
.grid { stroke: var(--rule); stroke-dasharray: 2 3; } .base { stroke: var(--soft); }
.line { fill: none; stroke-width: 2; } .line.median { stroke: var(--ok); }
.line.p95 { stroke: var(--retry); stroke-dasharray: 5 4; }
.mark { stroke: var(--ground); stroke-width: 1; }
.mark.median { fill: var(--ok); } .mark.p95 { fill: var(--retry); }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; list-style: none; margin: .5rem 0;
  padding: 0; }
.legend svg { display: inline-block; width: 1.25rem; height: .9rem; margin-right: .45rem;
  vertical-align: -.1rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .95rem;
  margin: .5rem 0; }
caption { text-align: left; color: var(--soft); font-size: .9rem; padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0;
  border-bottom: 1px solid var(--rule); font-weight: inherit; overflow: hidden; }
.c8 { width: 8%; } .c9 { width: 9%; } .c10 { width: 10%; } .c18 { width: 18%; }
.c24 { width: 24%; }
tbody th { font-weight: 600; }
tbody th small { display: block; font-weight: 400; color: var(--soft); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th, thead th.n { color: var(--soft); font-size: .85rem; vertical-align: bottom;
  white-space: normal; }
small { font-size: .85rem; } td small { display: block; color: var(--soft); }
td .answer { display: block; }
ol.steps { padding-left: 1.4rem; } ol.steps > li { margin-bottom: 1.5rem; padding-left: .25rem; }
ol.steps h3 { margin: 0; }
pre { margin: .2rem 0 .6rem; padding: .55rem .75rem; background: var(--code); border-radius: .3rem;
  border: 1px solid var(--rule); white-space: pre-wrap; overflow-wrap: anywhere;
  font: .85rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .9em; }
pre code { font-size: 1em; } .word { display: inline-block; max-width: 100%; }
dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .35rem 1.25rem; }
dt { color: var(--soft); } dd { margin: 0; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); }
footer { padding-top: 1rem; padding-bottom: 2.5rem; }
@media (max-width: 40rem) {
  main, header, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.25rem; }
  h1 { font-size: 1.45rem; }
  .wide { display: none; } .narrow { display: block; }
  .cards { grid-template-columns: 1fr 1fr; } .cards li { padding: .6rem .75rem; }
  .cards b { font-size: 1.15rem; }
  .verdict { align-items: flex-start; padding: .85rem 1rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; }
  table, tbody, caption { display: block; }
  tr { display: block; border: 1px solid var(--rule); border-radius: .4rem; margin: .6rem 0;
    padding: .5rem .75rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody th, td, td.n { display: flex; gap: .75rem; border: 0; padding: .2rem 0; text-align: left;
    white-space: normal; }
  tbody th { display: block; }
  td > span { min-width: 0; }
  td::before { content: attr(data-label); flex: 0 0 7.5rem; color: var(--soft);
    font-size: .85rem; }
}
@media print {
  @page { margin: 15mm; }
  body { font-size: 10.5pt; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; }
  .wide { display: block; } .narrow { display: none; }
  figure, tr, li, .verdict, pre { break-inside: avoid; }
  h2, h3, caption, thead { break-after: avoid; }
  tbody tr:first-child { break-before: avoid; }
  summary { display: none; }
}
"""
