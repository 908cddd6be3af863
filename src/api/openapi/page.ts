/** The page at `/docs`: everything comes from this server, and nothing stands in the markup. */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Moraine: the API</title>
<link rel="stylesheet" href="/docs/page.css">
<script src="/docs/page.js" defer></script>
<header>
  <h1 id="title">Moraine</h1>
  <p id="about"></p>
  <p><a href="/openapi.json">openapi.json</a></p>
  <p>
    <label>Access key <input id="key" autocomplete="off" spellcheck="false"></label>
    <label>Secret <input id="secret" type="password" autocomplete="off"></label>
    <label>Find <input id="find" type="search"></label>
  </p>
  <p>Keys stay in this page and are gone with it. What is sent here is done.</p>
</header>
<main id="operations"></main>
<noscript>The same is at <a href="/openapi.json">openapi.json</a>.</noscript>
</html>
`;

export const PAGE_STYLE = `body { font: 15px/1.4 system-ui, sans-serif; }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; }
@media (prefers-color-scheme: dark) { :root { color-scheme: dark; } }
details { border: 1px solid #8884; border-radius: 4px; margin: .3rem 0; padding: .3rem .6rem; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.5rem; }
.get, .head { color: #2a7; } .post { color: #37c; } .put, .patch { color: #a70; }
.delete { color: #c33; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid #8883; padding: .2rem .5rem; vertical-align: top; }
pre { background: #8881; max-height: 24rem; overflow: auto; padding: .5rem; white-space: pre-wrap; }
pre:empty { display: none; }
input { font: inherit; } textarea { font: 13px monospace; width: 100%; box-sizing: border-box; }
`;
