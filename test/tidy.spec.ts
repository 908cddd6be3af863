import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { breachesIn, RULES, unusedExceptions } from './support/tidy/all-rules.js';
import { roomsInDocument } from './support/tidy/architecture-table.js';
import { mayImport, ROOMS } from './support/tidy/rooms.js';
import type { Breach } from './support/tidy/rule.js';
import { readTree } from './support/tidy/tree.js';

const root = process.cwd();
const fixtures = join(root, 'test/fixtures/tidy');

/** One breach in each folder of fixtures: its rule, and the file it is told of. */
const PLANTED: Readonly<Record<string, readonly [rule: string, file: string]>> = {
  'any-type': ['any-type', 'src/domain/loose.ts'],
  'as-unknown-as': ['as-unknown-as', 'src/domain/cast.ts'],
  barrel: ['barrel', 'src/domain/index.ts'],
  'barrel-in-two-steps': ['barrel', 'src/domain/branch.ts'],
  'barrel-of-names': ['barrel', 'src/domain/branch.ts'],
  clock: ['clock', 'src/commands/expire.ts'],
  'clock-by-new-date': ['clock', 'src/commands/expire.ts'],
  'clock-taken-apart': ['clock', 'src/commands/expire.ts'],
  columns: ['columns', 'src/domain/wide-line.ts'],
  'cqrs-part': ['cqrs-part', 'src/commands/publish.ts'],
  'default-export': ['default-export', 'src/domain/model.ts'],
  'default-export-by-name': ['default-export', 'src/domain/model.ts'],
  'domain-async': ['domain-async', 'src/domain/decide.ts'],
  'domain-default-case': ['domain-default-case', 'src/domain/evolve.ts'],
  'domain-promise': ['domain-async', 'src/domain/decide.ts'],
  'driver-room': ['driver-room', 'src/queries/list-tags.ts'],
  environment: ['environment', 'src/app/listen.ts'],
  'environment-import': ['environment', 'src/cli/colour.ts'],
  'environment-taken-apart': ['environment', 'src/event-log/url.ts'],
  'file-lines': ['file-lines', 'src/domain/long.ts'],
  'file-name': ['file-name', 'src/domain/mergeBase.ts'],
  'focused-test': ['focused-test', 'src/domain/focused.spec.ts'],
  'folder-depth': ['folder-depth', 'src/event-log/postgres/schema/old/first.ts'],
  'function-lines': ['function-lines', 'src/domain/long-function.ts'],
  'function-lines-of-a-test': ['function-lines', 'src/domain/long.spec.ts'],
  'import-cycle': ['import-cycle', 'src/domain/first.ts'],
  'import-cycle-of-types': ['import-cycle', 'src/ports/event-log.ts'],
  io: ['io', 'src/committed/read.ts'],
  'io-by-fetch': ['io', 'src/actions/webhook.ts'],
  'io-dynamic': ['io', 'src/queries/read.ts'],
  'io-of-another-file': ['io', 'src/committed/apply.ts'],
  'io-of-threads': ['io', 'src/projections/thread.ts'],
  'nest-inject': ['nest-inject', 'src/commands/inject.ts'],
  'nest-module': ['nest-module', 'src/app/busy.module.ts'],
  'nest-room': ['nest-room', 'src/auth/guard.ts'],
  parameters: ['parameters', 'src/domain/wide.ts'],
  'parameters-in-a-rest': ['parameters', 'src/app/wide.ts'],
  'parameters-of-a-constructor': ['parameters', 'src/commands/wide.ts'],
  'parameters-of-a-port': ['parameters', 'src/ports/wide.ts'],
  'parameters-of-eight-types': ['parameters', 'src/commands/wide.ts'],
  'path-alias': ['path-alias', 'src/domain/model.ts'],
  'path-computed': ['path-alias', 'src/queries/load.ts'],
  process: ['process', 'src/commands/stop.ts'],
  randomness: ['randomness', 'src/domain/dice.ts'],
  'randomness-global': ['randomness', 'src/commands/ids.ts'],
  'randomness-of-a-whole-module': ['randomness', 'src/commands/ids.ts'],
  'randomness-of-crypto': ['randomness', 'src/commands/ids.ts'],
  'room-import': ['room-import', 'src/shared/bytes.ts'],
  'room-import-dynamic': ['room-import', 'src/queries/get-branch.ts'],
  'room-import-inline-type': ['room-import', 'src/ports/clock.ts'],
  'room-import-of-a-port': ['room-import', 'src/api/branches.controller.ts'],
  'room-import-of-a-type': ['room-import', 'src/domain/branch/branch.state.ts'],
  'room-import-of-test-support': ['room-import', 'src/queries/get-tag.ts'],
  'room-import-sibling-adapter': ['room-import', 'src/kv-adapter/memory-kv-store.ts'],
  'skipped-test': ['focused-test', 'test/api/skipped.e2e.spec.ts'],
  'test-tool': ['test-tool', 'src/commands/again.ts'],
  timer: ['timer', 'src/queries/wait.ts'],
  'timer-import': ['timer', 'src/queries/wait.ts'],
  todo: ['todo', 'src/domain/later.ts'],
  'ts-ignore': ['ts-ignore', 'src/domain/silenced.ts'],
  'unknown-room': ['unknown-room', 'src/helpers/things.ts'],
  'unresolved-import': ['unresolved-import', 'src/domain/model.ts'],
};

