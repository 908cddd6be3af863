import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { DeleteRepository } from '../../src/commands/repository/delete-repository.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import type {
  BranchId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
  TagId,
} from '../../src/domain/model.js';
import type { EventArchive } from '../../src/ports/event-archive.js';
import { READ_EVENTS_MAX, type EventLog, type RecordedEvent } from '../../src/ports/event-log.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';
import { SeededRandom } from '../support/seeded-random.js';

const REPOSITORIES = 6;
/** Of one chapter of a long history, which lies in memory while it is made. */
const CHAPTER_EVENTS = 100_000;
const main = 'main' as BranchId;
/** Objects of one round, staged side by side on two branches. */
const ROUND_OBJECTS = 800;
/** Of each repository, staged in the end. */
const LEFT_OBJECTS = 50;

/**
 * Makes about so many events by real commands: several repositories with writers on two branches
 * each, deletions, commits, merges and tags; one repository is deleted now and then, and made
 * again.
 */
export async function makeHistory(
  moraine: TestMoraine,
  of: { readonly seed: number; readonly eventCount: number; readonly prefix?: string },
): Promise<void> {
  const { seed, eventCount, prefix = 'r' } = of;
  const random = new SeededRandom(seed);
  const repositories: RepositoryId[] = [];
  for (let index = 0; index < REPOSITORIES; index++) {
    repositories.push(await newRepository(moraine, `${prefix}-${index}`));
  }
  for (let round = 0, made = 0; made < eventCount; round++) {
    const at = random.below(REPOSITORIES);
    const repository = repositories[at] as RepositoryId;
    made += await newRound(moraine, { repository, round, random });
    if (round % 40 === 39) {
      await moraine.execute(
        new DeleteRepository(repository, { isForced: false }, moraine.newRequest()),
      );
      repositories[at] = await newRepository(moraine, `${prefix}-${at}`, round);
    }
    // What nobody reads any more goes, as it does where somebody runs this.
    await moraine.sweep();
  }
  // What is staged and not committed is moved too.
  for (const repository of repositories) {
    for (let index = 0; index < LEFT_OBJECTS; index++) {
      const path = `left-${index}` as ObjectPath;
      await stage(moraine, repository, { branch: main, path, index });
    }
  }
}

/**
 * Makes an archive of about so many events: chapters one behind the other, each with repositories
 * of its own.
 *
 * @returns how many events it has
 */
export async function makeArchive(
  archive: EventArchive,
  of: { readonly seed: number; readonly eventCount: number; readonly partEventsMax: number },
): Promise<number> {
  await archive.begin({ scope: { kind: 'all' }, after: 0 });
  let position = 0;
  for (let chapter = 0; position < of.eventCount; chapter++) {
    const made = await inMemory();
    const eventCount = Math.min(CHAPTER_EVENTS, of.eventCount - position);
    await makeHistory(made, { seed: of.seed + chapter, eventCount, prefix: `r${chapter}` });
    for await (const page of pagesOf(made.adapters.log, of.partEventsMax)) {
      await archive.append(page.map((event) => ({ ...event, position: ++position })));
    }
    await made.close();
  }
  return position;
}

async function* pagesOf(log: EventLog, eventsMax: number): AsyncIterable<RecordedEvent[]> {
  const limit = Math.min(eventsMax, READ_EVENTS_MAX);
  let page: RecordedEvent[] = [];
  for (let after = 0; ;) {
    const events = await log.readAll({ after, limit });
    page.push(...events);
    if (page.length > 0 && (events.length === 0 || page.length + limit > eventsMax)) {
      yield page;
      page = [];
    }
    const last = events.at(-1);
    if (last === undefined) return;
    after = last.position;
  }
}

/** @returns about how many events it made */
async function newRound(
  moraine: TestMoraine,
  of: { repository: RepositoryId; round: number; random: SeededRandom },
): Promise<number> {
  const { repository, round, random } = of;
  const side = `side-${round}` as BranchId;
  const request = () => moraine.newRequest();
  const wish = { branch: side, sourceRef: 'main', isHidden: false, isForced: false };
  await moraine.execute(new CreateBranch(repository, wish, request()));
  const paths = Array.from(
    { length: ROUND_OBJECTS },
    () => `part-${random.below(20)}/object-${random.below(5_000)}` as ObjectPath,
  );
  await Promise.all(
    paths.map((path, index) =>
      stage(moraine, repository, { branch: index % 4 === 0 ? side : main, path, index }),
    ),
  );
  const gone = paths.filter((_, index) => index % 9 === 0);
  await moraine.execute(new UnstageObjects(repository, main, gone, { isForced: false }, request()));
  for (const branch of [main, side]) await commit(moraine, repository, branch);
  await moraine.execute(
    new MergeIntoBranch(
      repository,
      main,
      {
        sourceRef: side,
        message: '',
        metadata: [],
        strategy: 'source-wins',
        isSquash: false,
        allowsEmpty: true,
        isForced: false,
      },
      request(),
    ),
  );
  const tag = { tag: `t-${round}` as TagId, ref: 'main', isForced: false };
  await moraine.execute(new CreateTag(repository, tag, request()));
  if (round % 3 === 0) {
    await moraine.execute(new DeleteBranch(repository, side, { isForced: false }, request()));
  }
  return paths.length + gone.length + 20;
}

async function stage(
  moraine: TestMoraine,
  repository: RepositoryId,
  { branch, path, index }: { branch: BranchId; path: ObjectPath; index: number },
): Promise<void> {
  const object = {
    path,
    physicalAddress: `local:///elsewhere/${path}-${index}`,
    checksum: `${index}`,
    sizeBytes: index,
    modifiedAtMs: undefined,
    contentType: '',
    metadata: index % 10 === 0 ? [['owner', `writer ${index}`] as const] : [],
    isForced: false,
  };
  await moraine.execute(new StageObject(repository, branch, object, moraine.newRequest()));
}

async function commit(
  moraine: TestMoraine,
  repository: RepositoryId,
  branch: BranchId,
): Promise<void> {
  const wish = {
    message: `on ${branch}`,
    metadata: [],
    dateMs: undefined,
    allowsEmpty: true,
    isForced: false,
  };
  await moraine.execute(new CommitBranch(repository, branch, wish, moraine.newRequest()));
}

async function newRepository(moraine: TestMoraine, name: string, life = 0): Promise<RepositoryId> {
  await moraine.execute(
    new CreateRepository(
      {
        name: name as RepositoryId,
        namespace: `local://${name}-${life}` as StorageNamespace,
        defaultBranch: main,
        isReadOnly: false,
        isBare: false,
      },
      moraine.newRequest(),
    ),
  );
  return name as RepositoryId;
}
