// Who called whom, as SVG: each call stands below its caller, as wide as the time it took.

const WIDTH = 1200;
const ROW = 17;
const HEAD = 46;
const MARGIN = 10;
/** Narrower ones could not be seen. */
const CALL_WIDTH_MIN = 0.6;
const LABEL_WIDTH_MIN = 28;
const CHARACTER_WIDTH = 6.1;

/** What is whose: ours, what the system does, and everybody else's by name. */
const COLOURS = [
  [/^system: /, '#fca5a5'],
  [/^node: |^garbage/, '#d4d4d8'],
  [/^pg$/, '#a5b4fc'],
  [/^fastify$/, '#fdba74'],
  [/^nest$/, '#f9a8d4'],
  [/^(api|commands|domain|projections|queries|committed|auth|app|shared)$/, '#86efac'],
  [/^(event-log|kv-adapter|block-adapter|observability)$/, '#5eead4'],
];
const LEGEND = [
  ['#86efac', 'ours: edge, commands, views'],
  ['#5eead4', 'ours: adapters, figures'],
  ['#fca5a5', 'writes to sockets'],
  ['#d4d4d8', 'Node'],
  ['#fdba74', 'Fastify'],
  ['#f9a8d4', 'Nest'],
  ['#a5b4fc', 'pg'],
];

/** @param {import('./tree.js').Call} tree */
export function pictureOf(tree, title) {
  const scale = (WIDTH - 2 * MARGIN) / tree.allUs;
  const boxes = [];
  let depthMax = 0;
  const place = (call, x, depth) => {
    const width = call.allUs * scale;
    if (width < CALL_WIDTH_MIN) return;
    depthMax = Math.max(depthMax, depth);
    boxes.push(boxOf(call, { x, y: HEAD + depth * ROW, width, share: call.allUs / tree.allUs }));
    let at = x;
    for (const below of call.calls) {
      place(below, at, depth + 1);
      at += below.allUs * scale;
    }
  };
  place(tree, MARGIN, 0);
  const height = HEAD + (depthMax + 1) * ROW + MARGIN;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10">` +
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>` +
    `<text x="${MARGIN}" y="18" font-size="14" font-family="sans-serif">${escaped(title)}</text>` +
    `${legend()}${boxes.join('')}</svg>\n`
  );
}

function boxOf({ name, place, room }, { x, y, width, share }) {
  const colour = COLOURS.find(([rooms]) => rooms.test(room))?.[1] ?? '#e7e5e4';
  const told = escaped(`${name} ${place} · ${room} · ${(100 * share).toFixed(1)} %`);
  const shown = escaped(name.slice(0, Math.floor((width - 4) / CHARACTER_WIDTH)));
  const at = `x="${(x + 2).toFixed(1)}" y="${y + 12}"`;
  const label = width < LABEL_WIDTH_MIN ? '' : `<text ${at}>${shown}</text>`;
  return (
    `<g><title>${told}</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" ` +
    `height="${ROW - 1}" fill="${colour}" stroke="#fff" stroke-width="0.3"/>${label}</g>`
  );
}

function legend() {
  const step = (WIDTH - 2 * MARGIN) / LEGEND.length;
  return LEGEND.map(([colour, text], index) => {
    const x = MARGIN + index * step;
    return (
      `<rect x="${x.toFixed(1)}" y="27" width="10" height="10" fill="${colour}"/>` +
      `<text x="${(x + 14).toFixed(1)}" y="36">${text}</text>`
    );
  }).join('');
}

const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