describe('the rules', () => {
  it.each(Object.entries(PLANTED))('find what is planted in %s', (folder, [rule, file]) => {
    const found = breachesIn(readTree(join(fixtures, folder), root));
    expect(found.map((breach) => [breach.rule, breach.file])).toEqual([[rule, file]]);
  });

  it('find nothing in what only looks like a breach', () => {
    const tree = readTree(join(fixtures, 'clean'), root);
    expect(breachesIn(tree)).toEqual([]);
    expect(tree.files.length).toBeGreaterThan(10);
  });

  it('have each a planted breach, and each plant is looked at', () => {
    const planted = new Set(Object.values(PLANTED).map(([rule]) => rule));
    expect(RULES.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
    expect(readdirSync(fixtures).toSorted()).toEqual([...Object.keys(PLANTED), 'clean'].toSorted());
  });
});

describe('the rooms', () => {
  it('are those of ARCHITECTURE.md', () => {
    const document = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    expect(sorted(roomsInDocument(document))).toEqual(sorted(ROOMS));
  });

  it('import down, never round', () => {
    const rooms = Object.keys(ROOMS);
    const below = (from: string) => rooms.filter((to) => to !== from && mayImport(from, to));
    const reaches = (from: string, met: readonly string[] = []): readonly string[] =>
      below(from).reduce<readonly string[]>(
        (seen, to) => (seen.includes(to) ? seen : reaches(to, [...seen, to])),
        met,
      );
    expect(rooms.filter((room) => reaches(room).includes(room))).toEqual([]);
  });
});

describe('this project', () => {
  const tree = readTree(root);

  it('keeps every rule', () => {
    expect(tree.files.some(({ path }) => path === 'test/tidy.spec.ts')).toBe(true);
    expect(breachesIn(tree).map(told)).toEqual([]);
  });

  it('uses every exception it asked for', () => {
    const unused = unusedExceptions(tree).map(({ rule, file, what }) => `${file} ${rule}: ${what}`);
    expect(unused).toEqual([]);
  });

  it('has one page of architecture that can be read at one sitting', () => {
    const lines = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').split('\n');
    expect(lines.length).toBeLessThanOrEqual(300);
  });
});

const told = ({ rule, file, line, what }: Breach) => `${file}:${line} ${rule}: ${what}`;

const sorted = (rooms: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(rooms)
    .map(([room, may]) => `${room}: ${may.toSorted().join(', ')}`)
    .toSorted();
