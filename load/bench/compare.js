// All questions to both, and the report.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { askAll, questionsOf } from '../compare/ask.js';
import { machine } from '../compare/machine.js';
import { QUESTIONS } from '../compare/questions.js';
import { newSide } from '../compare/sides.js';
import { cellsOf } from '../compare/table.js';
import { askScale } from '../scale/ask.js';
import { writeReport } from './report.js';
import { CREDENTIALS, startOurs, startPeer, versionOf } from './servers.js';

const scripts = join(import.meta.dirname, '..');
/** What a node does for itself when it has come up, of either side, is not what is asked. */
const COME_UP_MS = 20_000;

/** Runs the comparison and returns the exit code: 1 when ours failed an operation. */
export async function compare({ values, folder, postgres }) {
  const starts = await startersOf(values, folder, postgres);
  const nodes = Object.fromEntries(Object.keys(starts).map((name) => [name, []]));
  const grow = async (count) => {
    for (const [name, startNode] of Object.entries(starts)) {
      while (nodes[name].length < count) nodes[name].push(await startNode(nodes[name].length + 1));
    }
    await wait(COME_UP_MS);
    return sidesOf(nodes, postgres.pid);
  };
  const record = {
    at: new Date().toISOString(),
    options: optionsToldOf(values),
    machine,
    questions: [],
  };
  try {
    const single = await grow(1);
    record.postgres = postgres.version;
    record.servers = await aboutOf(nodes);
    const asked = questionsOf(QUESTIONS, values.only);
    const ask = (questions, sides) => {
      const before = record.questions;
      return askAll({
        ...optionsOf(values),
        questions,
        sides,
        onRow: (rows) => {
          console.error(cellsOf(rows.at(-1)).join(' | '));
          record.questions = [...before, ...rows];
          save(values.out, record);
        },
      });
    };
    await ask(
      asked.filter(({ nodes: wanted = 1 }) => wanted === 1),
      single,
    );
    if (values.scale !== 'none') {
      record.scale = await askScale(single, values);
      save(values.out, record);
    }
    const wide = asked.filter(({ nodes: wanted = 1 }) => wanted > 1);
    // Idle nodes take CPU too, so they come last.
    if (wide.length > 0) await ask(wide, await grow(Math.max(...wide.map((one) => one.nodes))));
  } finally {
    await Promise.all(Object.values(nodes).flatMap((all) => all.map((node) => node.stop())));
  }
  writeReport(values.out, record);
  const failures = record.questions.flatMap(({ rounds }) => rounds.ours.map((one) => one.failed));
  return failures.some((count) => count > 0) ? 1 : 0;
}

async function startersOf(values, folder, postgres) {
  const ourDatabase = await postgres.newDatabase('bench_ours');
  const starts = {
    ours: (number) => startOurs({ databaseUrl: ourDatabase, folder, number }),
  };
  if (values.peer === undefined) return starts;
  const peerDatabase = await postgres.newDatabase('bench_peer');
  const options = { binary: values.peer, databaseUrl: peerDatabase, folder };
  starts.peer = (number) => startPeer({ ...options, number });
  return starts;
}

const sidesOf = (nodes, postgresPid) =>
  Object.fromEntries(
    Object.entries(nodes).map(([name, all]) => [
      name,
      newSide({
        urls: all.map(({ url }) => url),
        serverPids: all.map(({ pid }) => pid),
        postgresPid,
        env: CREDENTIALS,
      }),
    ]),
  );

const optionsOf = (values) => ({
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmSeconds: Number(values['warm-seconds']),
  k6: values.k6,
  folder: scripts,
});

/** Neither where things lie nor what may hold a password. */
const optionsToldOf = (values) =>
  Object.fromEntries(
    Object.entries(values).filter(([name]) => !['peer', 'postgres', 'k6', 'out'].includes(name)),
  );

async function aboutOf(nodes) {
  const about = {};
  for (const [name, [{ url, command }]] of Object.entries(nodes)) {
    const version = await versionOf(url);
    about[name] = name === 'ours' ? { version: ourVersion(), command } : { version, command };
  }
  return about;
}

function ourVersion() {
  const { version } = JSON.parse(readFileSync(join(scripts, '..', 'package.json'), 'utf8'));
  const told = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' });
  return told.status === 0 ? `${version} at ${told.stdout.trim()}` : version;
}

function save(out, record) {
  writeFileSync(join(out, 'compare.json'), JSON.stringify(record, null, 1));
}
