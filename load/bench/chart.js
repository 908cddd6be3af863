// Bars in a row, as SVG.

const LABEL_WIDTH = 210;
const BAR_WIDTH = 430;
const VALUE_WIDTH = 70;
const ROW = 24;
const HEAD = 56;

/**
 * @param {{
 *   title: string, better: string,
 *   bars: readonly { label: string, value: number, goal: number | undefined }[],
 * }} chart
 */
export function barsOf({ title, better, bars }) {
  const shown = bars.filter(({ value }) => Number.isFinite(value));
  const most = Math.max(1, ...shown.flatMap(({ value, goal = 0 }) => [value, goal]));
  const x = (value) => LABEL_WIDTH + (value / most) * BAR_WIDTH;
  const [width, height] = [LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH, HEAD + ROW * shown.length + 10];
  const rows = shown.map(({ label, value, goal }, index) => {
    const y = HEAD + ROW * index;
    const mark = goal === undefined ? '' : lineAt(x(goal), y, '#c2410c');
    return (
      `<text x="${LABEL_WIDTH - 8}" y="${y + 15}" text-anchor="end">${label}</text>` +
      `<rect x="${LABEL_WIDTH}" y="${y + 3}" width="${(x(value) - LABEL_WIDTH).toFixed(1)}" ` +
      `height="${ROW - 8}" fill="#2563eb"/>${mark}` +
      `<text x="${(x(value) + 6).toFixed(1)}" y="${y + 15}">${value.toFixed(2)}×</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">` +
    `<rect width="${width}" height="${height}" fill="#fff"/>` +
    `<text x="10" y="20" font-size="15">${title}</text><text x="10" y="40">${better}</text>` +
    `<line x1="${x(1)}" y1="${HEAD - 6}" x2="${x(1)}" y2="${height - 8}" stroke="#94a3b8" ` +
    `stroke-dasharray="3 3"/>${rows.join('')}</svg>\n`
  );
}

const lineAt = (x, y, colour) =>
  `<line x1="${x.toFixed(1)}" y1="${y}" x2="${x.toFixed(1)}" y2="${y + ROW - 2}" ` +
  `stroke="${colour}" stroke-width="3"/>`;
