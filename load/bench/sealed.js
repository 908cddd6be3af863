// A page of a branch whose writes lie in a hundred sealed tokens, against one whose writes lie in
// one: both on one server, asked in turns.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMsOf } from '../compare/processes.js';
import { Client } from '../scale/client.js';
import { CREDENTIALS, startOurs } from './servers.js';

const TOKENS = 100;
const PAGES_PER_ROUND = 400;
const COMMITTED = 1_000;
/** What the time of a page may be, against that of one token. */
const RATIO_MAX = 1.2;

/** Returns the exit code: 1 when the page of many tokens is too dear. */
export async function sealed({ values, folder, postgres }) {
  const databaseUrl = await postgres.newDatabase('bench_sealed');
  const server = await startOurs({ databaseUrl, folder, number: 1 });
  const client = new Client({ urls: [server.url], env: CREDENTIALS });
  const pids = { server: server.pid, postgres: postgres.pid };
  try {
    const one = await staged(client, () => Promise.resolve());
    const many = await staged(client, (repository) => seal(client, repository));
    // Whoever looks after sealed tokens in the background has had its time, as it would have.
    await wait(Number(values['warm-seconds']) * 1000);
    const rounds = [];
    for (let round = 0; round <= Number(values.rounds); round++) {
      const figures = {
        one: await pages(client, one, pids),
        many: await pages(client, many, pids),
      };
      // The first one warms.
      if (round > 0) rounds.push(figures);
    }
    writeFileSync(join(values.out, 'sealed.json'), JSON.stringify(rounds, null, 1));
    return report(rounds);
  } finally {
    client.close();
    await server.stop();
  }
}

/** Makes a repository with a committed tree, and as many staged objects as there are tokens. */
async function staged(client, after) {
  const repository = await client.newRepository();
  const put = (path) => {
    const body = {
      physical_address: `${client.stagedAddress}/${path}`,
      checksum: 'c',
      size_bytes: 1,
    };
    return client.send('PUT', `${repository}/branches/main/objects?path=${path}`, body, 201);
  };
  await client.each(COMMITTED, (index) => put(`d/${index}`));
  await client.send('POST', `${repository}/branches/main/commits`, { message: 'tree' }, 201);
  await client.send('POST', `${repository}/branches`, { name: 'side', source: 'main' }, 201);
  for (let token = 0; token < TOKENS; token++) {
    await put(`d/${token}-new`);
    await after(repository);
  }
  return repository;
}

/** A merge into a branch that is not clean is refused, and has sealed the branch's token. */
async function seal(client, repository) {
  await client.send('POST', `${repository}/refs/side/merge/main`, { allow_empty: true }, 400);
}

async function pages(client, repository, pids) {
  const before = cpuMsOf(pids);
  const startedMs = performance.now();
  const tookMs = [];
  for (let page = 0; page < PAGES_PER_ROUND; page++) {
    const beganMs = performance.now();
    const path = `${repository}/refs/main/objects/ls?amount=100&prefix=d/`;
    await client.send('GET', path, undefined, 200);
    tookMs.push(performance.now() - beganMs);
  }
  const after = cpuMsOf(pids);
  return {
    p50Ms: tookMs.toSorted((a, b) => a - b)[PAGES_PER_ROUND / 2],
    perPageMs: (performance.now() - startedMs) / PAGES_PER_ROUND,
    serverCpuMs: (after.server - before.server) / PAGES_PER_ROUND,
    postgresCpuMs: (after.postgres - before.postgres) / PAGES_PER_ROUND,
  };
}

function report(rounds) {
  const median = (side, name) => {
    const sorted = rounds.map((round) => round[side][name]).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  };
  for (const name of ['p50Ms', 'perPageMs', 'serverCpuMs', 'postgresCpuMs']) {
    const [one, many] = [median('one', name), median('many', name)];
    console.log(`${name}: ${one.toFixed(3)} of one token, ${many.toFixed(3)} of ${TOKENS}`);
  }
  const ratio = median('many', 'p50Ms') / median('one', 'p50Ms');
  const isFine = ratio <= RATIO_MAX;
  console.log(
    `${isFine ? 'ok  ' : 'FAIL'} a page of ${TOKENS} tokens takes ${ratio.toFixed(2)} of one`,
  );
  console.log(`${isFine ? 1 : 0} passed, ${isFine ? 0 : 1} failed`);
  return isFine ? 0 : 1;
}
