// What a deletion costs two running servers, in turns: CPU of server and database for one object,
// deleted by requests of a thousand from eight clients, one by one in the order of paths, and one by
// one anywhere. To learn what something adds to deletions, run a server with it and one without.
//
//   node test/bench/delete-cost.js --url … --pid … --other-url … --other-pid … [--objects 20000]
//     [--one-by-one 4000] [--rounds 5]
//
// The keys are those of load/README.md; a server's tree of processes counts whole.
import { parseArgs } from 'node:util';
import { Client } from '../../load/scale/client.js';
import { cpuMsOf } from '../../load/compare/processes.js';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    pid: { type: 'string' },
    'other-url': { type: 'string' },
    'other-pid': { type: 'string' },
    objects: { type: 'string', default: '20000' },
    'one-by-one': { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '5' },
  },
});
const PATHS_AT_ONCE = 1_000;
const CLIENTS = 8;
const env = {
  LOAD_ACCESS_KEY_ID: process.env.LOAD_ACCESS_KEY_ID,
  LOAD_SECRET_ACCESS_KEY: process.env.LOAD_SECRET_ACCESS_KEY,
};
const pathOf = (at) => `data/part-${Math.floor(at / 1000)}/object-${String(at).padStart(8, '0')}`;
/** All of 0 … count − 1, in no order. */
const scattered = (count) => Array.from({ length: count }, (_, at) => (at * 7_919) % count);

const ways = {
  'a thousand at once, eight clients': {
    count: Number(options.objects),
    remove: (client, repository, count) =>
      side(count / PATHS_AT_ONCE, async (call) => {
        const paths = Array.from({ length: PATHS_AT_ONCE }, (_, n) =>
          pathOf(call * PATHS_AT_ONCE + n),
        );
        const { errors } = await client.send(
          'POST',
          `${repository}/branches/main/objects/delete`,
          { paths },
          200,
        );
        if (errors.length > 0) throw new Error(JSON.stringify(errors[0]));
      }),
  },
  'one by one in order, eight clients': {
    count: Number(options['one-by-one']),
    remove: (client, repository, count) =>
      side(count, (at) => removeOne(client, repository, pathOf(at))),
  },
  'one by one anywhere, eight clients': {
    count: Number(options['one-by-one']),
    remove: (client, repository, count) => {
      const order = scattered(count);
      return side(count, (at) => removeOne(client, repository, pathOf(order[at])));
    },
  },
};

const removeOne = (client, repository, path) =>
  client.send(
    'DELETE',
    `${repository}/branches/main/objects?path=${encodeURIComponent(path)}`,
    undefined,
    204,
  );

async function side(count, work) {
  let next = 0;
  const client = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function prepared(client, count) {
  const repository = await client.newRepository();
  await client.each(count, (at) =>
    client.send(
      'PUT',
      `${repository}/branches/main/objects?path=${encodeURIComponent(pathOf(at))}`,
      {
        physical_address: `${client.stagedAddress}/${at}`,
        checksum: `of-${at}`,
        size_bytes: 1,
        mtime: 1_700_000_000,
      },
      201,
    ),
  );
  await client.send('POST', `${repository}/branches/main/commits`, { message: 'all' }, 201);
  return repository;
}

const sides = [
  { name: 'this', client: new Client({ urls: [options.url], env }), pid: Number(options.pid) },
  {
    name: 'other',
    client: new Client({ urls: [options['other-url']], env }),
    pid: Number(options['other-pid']),
  },
];
const median = (values) => values.toSorted((a, b) => a - b)[values.length >>> 1];
for (const [way, { count, remove }] of Object.entries(ways)) {
  const figures = { this: [], other: [] };
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const { name, client, pid } of round % 2 === 0 ? sides : sides.toReversed()) {
      const repository = await prepared(client, count);
      const before = cpuMsOf({ server: pid }).server;
      await remove(client, repository, count);
      figures[name].push(((cpuMsOf({ server: pid }).server - before) * 1000) / count);
    }
  }
  const [mine, others] = [median(figures.this), median(figures.other)];
  const ratios = figures.this.map((value, at) => value / figures.other[at]);
  console.log(
    `${way}: ${mine.toFixed(1)} and ${others.toFixed(1)} µs of CPU a deletion; ratio of medians ` +
      `${(mine / others).toFixed(3)}, median of ratios ${median(ratios).toFixed(3)}`,
  );
}
for (const { client } of sides) client.close();
