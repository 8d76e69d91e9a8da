/** The live page's body: what stands before any number has come. The script (`page/`) fills it in by these ids. */
export const MARKUP = `<header>
<div class="name"><h1>gatebench live <small id="title"></small></h1><p id="state" class="state waiting"><i aria-hidden="true"></i><span>connecting</span></p></div>
<p id="announcement" class="hidden" role="status"></p>
<p id="trial" class="trial" hidden></p>
<div class="controls">
<fieldset id="window"><legend>Time shown</legend></fieldset>
<fieldset id="quantile" hidden><legend>Latency of arms</legend></fieldset>
<label id="arm-choice" hidden>Arm <select id="arm"></select></label>
<button id="pause" type="button" aria-pressed="false">Pause</button>
</div>
</header>
<main>
<noscript><p>This page draws what it is told once a second, and needs scripts for it. The same figures are at <code>/status</code>.</p></noscript>
<div id="report" class="ended" hidden></div>
<section aria-labelledby="now-title"><h2 id="now-title" class="hidden">Now</h2><dl id="now" class="tiles"></dl></section>
<section id="arms" aria-labelledby="arms-title" hidden>
<h2 id="arms-title">Arms</h2>
<p class="muted">The measured turns of all valid trials so far. The report judges them; this table does not.</p>
<div class="scroll" role="region" aria-label="Table of arms" tabindex="0"><table><thead></thead><tbody></tbody></table></div>
</section>
<section aria-labelledby="charts-title"><h2 id="charts-title" class="hidden">Over time</h2><div id="charts" class="charts"></div></section>
<section id="pool" aria-labelledby="pool-title" hidden>
<h2 id="pool-title">Threads <small id="pool-words"></small></h2>
<ul id="units" class="units"></ul>
</section>
<section aria-labelledby="turns-title">
<h2 id="turns-title">Turns worth a look</h2>
<p class="muted">The slowest of the last ten minutes, and the latest that did not complete. Each opens its trace.</p>
<p id="no-turns">None has ended yet.</p>
<div id="turns" class="scroll" role="region" aria-label="Table of turns" tabindex="0" hidden><table><thead></thead><tbody></tbody></table></div>
</section>
</main>
<dialog id="trace" aria-labelledby="trace-title"><div class="trace"></div></dialog>`;
