import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { DomainError } from '../../src/domain/errors.js';
import type {
  BranchId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
} from '../../src/domain/model.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { utf8 } from '../../src/shared/bytes.js';
import { nodeOn, type TestMoraine } from '../support/moraine.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { SeededRandom } from '../support/seeded-random.js';
import { seed } from '../support/seed.js';

const ROUNDS = 24;
const WRITERS = 16;
const PLAIN_WRITERS = 64;
const lake = 'lake' as RepositoryId;
const main = 'main' as BranchId;
const forced = { isForced: false };
const words = { message: 'm', metadata: [], isForced: false };
let database: TestDatabase;
let folder: string;
let nodes: readonly [TestMoraine, TestMoraine];

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'moraine-truth-'));
  const { connection } = database;
  nodes = [await nodeOn({ connection, folder }), await nodeOn({ connection, folder })];
  const wish = {
    name: lake,
    namespace: 'local://lake' as StorageNamespace,
    defaultBranch: main,
    isReadOnly: false,
    isBare: false,
  };
  await nodes[0].execute(new CreateRepository(wish, nodes[0].newRequest()));
}, 60_000);
afterAll(async () => {
  for (const node of nodes) await node.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}

interface Put {
  readonly branch: BranchId;
  readonly path: string;
  readonly body: string;
  readonly isConditional: boolean;
}

/** Returns the checksum of what was stored, or why nothing was. */
async function put(node: TestMoraine, { branch, path, body, isConditional }: Put): Promise<string> {
  const upload = {
    path: path as ObjectPath,
    body: bodyOf(body),
    contentType: '',
    metadata: [],
    ...(isConditional && { condition: { kind: 'absent' } as const }),
    ...forced,
  };
  return codeOf(async () => {
    const command = new UploadObject(lake, branch, upload, node.newRequest());
    return (await node.execute(command)).entry.checksum;
  });
}

const commit = (node: TestMoraine, branch: BranchId) =>
  codeOf(async () => {
    const wish = { ...words, dateMs: undefined, allowsEmpty: false };
    await node.execute(new CommitBranch(lake, branch, wish, node.newRequest()));
    return 'committed';
  });

const merge = (node: TestMoraine, sourceRef: BranchId) =>
  codeOf(async () => {
    const wish = { ...words, strategy: 'default', isSquash: false, allowsEmpty: true } as const;
    const command = new MergeIntoBranch(lake, main, { ...wish, sourceRef }, node.newRequest());
    await node.execute(command);
    return 'merged';
  });

async function codeOf(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

const shown = async (path: string): Promise<string> => {
  const { entry } = await nodes[1].ask(new StatObject(lake, main, path as ObjectPath));
  return entry.checksum;
};

/** A branch beside main that has an object of this name already, committed. */
async function sideWith(
  path: string,
  round: number,
): Promise<{ side: BranchId; checksum: string }> {
  const side = `side-${round}` as BranchId;
  const wish = { branch: side, sourceRef: 'main', isHidden: false, ...forced };
  await nodes[0].execute(new CreateBranch(lake, wish, nodes[0].newRequest()));
  const body = `merged ${round}`;
  const checksum = await put(nodes[0], { branch: side, path, body, isConditional: false });
  expect(await commit(nodes[0], side)).toBe('committed');
  return { side, checksum };
}

describe(`many who each want to be the first, on two nodes (SEED=${seed})`, () => {
  const random = new SeededRandom(seed);
  let mergedFirst = 0;
  let writtenFirst = 0;

  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'are told the truth beside commits and merges, round %d',
    async (round) => {
      const path = `name-${round}`;
      await commit(nodes[0], main);
      const { side, checksum: merged } = await sideWith(path, round);
      const isCrowded = round % 4 === 3;
      const nodeOf = (at: number) => nodes[at % 2 === 0 ? 0 : 1];
      const after = async <Result>(work: () => Promise<Result>): Promise<Result> => {
        for (let turns = random.below(30); turns > 0; turns--) {
          await new Promise((resolve) => void setImmediate(resolve));
        }
        return work();
      };
      const puts = Array.from({ length: WRITERS }, (_, at) =>
        after(() =>
          put(nodeOf(at), { branch: main, path, body: `${round} ${at}`, isConditional: true }),
        ),
      );
      const others = Array.from({ length: isCrowded ? PLAIN_WRITERS : 0 }, (_, at) => {
        const beside = { path: `plain-${round}-${at}`, body: 'x', isConditional: false };
        return put(nodeOf(at), { branch: main, ...beside });
      });
      const merging = after(() => merge(nodeOf(round), side));
      const committing = after(() => commit(nodeOf(round + 1), main));
      const answers = await Promise.all(puts);
      const isMerged = (await merging) === 'merged';
      await committing;
      for (const other of await Promise.all(others)) expect(other).toMatch(/^[0-9a-f]{32}$/);

      const stored = answers.filter((answer) => answer !== 'path_exists');
      expect(stored.length).toBeLessThanOrEqual(1);
      const [own] = stored;
      // Who was refused was refused for something: one of them, or what was merged before them.
      expect(own !== undefined || isMerged).toBe(true);
      expect(await shown(path)).toBe(own ?? merged);
      if (own === undefined) mergedFirst++;
      else writtenFirst++;
    },
    30_000,
  );

  it('and each name was somebody’s', () => {
    expect(mergedFirst + writtenFirst).toBe(ROUNDS);
    expect(writtenFirst).toBeGreaterThan(0);
  });
});
