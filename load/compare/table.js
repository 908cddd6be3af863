// Rounds of one question → the row that is printed.
import { ofServers } from './sides.js';

const HEAD = [
  'question',
  'ok/s',
  'peer ok/s',
  'ratio (goal)',
  'failed',
  'p50/p99 ms',
  'CPU-ms/op: server + Postgres + k6',
  'server + Postgres, of peer (goal)',
  'server MB',
  'cores taken by others',
];

/** Returns the table as Markdown: one row a question. */
export function tableOf(rows) {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cellsOf)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A cell of the peer is empty when there was none: a figure of another day says nothing. */
export function cellsOf({ question, rounds }) {
  const ours = middleOf(rounds.ours);
  const peer = rounds.peer === undefined ? undefined : middleOf(rounds.peer);
  const both = (of) => (peer === undefined ? of(ours) : `${of(ours)}; ${of(peer)}`);
  return [
    question.name,
    spanOf(rounds.ours, ({ rate }) => rate),
    peer === undefined ? '' : spanOf(rounds.peer, ({ rate }) => rate),
    (peer === undefined ? '' : (ours.rate / peer.rate).toFixed(2)) + goal(question.rate),
    both(failuresOf),
    both(({ tookMs }) => `${tookMs.p50.toFixed(1)}/${tookMs.p99.toFixed(1)}`),
    both(({ cpuMs }) => `${ms(cpuMs.server)} + ${ms(cpuMs.postgres)} + ${ms(cpuMs.k6)}`),
    (peer === undefined ? '' : ms(billOf(ours) / billOf(peer))) + goal(question.cpu),
    both(({ residentMb }) => residentMb.toFixed(0)),
    both(({ others }) => ms(others)),
  ];
}

/** Returns the middle of several rounds, figure by figure; what failed is summed up. */
export function middleOf(rounds) {
  const all = rounds.map(roundOf);
  const middle = (of) => median(all.map(of));
  const sum = (of) => all.reduce((total, each) => total + of(each), 0);
  return {
    rate: middle(({ rate }) => rate),
    failed: sum(({ failed }) => failed),
    unchanged: sum(({ unchanged }) => unchanged),
    unfound: sum(({ unfound }) => unfound),
    writes: middle(({ writes }) => writes),
    done: sum(({ done }) => done),
    tookMs: { p50: middle(({ tookMs }) => tookMs.p50), p99: middle(({ tookMs }) => tookMs.p99) },
    others: middle(({ others }) => others),
    residentMb: middle(({ residentMb }) => residentMb),
    cpuMs: Object.fromEntries(
      ['server', 'postgres', 'k6'].map((name) => [name, middle(({ cpuMs }) => cpuMs[name])]),
    ),
  };
}

/** CPU is told for each operation done: a commit under writes has its writes counted too. */
export function roundOf(counted) {
  const { seconds, done, failed, unchanged, written, unfound, tookMs, residentMb } = counted;
  const { machine, postgres, k6 } = counted.cpu;
  const cpu = { server: ofServers(counted.cpu), postgres, k6 };
  const operations = (done + written) / seconds;
  const perOperation = (name) => cpu[name] / operations;
  return {
    rate: done / seconds,
    writes: written / seconds,
    done,
    failed,
    unchanged,
    unfound,
    tookMs,
    others: (machine - cpu.server - cpu.postgres - cpu.k6) / 1000,
    residentMb: ofServers(residentMb),
    cpuMs: {
      server: perOperation('server'),
      postgres: perOperation('postgres'),
      k6: perOperation('k6'),
    },
  };
}

function failuresOf({ failed, unchanged, unfound, writes, done }) {
  const asked = done + failed + unchanged;
  const share = unchanged === 0 ? '' : `, ${Math.round((100 * unchanged) / asked)} % no changes`;
  const written = writes === 0 ? '' : `, ${writes.toFixed(0)} writes/s`;
  const lost = writes === 0 && unfound === 0 ? '' : `, ${unfound} not found`;
  return `${failed}${share}${written}${lost}`;
}

function spanOf(rounds, of) {
  const values = rounds.map((round) => of(roundOf(round)));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${round(median(values))} (${round(least)}–${round(most)})`;
}

/** Returns the CPU-ms of server and Postgres for one operation. */
export const billOf = ({ cpuMs }) => cpuMs.server + cpuMs.postgres;

const goal = (value) => (value === undefined ? '' : ` (${value})`);

const round = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
const ms = (value) => (Number.isNaN(value) ? '–' : value.toFixed(2));

function median(values) {
  const sorted = values.toSorted((left, right) => left - right);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
