/** Returns the rooms that ARCHITECTURE.md's table names, each with what it says may be imported. */
export function roomsInDocument(markdown: string): Readonly<Record<string, readonly string[]>> {
  const rows = markdown
    .split('\n')
    .slice(headerAt(markdown) + 2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const end = rows.findIndex((cells) => cells.length < 4);
  return Object.fromEntries(
    rows
      .slice(0, end < 0 ? rows.length : end)
      .flatMap(([, rooms = '', may = '']) =>
        quoted(rooms).map((room) => [room, may === 'everything' ? ['*'] : quoted(may)]),
      ),
  );
}

/** @throws Error  the document has no such table */
function headerAt(markdown: string): number {
  const at = markdown.split('\n').findIndex((line) => /^\| room +\| may import +\|/.test(line));
  if (at < 0) throw new Error('no table that begins "| room | may import |"');
  return at;
}

const quoted = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
