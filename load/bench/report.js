// What was measured → Markdown and charts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOf, middleOf, tableOf } from '../compare/table.js';
import { tableOf as scaleTableOf } from '../scale/table.js';
import { barsOf } from './chart.js';

/** Writes `compare.json`, `compare.md`, and where there was a peer `rate.svg` and `cpu.svg`. */
export function writeReport(out, record) {
  const write = (name, text) => writeFileSync(join(out, name), text);
  write('compare.json', JSON.stringify(record, null, 1));
  const { machine, servers, options } = record;
  const hasPeer = servers.peer !== undefined;
  const lines = [
    `# Measured ${record.at.slice(0, 10)}`,
    '',
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryMb} MiB, Linux ${machine.kernel}, ` +
      `Node ${machine.node}; Postgres ${record.postgres}, shared by both; load generator, servers ` +
      'and Postgres on the same cores.',
    `${options.rounds} rounds of ${options.seconds} s in turns, each question warmed ` +
      `${options['warm-seconds']} s.`,
    '',
    ...Object.entries(servers).map(
      ([name, { version, command }]) => `- ${name}: ${version}, \`${command}\``,
    ),
    '',
    tableOf(record.questions),
  ];
  if (hasPeer) {
    lines.push('', '![rates](rate.svg)', '', '![CPU](cpu.svg)');
    write('rate.svg', ratesOf(record.questions));
    write('cpu.svg', billsOf(record.questions));
  }
  if (record.scale) {
    lines.push('', '## What grows with a repository', '', scaleTableOf(record.scale));
  }
  write('compare.md', `${lines.join('\n')}\n`);
}

const ratesOf = (questions) =>
  barsOf({
    title: 'Operations a second, as a multiple of the peer’s',
    better: 'more is better; the mark is the goal',
    bars: questions.map(({ question, rounds }) => ({
      label: question.name,
      value: middleOf(rounds.ours).rate / middleOf(rounds.peer).rate,
      goal: question.rate,
    })),
  });

const billsOf = (questions) =>
  barsOf({
    title: 'CPU of server and Postgres for one operation, as a part of the peer’s',
    better: 'less is better; the mark is the goal',
    bars: questions.map(({ question, rounds }) => ({
      label: question.name,
      value: billOf(middleOf(rounds.ours)) / billOf(middleOf(rounds.peer)),
      goal: question.cpu,
    })),
  });
