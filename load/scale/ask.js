// Asks both sides in turn for what grows with a repository.
import { Client } from './client.js';
import { measured } from './measured.js';
import { logQuestions, tombstoneQuestions, treeQuestions } from './questions.js';

/**
 * Returns a row a question, `{ question, ours, peer }`, with seconds, CPU and memory of each.
 *
 * @param {Record<string, import('../compare/sides.js').Side>} sides
 * @param {{ scale: string, sizes: string, tombstones: string, commits: string }} options  lists of
 *   counts; of `scale` what is asked
 * @param {(rows: readonly object[]) => void} onRows  called after each group of questions
 */
export async function askScale(sides, options, onRows = () => {}) {
  const rows = [];
  for (const questions of groupsOf(options)) {
    const of = {};
    for (const [name, side] of Object.entries(sides)) {
      const client = new Client(side);
      const repository = await client.newRepository();
      for (const { question, ask, isMeasured } of questions) {
        const figures = await measured(side.pids, () => ask(client, repository));
        console.error(`${name}: ${question}: ${JSON.stringify(figures)}`);
        if (isMeasured) (of[question] ??= {})[name] = figures;
      }
      client.close();
    }
    rows.push(...Object.entries(of).map(([question, figures]) => ({ question, ...figures })));
    onRows(rows);
  }
  return rows;
}

function groupsOf({ scale, sizes, tombstones, commits }) {
  const wanted = scale.split(',');
  const numbers = (text) => text.split(',').map(Number);
  return [
    ...(wanted.includes('tree') ? numbers(sizes).map(treeQuestions) : []),
    ...(wanted.includes('tombstones') ? numbers(tombstones).map(tombstoneQuestions) : []),
    ...(wanted.includes('log') ? numbers(commits).map(logQuestions) : []),
  ];
}
