import { appendFileSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { Book, type Line, readBook } from './book.js';
import { type Cluster, inDatabase, sharedCluster } from './cluster.js';
import { judge } from './judge.js';
import { Works } from './works.js';

const REPOSITORY = 'judged';
const ANSWERS = 60;

let cluster: Cluster;
let book: string;

beforeAll(async () => {
  cluster = await sharedCluster(1);
  await cluster.nodes[0]?.start();
  const written = new Book(join(cluster.folder, 'book'));
  const around = { nodes: cluster.nodes, faults: [] as string[] };
  const random = new SeededRandom(seed);
  const works = new Works({
    repository: REPOSITORY,
    around,
    book: written,
    random,
    importFolder: cluster.importFolder,
  });
  await works.prepare();
  works.start();
  while (written.count < ANSWERS) await delay(10);
  await works.stop();
  written.close();
  expect(around.faults).toEqual([]);
  while (!(await hasSwept())) await delay(50);
  book = written.path;
}, 120_000);
afterAll(() => cluster.close());

const judged = (of = book): Promise<readonly string[]> => {
  const [node] = cluster.nodes;
  if (!node) throw new Error('there is no node');
  return judge(cluster, { node, repository: REPOSITORY, book: of });
};

/** Streams to which nothing comes any more, whatever the node does meanwhile. */
const SWEPT = `SELECT stream FROM event WHERE type = 'StagedRowsDropped'
  INTERSECT SELECT stream FROM event WHERE type = 'ObjectStaged'`;

const hasSwept = (): Promise<boolean> =>
  inDatabase(cluster.connection(), async (client) => (await client.query(SWEPT)).rows.length > 0);

/** Judges what a change to the database has made of it, and takes the change back. */
async function judgedWith(change: (client: Client) => Promise<unknown>, undo: readonly string[]) {
  await inDatabase(cluster.connection(), change);
  try {
    return await judged();
  } finally {
    await inDatabase(cluster.connection(), async (client) => {
      for (const statement of undo) await client.query(statement);
    });
  }
}

async function judgedWithLine(line: Line): Promise<readonly string[]> {
  const other = `${book}-other`;
  writeFileSync(other, readFileSync(book));
  appendFileSync(other, `${JSON.stringify(line)}\n`);
  return judged(other);
}

const aView = (name: string): string =>
  `SELECT kv_row.ctid AS at, kv_row.* FROM kv_row JOIN kv_slot USING (slot)
    WHERE state = 'active' AND view = '${name}' AND strpos(partition, '@') = 0 LIMIT 1`;

describe(`the judge of crashes (SEED=${seed})`, () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await judged()).toEqual([]);
  });

  it('misses a write that was acknowledged', async () => {
    const line = { kind: 'put', branch: 'main', path: 'never', md5: 'of nothing' } as const;
    expect(await judgedWithLine(line)).toEqual([
      'main: never lists null, and clients were told of nothing',
    ]);
  });

  it('misses what was overwritten by an older value', async () => {
    const put = readBook(book).findLast((line) => line.kind === 'put' && line.branch === 'main');
    expect(put).toBeDefined();
    const wrong = await judgedWithLine({ ...(put as Line & { kind: 'put' }), md5: 'a newer one' });
    expect(wrong).toEqual([expect.stringContaining('clients were told a newer one')]);
  });

  it('misses a commit, and sees one that was refused', async () => {
    const made = readBook(book).find((line) => line.kind === 'commit' && line.branch === 'main');
    if (made?.kind !== 'commit') throw new Error('nobody has committed');
    const lost = { ...made, id: 'f'.repeat(64), message: 'lost' };
    expect(await judgedWithLine(lost)).toEqual(['main: the commit "lost" is lost']);
    const refused = { kind: 'no commit', branch: 'main', message: made.message } as const;
    expect(await judgedWithLine(refused)).toEqual([
      `main: the commit "${made.message}" was refused, and is there`,
    ]);
  });

  it('sees a write that landed twice', async () => {
    const copied = `INSERT INTO event SELECT -position, stream, 1000000, gen_random_uuid(), at_ms,
      version, false, type, caller, request_id, command_id, key, data FROM event
      WHERE type = 'ObjectStaged' AND stream IN (${SWEPT}) LIMIT 1`;
    const wrong = await judgedWith(
      (client) => client.query(copied),
      ['DELETE FROM event WHERE revision = 1000000'],
    );
    expect(wrong).toContainEqual(expect.stringMatching(/^stored twice: .*, 2 times$/));
    expect(wrong).toContainEqual(expect.stringMatching(/^a gap in the revisions: staging-/));
  });

  it.each(['branches', 'commits', 'repositories', 'requests'])(
    'names the view that a row is missing in: %s',
    async (view) => {
      const wrong = await judgedWith(
        async (client) => {
          await client.query(`CREATE TABLE taken AS ${aView(view)}`);
          await client.query(`DELETE FROM kv_row USING taken
            WHERE kv_row.slot = taken.slot AND kv_row.partition = taken.partition
              AND kv_row.key = taken.key`);
        },
        [
          `INSERT INTO kv_row SELECT slot, partition, key, value, schema, version FROM taken`,
          'DROP TABLE taken',
        ],
      );
      expect(wrong).toContainEqual(expect.stringMatching(`^view ${view}: 1 rows missing`));
    },
  );

  it('names the view in which one byte is another', async () => {
    const flip = `UPDATE kv_row SET value = set_byte(value, 5, get_byte(value, 5) # 1)
      WHERE ctid = (SELECT at FROM (${aView('branches')}) AS row)`;
    const wrong = await judgedWith((client) => client.query(flip), [flip]);
    expect(wrong).toContainEqual(
      expect.stringMatching(/^view branches: 1 rows missing .* 1 too many/),
    );
  });

  it('sees a second open token, and a branch that waits', async () => {
    const wrong = await judgedWith(
      (client) =>
        client.query(`WITH later AS (
            INSERT INTO stream (name)
              SELECT name || '999999' FROM stream WHERE name ^@ 'staging-' LIMIT 1 RETURNING id
          )
          INSERT INTO event SELECT -1, later.id, 0, gen_random_uuid(), at_ms,
            version, false, type, caller, request_id, command_id, key, data FROM event, later
            WHERE type = 'TokenOpened' LIMIT 1`),
      [
        `DELETE FROM event WHERE position = -1`,
        `DELETE FROM stream WHERE NOT EXISTS (SELECT FROM event WHERE event.stream = stream.id)`,
      ],
    );
    expect(wrong).toContainEqual(
      expect.stringMatching(/^an open token that is not the newest of its branch: /),
    );
  });

  it('sees a range that is torn', async () => {
    const [name] = globSync('**/_lakefs/*', { cwd: cluster.objects }).filter((each) =>
      /[0-9a-f]{64}$/.test(each),
    );
    const path = join(cluster.objects, name ?? '');
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length - 1));
    try {
      expect(await judged()).toContainEqual(expect.stringContaining(`file ${name}: `));
    } finally {
      writeFileSync(path, whole);
    }
    expect(await judged()).toEqual([]);
  });
});
