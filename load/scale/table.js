// The figures of both servers side by side, as Markdown.

/** @returns one row a question: seconds, CPU, and memory at the peak above what it was before */
export function tableOf(rows) {
  const head = ['question', 'peer s', 'ours s', 'ratio', 'peer CPU-ms', 'ours CPU-ms', 'ratio'];
  const memory = ['peer peak MB', 'ours peak MB', 'ours above idle'];
  const lines = rows.map(({ question, ours, peer }) => [
    question,
    peer?.seconds ?? '',
    ours?.seconds ?? '',
    ratio(ours?.seconds, peer?.seconds),
    peer?.cpuMs ?? '',
    ours?.cpuMs ?? '',
    ratio(ours?.cpuMs, peer?.cpuMs),
    peer?.peakMb ?? '',
    ours?.peakMb ?? '',
    ours?.peakMb === undefined ? '' : ours.peakMb - ours.idleMb,
  ]);
  const columns = [...head, ...memory];
  return [columns, columns.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** Ours to the peer's; nothing where one of them is not there. */
const ratio = (ours, peer) => (ours && peer ? (ours / peer).toFixed(2) : '');
